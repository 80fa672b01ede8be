import { formatAddress } from '../../fci/prefix.ts'
import type { CoverageMap } from '../coverage/coverage-map.ts'
import { drawDecision } from '../decide.ts'
import type { RoutingPlan } from '../plan.ts'

/** Which share of some clients each provider is first for; `nobody` for those without a candidate. */
export type FirstShares = ReadonlyMap<string, number>

export const NOBODY_FIRST = 'nobody'

/** What changes for the address space of one family when one policy takes the place of another. */
export interface SpaceEffect {
  readonly version: 4 | 6
  /** Share of the family's whole space that somebody serves, before and after. */
  readonly servedBefore: number
  readonly servedAfter: number
  /** Share of the space that somebody serves under either which gets another first provider. */
  readonly moved: number
  /** Shares of the same space. */
  readonly providers: readonly { readonly provider: string; readonly before: number; readonly after: number }[]
  /** The largest ranges that move, the largest first. */
  readonly moves: readonly SpaceMove[]
}

export interface SpaceMove {
  readonly first: string
  readonly last: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Share of the range's clients that move. */
  readonly moved: number
}

const SAMPLE_KEYS = 64
const NO_CLIENT = { text: '', address: { version: 4, value: 0n } } as const
const MAX_MOVES = 20
const RANGES_PER_TURN = 2_000

/** Of all clients of a plan. Where keys are shed, of a sample of keys. */
export function firstShares(plan: RoutingPlan): FirstShares {
  if (plan.varies) {
    const shares = new Map<string, number>()
    for (let i = 0; i < SAMPLE_KEYS; i++) {
      const { candidates } = drawDecision(plan, {
        client: NO_CLIENT,
        facts: () => NO_CLIENT,
        key: `sample ${i}`,
        now: 0,
      })
      const first = candidates[0]?.provider ?? NOBODY_FIRST
      shares.set(first, (shares.get(first) ?? 0) + 1 / SAMPLE_KEYS)
    }
    return shares
  }
  const tier = plan.tiers[0] ?? []
  const total = tier.reduce((sum, { weight }) => sum + weight, 0)
  if (tier[0] === undefined) return new Map([[NOBODY_FIRST, 1]])
  // Without weights the smallest id is first, as the plan has them.
  if (total === 0) return new Map([[tier[0].provider.id, 1]])
  return new Map(tier.map(({ provider, weight }) => [provider.id, weight / total]))
}

/** The share of clients that cannot keep their first provider, however the draws fall. */
export function movedShare(before: FirstShares, after: FirstShares): number {
  let kept = 0
  for (const [provider, share] of before) kept += Math.min(share, after.get(provider) ?? 0)
  return Math.max(0, 1 - kept)
}

/**
 * Compares two policies over the whole address space: each class of the map is planned once under either. Yields now
 * and then, so that whoever drives it can let others have a turn.
 */
export function* compareOverSpace(
  map: Pick<CoverageMap, 'ranges'>,
  version: 4 | 6,
  planBefore: (classId: number) => RoutingPlan,
  planAfter: (classId: number) => RoutingPlan,
): Generator<undefined, SpaceEffect> {
  const classes = new Map<
    number,
    { readonly before: FirstShares; readonly after: FirstShares; readonly moved: number }
  >()
  const totals = new Map<string, { before: number; after: number }>()
  let space = 0
  let served = 0
  let servedBefore = 0
  let servedAfter = 0
  let moved = 0
  let largest: { readonly size: number; readonly move: SpaceMove }[] = []
  let ranges = 0
  for (const { first, last, classId } of map.ranges(version)) {
    ranges++
    if (ranges % RANGES_PER_TURN === 0) yield
    let known = classes.get(classId)
    if (known === undefined) {
      const [before, after] = [firstShares(planBefore(classId)), firstShares(planAfter(classId))]
      known = { before, after, moved: movedShare(before, after) }
      classes.set(classId, known)
    }
    const size = Number(last - first) + 1
    const [unservedBefore, unservedAfter] = [known.before.get(NOBODY_FIRST) ?? 0, known.after.get(NOBODY_FIRST) ?? 0]
    space += size
    servedBefore += size * (1 - unservedBefore)
    servedAfter += size * (1 - unservedAfter)
    if (unservedBefore === 1 && unservedAfter === 1) continue
    served += size
    moved += size * known.moved
    for (const [provider, share] of known.before) totalOf(totals, provider).before += size * share
    for (const [provider, share] of known.after) totalOf(totals, provider).after += size * share
    if (known.moved > 0) {
      largest.push({ size: size * known.moved, move: describe(version, first, last, known) })
      if (largest.length >= 4 * MAX_MOVES) largest = largestOf(largest)
    }
  }
  const shareOf = (amount: number, whole: number): number => (whole === 0 ? 0 : amount / whole)
  return {
    version,
    servedBefore: shareOf(servedBefore, space),
    servedAfter: shareOf(servedAfter, space),
    moved: shareOf(moved, served),
    providers: [...totals]
      .map(([provider, { before, after }]) => ({
        provider,
        before: shareOf(before, served),
        after: shareOf(after, served),
      }))
      .sort((a, b) => (a.provider < b.provider ? -1 : 1)),
    moves: largestOf(largest).map(({ move }) => move),
  }
}

function largestOf<T extends { readonly size: number }>(moves: readonly T[]): T[] {
  return [...moves].sort((a, b) => b.size - a.size).slice(0, MAX_MOVES)
}

function totalOf(totals: Map<string, { before: number; after: number }>, provider: string) {
  const known = totals.get(provider)
  if (known !== undefined) return known
  const made = { before: 0, after: 0 }
  totals.set(provider, made)
  return made
}

function describe(
  version: 4 | 6,
  first: bigint,
  last: bigint,
  { before, after, moved }: { readonly before: FirstShares; readonly after: FirstShares; readonly moved: number },
): SpaceMove {
  return {
    first: formatAddress({ version, value: first }),
    last: formatAddress({ version, value: last }),
    before: [...before.keys()],
    after: [...after.keys()],
    moved,
  }
}
