import { isBehindPace, type UsageLookup } from './capacity.ts'
import { type Contender, compareContenders, RankedCandidate } from './contender.ts'
import type { ProviderFacts, Rejection } from './decision.ts'
import { type Admitted, assess, type PlacementReadiness } from './eligibility.ts'
import type { RuleLookup } from './footprint-rules.ts'
import { looksAtMeasurements, type RoutingPolicy } from './policy.ts'
import type { CoverageLookup } from './provider-coverage.ts'

export interface PlanInputs {
  readonly coverage: CoverageLookup
  readonly rules: RuleLookup
  readonly providers: readonly ProviderFacts[]
  /** Placements of the scope asked for, by provider id; absent: no scope was asked for, so none is checked. */
  readonly placements?: ReadonlyMap<string, PlacementReadiness>
  readonly policy: RoutingPolicy
  readonly usage: UsageLookup
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface PlannedContender extends Contender {
  /** How it stands where neither keys are shed nor measurements looked at. */
  readonly candidate: RankedCandidate
}

/**
 * The answer to every client of whom the same is known, up to what its key and its neighbours' measurements decide.
 * Immutable and fit to be kept: as long as nothing in the inputs changes it stays right.
 */
export interface RoutingPlan {
  readonly policy: RoutingPolicy
  /** Best first; those of one tier are told apart by the draw alone. */
  readonly tiers: readonly (readonly PlannedContender[])[]
  readonly rejected: readonly Rejection[]
  readonly ttlSeconds: number
  readonly panic: boolean
  readonly overfull: boolean
  /** Whether keys are shed or measurements looked at, so that the tiers may change from key to key. */
  readonly varies: boolean
  readonly advertisements: readonly {
    readonly provider: string
    readonly version: string
    readonly confirmedAt: number
    readonly stale: boolean
  }[]
}

/** Applies everything that does not depend on the client's key. Pure. */
export function planRoutes(inputs: PlanInputs): RoutingPlan {
  const { coverage, rules, providers, policy, usage, now } = inputs
  const question = { coverage, rules, policy, placements: inputs.placements, usage, now }
  const up: Admitted[] = []
  const down: Admitted[] = []
  const full: Admitted[] = []
  const rejected: Rejection[] = []
  for (const provider of providers) {
    const verdict = assess(provider, question)
    if (verdict.kind !== 'eligible') rejected.push(verdict.rejection)
    switch (verdict.kind) {
      case 'eligible':
        up.push(verdict.admitted)
        break
      case 'down':
        down.push(verdict.admitted)
        break
      case 'full':
        full.push(verdict.admitted)
        break
      case 'excluded':
        break
    }
  }
  const nobody = up.length === 0
  const overfull = nobody && full.length > 0 && policy.whenAllFull === 'serve'
  const panic = nobody && full.length === 0 && down.length > 0 && policy.whenAllDown === 'serve'
  const admitted = overfull ? full : panic ? down : up
  const kept = nobody ? new Set(admitted.map(({ provider }) => provider.id)) : NOBODY
  const tiers = tiersOf(admitted, inputs, { panic, overfull })
  const shaken =
    nobody ||
    down.length > 0 ||
    full.length > 0 ||
    up.some(({ provider, capacity }) => provider.health.state === 'degraded' || capacity !== undefined)
  return {
    policy,
    tiers,
    rejected: kept.size === 0 ? rejected : rejected.filter(({ provider }) => !kept.has(provider)),
    ttlSeconds: shaken ? Math.min(policy.ttlSeconds, policy.degradedTtlSeconds) : policy.ttlSeconds,
    panic,
    overfull,
    varies: looksAtMeasurements(policy) || admitted.some(({ capacity }) => capacity !== undefined),
    advertisements: advertisementsOf(providers),
  }
}

const NOBODY: ReadonlySet<string> = new Set()

function tiersOf(
  admitted: readonly Admitted[],
  inputs: PlanInputs,
  mode: { readonly panic: boolean; readonly overfull: boolean },
): readonly (readonly PlannedContender[])[] {
  const runs: Contender[][] = []
  const order = admitted.map((one) => contend(one, inputs)).sort((a, b) => compareContenders(a, b) || byId(a, b))
  for (const contender of order) {
    const run = runs.at(-1)
    const [first] = run ?? []
    if (run !== undefined && first !== undefined && compareContenders(first, contender) === 0) run.push(contender)
    else runs.push([contender])
  }
  return runs.map((run) => {
    const standing = { ...mode, equals: run.length, totalWeight: run.reduce((sum, { weight }) => sum + weight, 0) }
    return run.map((contender) => ({ ...contender, candidate: new RankedCandidate(contender, standing) }))
  })
}

function byId(a: Contender, b: Contender): number {
  return a.provider.id < b.provider.id ? -1 : 1
}

function contend(admitted: Admitted, { usage, now }: PlanInputs): Contender {
  const { provider, terms, matched, capacity } = admitted
  const behind = terms.volume !== undefined && isBehindPace(provider.id, terms.volume, usage, now)
  const weight = (terms.weight ?? provider.weight) * (behind ? (terms.volume?.catchUp ?? 1) : 1)
  return {
    provider,
    matched,
    capacity,
    priority: terms.priority ?? provider.priority,
    weight,
    price: behind ? 0 : terms.price,
    reserve: !(weight > 0),
    degraded: provider.health.state === 'degraded',
    stale: provider.advertisement?.stale ?? false,
    admitted,
  }
}

function advertisementsOf(providers: readonly ProviderFacts[]): RoutingPlan['advertisements'] {
  return providers.flatMap(({ id, advertisement }) => {
    if (advertisement === undefined) return []
    const { version, confirmedAt, stale } = advertisement
    return [{ provider: id, version, confirmedAt, stale }]
  })
}
