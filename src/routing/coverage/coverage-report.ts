import type { CoverageCell } from './tally-coverage.ts'
import { UNKNOWN_KEY } from './unknown-key.ts'

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
  /** A country or an AS number; `-` where nothing is known. */
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

/** Lines by falling size; what nothing is known of comes last. */
export function reportCoverage(
  cells: readonly CoverageCell[],
  verdictOf: (classId: number) => ClassVerdict,
): readonly CoverageRow[] {
  const byKey = new Map<string, CoverageCell[]>()
  for (const cell of cells) {
    const known = byKey.get(cell.key)
    if (known === undefined) byKey.set(cell.key, [cell])
    else known.push(cell)
  }
  return [...byKey]
    .map(([key, own]) => rowOf(key, own, verdictOf))
    .sort((a, b) => Number(a.key === UNKNOWN_KEY) - Number(b.key === UNKNOWN_KEY) || compareSizes(b.size, a.size))
}

function rowOf(key: string, cells: readonly CoverageCell[], verdictOf: (classId: number) => ClassVerdict): CoverageRow {
  const v4 = cells.reduce((sum, { v4Addresses }) => sum + v4Addresses, 0)
  const v6 = cells.reduce((sum, { v6Prefixes48 }) => sum + v6Prefixes48, 0)
  const families = Number(v4 > 0) + Number(v6 > 0)
  const serving = new Map<string, number>()
  const able = new Map<string, number>()
  const counts = { alone: 0, overlap: 0, gap: 0 }
  for (const cell of cells) {
    const share = ((v4 > 0 ? cell.v4Addresses / v4 : 0) + (v6 > 0 ? cell.v6Prefixes48 / v6 : 0)) / (families || 1)
    const verdict = verdictOf(cell.classId)
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
