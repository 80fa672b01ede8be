import type { ClientFacts } from '../fci/match-footprint.ts'
import { type Balanced, balance, compareBalanced, EQUAL } from './balance.ts'
import { NO_USAGE, type UsageLookup } from './capacity.ts'
import type { Client } from './client.ts'
import { compareNumbers, comparePreference, RankedCandidate } from './contender.ts'
import type { Candidate, Decision, ProviderFacts } from './decision.ts'
import type { PlacementReadiness } from './eligibility.ts'
import type { RuleLookup } from './footprint-rules.ts'
import { type Measured, type MeasuredLookup, NOTHING_MEASURED } from './measured.ts'
import { type PlannedContender, planRoutes, type RoutingPlan } from './plan.ts'
import type { QualityLimits, RoutingPolicy } from './policy.ts'
import { explainOrder, type Placing } from './precedence.ts'
import type { CoverageLookup } from './provider-coverage.ts'
import { drawProvider, drawProviders, hashToUnit } from './rendezvous.ts'

export interface RoutingQuestion {
  readonly client: Client
  readonly coverage: CoverageLookup
  /** Default: none holds, for policies without rules. */
  readonly rules?: RuleLookup
  readonly providers: readonly ProviderFacts[]
  /** Placements of the scope asked for, by provider id; absent: no scope was asked for, so none is checked. */
  readonly placements?: ReadonlyMap<string, PlacementReadiness>
  readonly policy: RoutingPolicy
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Answers with one key stick together; see `stickinessKey`. */
  readonly key: string
  readonly usage?: UsageLookup
  readonly measured?: MeasuredLookup
}

/**
 * Which CDN should serve this client, with every reason. Pure: the same question gives the same answer.
 * The order is the published precedence (docs/routing.md): hard rules, then reserve, health, staleness, capacity, most
 * specific footprint, priority, then weight, latency or cost.
 */
export function decide(question: RoutingQuestion): Decision {
  const { coverage, rules = () => false, providers, placements, policy, now, usage = NO_USAGE } = question
  const inputs = { coverage, rules, providers, policy, usage, now, ...(placements === undefined ? {} : { placements }) }
  return drawDecision(planRoutes(inputs), { ...question, facts: () => question.client })
}

export interface DrawInputs {
  readonly client: { readonly text: string }
  /** What the client's matches are filled in from, if the plan is of a decision class. */
  readonly facts: () => ClientFacts
  readonly key: string
  readonly now: number
  readonly measured?: MeasuredLookup
}

/** The answer to one client of a plan. */
export function drawDecision(plan: RoutingPlan, inputs: DrawInputs): Decision {
  if (!plan.varies) return new PlannedDecision(plan, inputs, drawTiers(plan, inputs))
  const { candidates, order } = drawVarying(plan, inputs)
  return new VaryingDecision(plan, inputs, candidates, order)
}

class PlannedDecision implements Decision {
  readonly client: string
  readonly candidates: readonly Candidate[]
  readonly ttlSeconds: number
  readonly panic: boolean
  readonly policy: string
  readonly rejected: Decision['rejected']
  readonly #plan: RoutingPlan
  readonly #inputs: DrawInputs

  constructor(plan: RoutingPlan, inputs: DrawInputs, candidates: readonly Candidate[]) {
    this.client = inputs.client.text
    this.candidates = candidates
    this.ttlSeconds = plan.ttlSeconds
    this.panic = plan.panic
    this.policy = plan.policy.revision
    this.rejected = plan.rejected
    this.#plan = plan
    this.#inputs = inputs
  }

