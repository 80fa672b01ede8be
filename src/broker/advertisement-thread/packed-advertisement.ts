import { z } from 'zod'
import type { AdvertisedCapability, Advertisement, Diagnostic } from '../../fci/advertisement.ts'
import type { Footprint } from '../../fci/footprint.ts'
import type { Prefix } from '../../fci/prefix.ts'
import { canonicalPrefixes, markCanonical } from '../../fci/prefix-set.ts'
import { type FootprintIndexing, indexFootprints, knowIndexing } from '../../routing/footprint-indexing.ts'
import { packedFootprintSchema, packFootprint, unpackFootprint } from '../packed/footprint-shape.ts'
import { keepRows, knownRows, RowWriter, readRows } from '../packed/prefix-rows.ts'

/**
 * An advertisement as it crosses threads: prefixes as numbers, because a hundred thousand objects would stop the event
 * loop for longer than a look-up may wait, and all else as it is.
 */
export interface PackedAdvertisement {
  readonly capabilities: readonly unknown[]
  readonly diagnostics: readonly Diagnostic[]
  /** For each list of prefixes the first of its rows and their number, IPv4 and IPv6. */
  readonly lists: Uint32Array
  /** Two words for each IPv4 prefix: address, length. */
  readonly v4: Uint32Array
  /** Five words for each IPv6 prefix. */
  readonly v6: Uint32Array
  /** Absent: to be made by whoever wants it. */
  readonly indexing?: PackedIndexing
}

/** The distinct footprints: those of capabilities are told by the first that has it, others as such. */
export interface PackedIndexing {
  readonly ofCapability: readonly number[]
  readonly moq?: number
  readonly delivery?: number
  readonly further: readonly unknown[]
}

const packedCapabilitySchema = z.strictObject({
  type: z.string(),
  value: z.unknown(),
  footprint: packedFootprintSchema,
  cdnPath: z.array(z.string()).exactOptional(),
  maxHops: z.number().exactOptional(),
})

/** Prefixes, or capabilities, handled before others have a turn: some tenths of a millisecond. */
const SLICE = 1024

type Pause = () => Promise<void>

/**
 * Packs in slices, with `pause` awaited between them.
 *
 * @param indexed - tells the indexing of the footprints too, which is made in one go.
 */
export async function packAdvertisement(
  model: Advertisement,
  pause: Pause,
  indexed = false,
): Promise<PackedAdvertisement> {
  const v4 = new RowWriter(4)
  const v6 = new RowWriter(6)
  const places: number[] = []
  const known = new Map<readonly Prefix[], number>()
  const isSliceOver = countSteps()
  const add = async (list: readonly Prefix[]): Promise<void> => {
    if (known.has(list)) return
    const places4 = v4.count
    const places6 = v6.count
    const canonical = canonicalPrefixes(list)
    const rows = knownRows(canonical)
    if (rows !== undefined) {
      v4.append(rows.v4)
      v6.append(rows.v6)
      if (isSliceOver(canonical.length)) await pause()
    }
    const left = rows === undefined ? canonical.length : 0
    for (let from = 0; from < left; from += SLICE) {
      const slice = canonical.slice(from, from + SLICE)
      for (const prefix of slice) (prefix.version === 4 ? v4 : v6).add(prefix)
      if (isSliceOver(slice.length)) await pause()
    }
    known.set(list, places.length / 4)
    places.push(places4, v4.count - places4, places6, v6.count - places6)
  }
  const indexing = indexed ? indexFootprints(model) : undefined
  const further = indexing?.footprints.slice(new Set(indexing.ofCapability).size) ?? []
  for (const footprint of [...model.capabilities.map((capability) => capability.footprint), ...further]) {
    for (const list of listsOf(footprint)) await add(list)
    if (isSliceOver()) await pause()
  }
  const place = (list: readonly Prefix[]): number => known.get(list) ?? -1
  const capabilities: unknown[] = []
  for (const { type, value, footprint, cdnPath, maxHops } of model.capabilities) {
    capabilities.push({
      type,
      value,
      footprint: packFootprint(footprint, place),
      ...(cdnPath && { cdnPath }),
      ...(maxHops !== undefined && { maxHops }),
    })
    if (isSliceOver()) await pause()
  }
  return {
    capabilities,
    diagnostics: model.diagnostics,
    lists: Uint32Array.from(places),
    v4: v4.rows,
    v6: v6.rows,
    ...(indexing && {
      indexing: {
        ofCapability: indexing.ofCapability,
        ...(indexing.moq !== undefined && { moq: indexing.moq }),
        ...(indexing.delivery !== undefined && { delivery: indexing.delivery }),
        further: further.map((footprint) => packFootprint(footprint, place)),
      },
    }),
  }
}

