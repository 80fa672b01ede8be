import type { CoverageRange } from './coverage-map.ts'

/** A stretch of addresses of which one thing is known, such as their country; `key` is absent where nothing is. */
export interface KeyedRange {
  readonly first: bigint
  readonly last: bigint
  readonly key: string | undefined
}

/** What becomes of the clients of one decision class. */
export interface ClassVerdict {
  /** Who is answered first, with the share of clients each gets by weight; the shares add up to 1, or to 0 for nobody. */
  readonly serving: readonly ProviderShare[]
  /** Who could serve, were health, capacity and administrative states put aside. */
  readonly able: readonly string[]
}

export interface ProviderShare {
  readonly provider: string
  readonly share: number
}

/** Address space in units that can be compared: IPv4 addresses and IPv6 /48 prefixes. */
export interface SpaceSize {
  readonly v4Addresses: number
  readonly v6Prefixes48: number
}

/** One line of the report. Shares are of the line's own space, taken for each family apart and then averaged. */
export interface CoverageRow {
  /** A country, an AS number, a prefix; `-` where nothing is known. */
  readonly key: string
  readonly size: SpaceSize
  /** Share that each provider serves now; the largest first. */
  readonly serving: readonly ProviderShare[]
  /** Share that each provider could serve; the largest first. */
  readonly able: readonly ProviderShare[]
  /** Share that exactly one provider could serve: a single point of failure. */
  readonly aloneShare: number
  /** Share that two or more could serve. */
  readonly overlapShare: number
  /** Share that nobody could serve. */
  readonly gapShare: number
}

/** Where the address space goes, gathered range by range. Memory grows with the (key, class) pairs, not the ranges. */
export interface CoverageTally {
  /** Adds one family; both sequences are sorted and free of overlaps. Yields now and then, so that others can run. */
  readonly add: (version: 4 | 6, classes: Iterable<CoverageRange>, keys: Iterable<KeyedRange>) => Generator<void>
  /** Lines by falling size; what nothing is known of comes last. */
  readonly rows: (verdictOf: (classId: number) => ClassVerdict) => readonly CoverageRow[]
}

const RANGES_PER_TURN = 2_000
const UNKNOWN = '-'

interface Cell {
  v4: number
  v6: number
}

export function startTally(): CoverageTally {
  const cells = new Map<string, Map<number, Cell>>()

  function* add(version: 4 | 6, classes: Iterable<CoverageRange>, keys: Iterable<KeyedRange>): Generator<void> {
    const iterator = keys[Symbol.iterator]()
    const next = (): KeyedRange | undefined => {
      const step = iterator.next()
      return step.done === true ? undefined : step.value
    }
    let keyed = next()
    let seen = 0
    for (const { first, last, classId } of classes) {
      let at = first
      while (at <= last) {
        while (keyed !== undefined && keyed.last < at) {
          keyed = next()
          if (++seen % RANGES_PER_TURN === 0) yield
        }
        const near = keyed !== undefined && keyed.first <= last ? keyed : undefined
        const inside = near !== undefined && near.first <= at ? near : undefined
        const end = inside !== undefined ? smaller(inside.last, last) : near === undefined ? last : near.first - 1n
        count(inside?.key ?? UNKNOWN, classId, version, end - at + 1n)
        at = end + 1n
        if (++seen % RANGES_PER_TURN === 0) yield
      }
    }
  }

  function count(key: string, classId: number, version: 4 | 6, addresses: bigint): void {
    let row = cells.get(key)
    if (row === undefined) {
      row = new Map()
      cells.set(key, row)
    }
    let cell = row.get(classId)
    if (cell === undefined) {
      cell = { v4: 0, v6: 0 }
      row.set(classId, cell)
    }
    if (version === 4) cell.v4 += Number(addresses)
    // Parts of a /48 count as such: rounding each range would lose many small ones.
    else cell.v6 += Number(addresses) / 2 ** 80
  }

  return {
    add,
    rows: (verdictOf) =>
      [...cells]
        .map(([key, byClass]) => rowOf(key, byClass, verdictOf))
        .sort((a, b) => Number(a.key === UNKNOWN) - Number(b.key === UNKNOWN) || compareSizes(b.size, a.size)),
  }
}

function rowOf(
  key: string,
  byClass: ReadonlyMap<number, Cell>,
  verdictOf: (classId: number) => ClassVerdict,
): CoverageRow {
  let v4 = 0
  let v6 = 0
  for (const cell of byClass.values()) {
    v4 += cell.v4
    v6 += cell.v6
  }
  const families = Number(v4 > 0) + Number(v6 > 0)
  const serving = new Map<string, number>()
  const able = new Map<string, number>()
  const counts = { alone: 0, overlap: 0, gap: 0 }
  for (const [classId, cell] of byClass) {
    const share = ((v4 > 0 ? cell.v4 / v4 : 0) + (v6 > 0 ? cell.v6 / v6 : 0)) / families
    const verdict = verdictOf(classId)
    for (const one of verdict.serving) serving.set(one.provider, (serving.get(one.provider) ?? 0) + share * one.share)
    for (const provider of verdict.able) able.set(provider, (able.get(provider) ?? 0) + share)
    counts[verdict.able.length === 0 ? 'gap' : verdict.able.length === 1 ? 'alone' : 'overlap'] += share
  }
  return {
    key,
    size: { v4Addresses: v4, v6Prefixes48: v6 },
    serving: sharesOf(serving),
    able: sharesOf(able),
    aloneShare: rounded(counts.alone),
    overlapShare: rounded(counts.overlap),
    gapShare: rounded(counts.gap),
  }
}

function sharesOf(shares: ReadonlyMap<string, number>): readonly ProviderShare[] {
  return [...shares]
    .map(([provider, share]) => ({ provider, share: rounded(share) }))
    .sort((a, b) => b.share - a.share || (a.provider < b.provider ? -1 : 1))
}

/** Shares are sums of many floating-point parts; nobody needs more than six digits of them. */
function rounded(share: number): number {
  return Math.min(1, Math.round(share * 1e6) / 1e6)
}

/** One IPv6 /48 weighs as much as one IPv4 address: either is what one site gets. */
function compareSizes(a: SpaceSize, b: SpaceSize): number {
  return a.v4Addresses + a.v6Prefixes48 - (b.v4Addresses + b.v6Prefixes48)
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
