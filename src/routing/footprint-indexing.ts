import type { Advertisement } from '../fci/advertisement.ts'
import type { Conjunction, Footprint } from '../fci/footprint.ts'
import { deliveryFootprint, moqFootprint } from '../fci/moq-capability.ts'
import { formatPrefix } from '../fci/prefix.ts'

/** The distinct footprints of one advertisement, as its column of the coverage map lists them. */
export interface FootprintIndexing {
  /** Those of single capabilities first, in document order, then the unions below where no single one equals them. */
  readonly footprints: readonly Footprint[]
  /** By position of the capability in the advertisement: the position of its footprint in `footprints`. */
  readonly ofCapability: readonly number[]
  /** Where the provider says that it serves MoQ; undefined: it nowhere does. */
  readonly moq: number | undefined
  /** Where the provider says that it delivers at all; undefined: it nowhere does. */
  readonly delivery: number | undefined
}

const known = new WeakMap<Advertisement, FootprintIndexing>()

/** Made on the first call for a model object and kept as long as it is. */
export function indexFootprints(advertisement: Advertisement): FootprintIndexing {
  const held = known.get(advertisement)
  if (held !== undefined) return held
  const footprints: Footprint[] = []
  const buckets = new Map<string, number[]>()
  const positionOf = (footprint: Footprint): number => {
    const sketch = sketchOf(footprint)
    const bucket = buckets.get(sketch) ?? []
    const equal = bucket.find((position) => isSame(footprints[position], footprint))
    if (equal !== undefined) return equal
    buckets.set(sketch, [...bucket, footprints.length])
    return footprints.push(footprint) - 1
  }
  const ofCapability = advertisement.capabilities.map(({ footprint }) => positionOf(footprint))
  const moq = moqFootprint(advertisement)
  const delivery = deliveryFootprint(advertisement)
  const indexing: FootprintIndexing = {
    footprints,
    ofCapability,
    moq: moq && positionOf(moq),
    delivery: delivery && positionOf(delivery),
  }
  known.set(advertisement, indexing)
  return indexing
}

/** Tells the indexing of a model that was made elsewhere, where it takes nobody's time. */
export function knowIndexing(advertisement: Advertisement, indexing: FootprintIndexing): void {
  known.set(advertisement, indexing)
}

/** Equal for equal footprints, short however many prefixes they have. */
function sketchOf(footprint: Footprint): string {
  if (footprint.kind === 'global') return '*'
  const [first] = footprint.anyOf
  const last = footprint.anyOf.at(-1)
  return `${footprint.anyOf.length}|${first === undefined ? '' : sketchOfOne(first)}|${last === undefined ? '' : sketchOfOne(last)}`
}

function sketchOfOne({ prefixes = [], asns = [], countries = [], subdivisions = [] }: Conjunction): string {
  const edges = [prefixes[0], prefixes.at(-1)].map((prefix) => (prefix === undefined ? '' : formatPrefix(prefix)))
  return [prefixes.length, ...edges, asns.length, asns[0], countries.length, countries[0], subdivisions[0]].join(',')
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  if (!isRecord(a) || !isRecord(b)) return false
  const names = Object.keys(a).filter((name) => a[name] !== undefined)
  return (
    names.length === Object.keys(b).filter((name) => b[name] !== undefined).length &&
    names.every((name) => isSame(a[name], b[name]))
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
