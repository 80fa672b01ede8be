import { countryOf } from '../../fci/footprint-algebra.ts'
import type { Address } from '../../fci/prefix.ts'
import { valueOfWords } from '../../fci/prefix.ts'
import { factCount, factsAt } from '../fact-table.ts'
import type { GeoTable } from '../geo-table.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { compareWords, wordsPerAddress } from '../partition.ts'
import { UNKNOWN_KEY } from './unknown-key.ts'

/** By what address space is grouped. */
export type TallyKey = 'country' | 'asn'

/** How much address space of one key is in one decision class. */
export interface CoverageCell {
  /** `de` or `as64500`; `-` where nothing is known. */
  readonly key: string
  readonly classId: number
  readonly v4Addresses: number
  /** To about a thirtieth of a prefix. */
  readonly v6Prefixes48: number
  /** The first of these addresses. */
  readonly sample: Address
}

export interface CoverageTally {
  /** Of the keys with the most address space. */
  readonly cells: readonly CoverageCell[]
  readonly keysLeftOut: number
}

/** For each address its decision class. */
export interface ClassPartitions {
  readonly v4: Partition
  readonly v6: Partition
}

/**
 * Lays the decision classes over what the geo data says. Walks all ranges of both, so it is work for a thread of its
 * own; memory grows with the pairs of key and class alone.
 *
 * @param mostKeys - the smallest keys beyond this number are left out.
 */
export function tallyCoverage(
  classes: ClassPartitions,
  geo: GeoTable,
  by: TallyKey,
  mostKeys = Number.POSITIVE_INFINITY,
): CoverageTally {
  const keys = new KeysOfFacts(geo, by)
  const pairs = new PairInterner(1024)
  const sizes: { v4: number; v6: number; readonly sample: Address }[] = []
  const count: CountStretch = (fact, classId, version, size, sampleOf) => {
    const pair = pairs.intern(keys.numberOf(fact), classId)
    let cell = sizes[pair]
    if (cell === undefined) {
      cell = { v4: 0, v6: 0, sample: { version, value: sampleOf() } }
      sizes.push(cell)
    }
    if (version === 4) cell.v4 += size
    else cell.v6 += size
  }
  sweep(classes.v4, geo.v4, count)
  sweep(classes.v6, geo.v6, count)
  const kept = largestKeys(
    sizes.map(({ v4, v6 }, pair) => [pairs.first(pair), v4 + v6] as const),
    mostKeys,
  )
  return {
    cells: sizes.flatMap(({ v4, v6, sample }, pair) => {
      const key = pairs.first(pair)
      if (!kept.has(key)) return []
      return [{ key: keys.textOf(key), classId: pairs.second(pair), v4Addresses: v4, v6Prefixes48: v6, sample }]
    }),
    keysLeftOut: keys.count - kept.size,
  }
}

function largestKeys(sizes: readonly (readonly [key: number, size: number])[], most: number): ReadonlySet<number> {
  const totals = new Map<number, number>()
  for (const [key, size] of sizes) totals.set(key, (totals.get(key) ?? 0) + size)
  const ranked = [...totals].sort(([, a], [, b]) => b - a)
  return new Set(ranked.slice(0, most).map(([key]) => key))
}

type CountStretch = (fact: number, classId: number, version: 4 | 6, size: number, first: () => bigint) => void

function sweep(classes: Partition, facts: Partition, count: CountStretch): void {
  const { version } = classes
  const words = wordsPerAddress(version)
  let i = 0
  let j = 0
  let from = 0
  for (;;) {
    const moreA = i + 1 < classes.count
    const moreB = j + 1 < facts.count
    const order = !moreA
      ? 1
      : !moreB
        ? -1
        : compareWords(classes.starts, (i + 1) * words, facts.starts, (j + 1) * words, words)
    const ended = !moreA && !moreB
    const to = ended
      ? SPACE_END[version]
      : order <= 0
        ? placeOf(version, classes.starts, (i + 1) * words)
        : placeOf(version, facts.starts, (j + 1) * words)
    const [a, b] = [i * words, j * words]
    count(facts.labels[j] ?? 0, classes.labels[i] ?? 0, version, to - from, () => {
      const isLater = compareWords(classes.starts, a, facts.starts, b, words) >= 0
      return isLater ? valueOfWords(version, classes.starts, a) : valueOfWords(version, facts.starts, b)
    })
    if (ended) return
    from = to
    if (order <= 0) i++
    if (order >= 0) j++
  }
}

const SPACE_END = { 4: 2 ** 32, 6: 2 ** 48 } as const

/** An address as a number: of IPv4 addresses, or of IPv6 /48 prefixes with a fraction. */
function placeOf(version: 4 | 6, starts: Uint32Array, at: number): number {
  const first = starts[at] ?? 0
  if (version === 4) return first
  return first * 2 ** 16 + (starts[at + 1] ?? 0) / 2 ** 16 + (starts[at + 2] ?? 0) / 2 ** 48
}

/** The key of each fact number, numbered in the order of appearance. */
class KeysOfFacts {
  readonly #geo: GeoTable
  readonly #by: TallyKey
  readonly #texts: string[] = []
  readonly #numbers = new Map<string, number>()
  /** By fact number; 0 for not asked yet, else one more than the key's number. */
  readonly #known: Uint32Array

  constructor(geo: GeoTable, by: TallyKey) {
    this.#geo = geo
    this.#by = by
    this.#known = new Uint32Array(factCount(geo.facts))
  }

  numberOf(fact: number): number {
    const known = this.#known[fact] ?? 0
    if (known > 0) return known - 1
    const facts = factsAt(this.#geo.facts, fact)
    const text =
      facts === undefined
        ? undefined
        : this.#by === 'country'
          ? countryOf(facts)
          : facts.asn === undefined
            ? undefined
            : `as${facts.asn}`
    const key = text ?? UNKNOWN_KEY
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#texts.length
      this.#texts.push(key)
      this.#numbers.set(key, number)
    }
    this.#known[fact] = number + 1
    return number
  }

  get count(): number {
    return this.#texts.length
  }

  textOf(number: number): string {
    return this.#texts[number] ?? UNKNOWN_KEY
  }
}