  /** Worked out when it is read: nearly nobody asks. */
  get behind(): Decision['behind'] {
    return explainOrder(this.placings(), this.candidates, this.#inputs.now)
  }

  protected placings(): readonly Placing[] {
    return placeTiers(this.#plan, this.#inputs.key)
  }

  get advertisements(): Decision['advertisements'] {
    return this.#plan.advertisements.map(({ provider, version, confirmedAt, stale }) => {
      const ageSeconds = Math.max(0, Math.floor((this.#inputs.now - confirmedAt) / 1000))
      return { provider, version, ageSeconds, stale }
    })
  }
}

/** Remembers what was measured, since that changes. */
class VaryingDecision extends PlannedDecision {
  readonly #order: readonly Ranked[]

  constructor(plan: RoutingPlan, inputs: DrawInputs, candidates: readonly Candidate[], order: readonly Ranked[]) {
    super(plan, inputs, candidates)
    this.#order = order
  }

  protected override placings(): readonly Placing[] {
    return this.#order.map(({ one, place }) => ({ ...one, place }))
  }
}

function drawTiers({ tiers }: RoutingPlan, { key, facts }: DrawInputs): readonly Candidate[] {
  const candidates: Candidate[] = []
  for (const tier of tiers) {
    const [only] = tier
    if (tier.length === 1 && only !== undefined) candidates.push(only.candidate.at(facts))
    else for (const { contender } of drawn(tier, key)) candidates.push(contender.candidate.at(facts))
  }
  return candidates
}

interface Drawn {
  readonly contender: PlannedContender
  readonly draw: number
}

function drawn(tier: readonly PlannedContender[], key: string): readonly Drawn[] {
  const draws = drawProviders(key, tier)
  return tier.map((contender, i) => ({ contender, draw: draws[i] ?? 0 })).sort(compareDrawn)
}

function compareDrawn(a: Drawn, b: Drawn): number {
  return compareNumbers(a.draw, b.draw) || (a.contender.provider.id < b.contender.provider.id ? -1 : 1)
}

/** As `drawTiers`, with what the lines of the order compare. */
function placeTiers({ tiers }: RoutingPlan, key: string): readonly Placing[] {
  return tiers.flatMap((tier) =>
    drawn(tier, key).map((one) => ({ ...one, poor: undefined, shed: false, place: EQUAL })),
  )
}

interface Varying extends Drawn {
  readonly measured: Measured | undefined
  readonly poor: string | undefined
  readonly shed: boolean
}

interface Ranked {
  readonly one: Varying
  readonly place: Balanced
}

interface Order {
  readonly candidates: readonly Candidate[]
  readonly order: readonly Ranked[]
}

/** Where keys are shed or measurements count, the order is worked out for each key. */
function drawVarying(plan: RoutingPlan, { key, facts, measured = NOTHING_MEASURED }: DrawInputs): Order {
  const { policy, panic, overfull } = plan
  const all = plan.tiers.flat().map((contender): Varying => {
    const { provider, weight, capacity } = contender
    const known = measured(provider.id)
    return {
      contender,
      draw: drawProvider(key, provider.id, weight),
      measured: known,
      poor: known && poorQuality(known, policy.quality),
      shed: !overfull && capacity !== undefined && hashToUnit(`${key}\u0000${provider.id}\u0000shed`) < capacity.shed,
    }
  })
  const candidates: Candidate[] = []
  const order: Ranked[] = []
  for (const run of runsOf(all.sort(compareVarying), compareVarying)) {
    const balanced = balance(
      run.map(({ contender }) => contender),
      run.map((one) => one.measured),
      policy.balance,
    )
    const ranked = run.map((one, i): Ranked => ({ one, place: balanced[i] ?? EQUAL }))
    ranked.sort((a, b) => compareBalanced(a.place, b.place) || compareDrawn(a.one, b.one))
    for (const equals of runsOf(ranked, (a, b) => compareBalanced(a.place, b.place))) {
      const totalWeight = equals.reduce((sum, { one }) => sum + one.contender.weight, 0)
      for (const { one, place } of equals) {
        const shedding = explainShedding(one)
        candidates.push(
          new RankedCandidate(one.contender, {
            panic,
            overfull,
            equals: equals.length,
            totalWeight,
            ...(one.poor === undefined ? {} : { quality: one.poor }),
            ...(shedding === undefined ? {} : { shedding }),
            ...(place.because === undefined ? {} : { balance: place.because }),
          }).at(facts),
        )
      }
      order.push(...equals)
    }
  }
  return { candidates, order }
}

function compareVarying(a: Varying, b: Varying): number {
  return (
    Number(a.contender.reserve) - Number(b.contender.reserve) ||
    Number(a.contender.degraded || a.poor !== undefined) - Number(b.contender.degraded || b.poor !== undefined) ||
    Number(a.contender.stale) - Number(b.contender.stale) ||
    Number(a.shed) - Number(b.shed) ||
    comparePreference(a.contender, b.contender)
  )
}

/** Neighbours that compare as equal, together. */
function runsOf<T>(sorted: readonly T[], compare: (a: T, b: T) => number): readonly (readonly T[])[] {
  const runs: T[][] = []
  for (const item of sorted) {
    const run = runs.at(-1)
    const first = run?.[0]
    if (run !== undefined && first !== undefined && compare(first, item) === 0) run.push(item)
    else runs.push([item])
  }
  return runs
}

function poorQuality(measured: Measured, limits: QualityLimits): string | undefined {
  const { errorShare, rebufferShare, throughputKbps, of } = measured
  if (limits.maxErrorShare !== undefined && errorShare !== undefined && errorShare > limits.maxErrorShare) {
    return `demoted: ${percent(errorShare)} errors (${of}), and ${percent(limits.maxErrorShare)} is the most allowed`
  }
  if (limits.maxRebufferShare !== undefined && rebufferShare !== undefined && rebufferShare > limits.maxRebufferShare) {
    return `demoted: ${percent(rebufferShare)} rebuffering (${of}), and ${percent(limits.maxRebufferShare)} is the most allowed`
  }
  const least = limits.minThroughputKbps
  if (least !== undefined && throughputKbps !== undefined && throughputKbps < least) {
    return `demoted: ${Math.round(throughputKbps)} kbit/s (${of}), and ${least} kbit/s is the least allowed`
  }
  return undefined
}

function explainShedding({ contender: { capacity }, shed }: Varying): string | undefined {
  if (capacity === undefined || capacity.full) return undefined
  const { limitType, used, soft, hard } = capacity
  const state = `${limitType} is ${used} between ${soft} and ${hard}, so ${percent(capacity.shed)} of the keys are shed`
  return shed ? `demoted: ${state}, this one too` : `${state}, this one is not`
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}