/** The advertisement again, with its footprints indexed if they were, made in slices. Throws ZodError for what was not packed here. */
export async function unpackAdvertisement(packed: PackedAdvertisement, pause: Pause): Promise<Advertisement> {
  const isSliceOver = countSteps()
  const lists: (readonly Prefix[])[] = []
  for (let at = 0; at < packed.lists.length; at += 4) {
    const [from4 = 0, count4 = 0, from6 = 0, count6 = 0] = packed.lists.subarray(at, at + 4)
    const list: Prefix[] = []
    list.length = count4 + count6
    for (const [version, rows, from, count, position] of [
      [4, packed.v4, from4, count4, 0],
      [6, packed.v6, from6, count6, count4],
    ] as const) {
      for (let read = 0; read < count; read += SLICE) {
        const slice = Math.min(SLICE, count - read)
        readRows(version, rows, from + read, slice, list, position + read)
        if (isSliceOver(slice)) await pause()
      }
    }
    keepRows(list, {
      v4: packed.v4.subarray(2 * from4, 2 * (from4 + count4)),
      v6: packed.v6.subarray(5 * from6, 5 * (from6 + count6)),
    })
    lists.push(markCanonical(list))
  }
  const read = (place: number): readonly Prefix[] => {
    const list = lists[place]
    if (list === undefined) throw new RangeError(`a packed advertisement has no list ${place}`)
    return list
  }
  const capabilities: AdvertisedCapability[] = []
  for (const one of packed.capabilities) {
    const { type, value, footprint, cdnPath, maxHops } = packedCapabilitySchema.parse(one)
    capabilities.push({
      type,
      value,
      footprint: unpackFootprint(footprint, read),
      ...(cdnPath && { cdnPath }),
      ...(maxHops !== undefined && { maxHops }),
    })
    if (isSliceOver()) await pause()
  }
  const model: Advertisement = { capabilities, diagnostics: packed.diagnostics }
  if (packed.indexing !== undefined) knowIndexing(model, unpackIndexing(packed.indexing, capabilities, read))
  return model
}

function unpackIndexing(
  { ofCapability, moq, delivery, further }: PackedIndexing,
  capabilities: readonly AdvertisedCapability[],
  read: (place: number) => readonly Prefix[],
): FootprintIndexing {
  const footprints: Footprint[] = []
  for (const [i, position] of ofCapability.entries()) {
    const footprint = capabilities[i]?.footprint
    if (position === footprints.length && footprint !== undefined) footprints.push(footprint)
  }
  for (const one of further) footprints.push(unpackFootprint(packedFootprintSchema.parse(one), read))
  return { footprints, ofCapability, moq, delivery }
}

/** Counts steps; true when it is time for a pause. */
function countSteps(): (steps?: number) => boolean {
  let done = 0
  return (steps = 1) => {
    done += steps
    if (done < SLICE) return false
    done = 0
    return true
  }
}

function* listsOf(footprint: Footprint): Iterable<readonly Prefix[]> {
  if (footprint.kind === 'global') return
  for (const { prefixes, excluded, sourced = [] } of footprint.anyOf) {
    if (prefixes !== undefined) yield prefixes
    if (excluded?.prefixes !== undefined) yield excluded.prefixes
    for (const { within } of sourced) yield* listsOf(within)
  }
}
