import { whatIsMissing } from '../fci/serves.ts'
import { type CapacityVerdict, judgeCapacity, type UsageLookup } from './capacity.ts'
import type { Match, ProviderFacts, Rejection, RejectionRule } from './decision.ts'
import { denyingRule, type RuleLookup } from './footprint-rules.ts'
import type { ProviderTerms, RoutingPolicy } from './policy.ts'
import type { CoverageLookup, ProviderCoverage } from './provider-coverage.ts'

/** State of a scope's placement on a provider, as far as routing needs it. */
export type PlacementReadiness = 'ready' | 'not_ready'

export interface EligibilityQuestion {
  readonly coverage: CoverageLookup
  readonly rules: RuleLookup
  readonly policy: RoutingPolicy
  /** Placements of the scope asked for, by provider id; undefined: no scope was asked for. */
  readonly placements: ReadonlyMap<string, PlacementReadiness> | undefined
  readonly usage: UsageLookup
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type Verdict =
  | { readonly kind: 'eligible'; readonly admitted: Admitted }
  /** Rule `down` or `at_capacity` alone excludes it. */
  | { readonly kind: 'down' | 'full'; readonly admitted: Admitted; readonly rejection: Rejection }
  | { readonly kind: 'excluded'; readonly rejection: Rejection }

/** A provider that may serve the client as far as everything but health and capacity goes. */
export interface Admitted {
  readonly provider: ProviderFacts
  readonly terms: ProviderTerms
  readonly matched: Match
  readonly coverage: ProviderCoverage
  /** Undefined: far from every limit. */
  readonly capacity: CapacityVerdict | undefined
}

const NO_TERMS: ProviderTerms = {}

/** Applies the rules in their published order (docs/routing.md); the first that applies is the reason given. */
export function assess(provider: ProviderFacts, question: EligibilityQuestion): Verdict {
  const terms = question.policy.terms.get(provider.id) ?? NO_TERMS
  const before = checkAdministration(provider, terms, question)
  if (before !== undefined) return { kind: 'excluded', rejection: before }
  const verdict = checkService(provider, terms, question)
  if (provider.health.state !== 'down') return verdict
  const why = `${provider.id} is down${inBrackets(provider.health.reason)}`
  const rejection = reject(provider, 'down', why)
  return verdict.kind === 'eligible'
    ? { kind: 'down', admitted: verdict.admitted, rejection }
    : { kind: 'excluded', rejection }
}

function checkAdministration(
  provider: ProviderFacts,
  terms: ProviderTerms,
  { placements }: EligibilityQuestion,
): Rejection | undefined {
  const { id, administrative, drilled } = provider
  if (placements !== undefined) {
    const placement = placements.get(id)
    if (placement === undefined) return reject(provider, 'no_placement', `the scope is not placed on ${id}`)
    if (placement === 'not_ready') {
      return reject(provider, 'placement_not_ready', `the scope's placement on ${id} is not ready`)
    }
  }
  const because = inBrackets(administrative.reason)
  switch (administrative.state) {
    case 'disabled':
      return reject(provider, 'disabled', `${id} is disabled by an operator${because}`)
    case 'drained':
      return reject(provider, 'drained', `${id} is drained by an operator${because}`)
    case 'enabled':
      if (drilled !== undefined) {
        return reject(provider, 'drilled', `drill ${drilled.drill} pretends that ${id} is gone`)
      }
      return terms.excluded === undefined
        ? undefined
        : reject(provider, 'excluded_by_policy', `the policy does not use ${id}${inBrackets(terms.excluded)}`)
  }
}

/** Advertisement, footprint, capabilities, licences, capacity. */
function checkService(provider: ProviderFacts, terms: ProviderTerms, question: EligibilityQuestion): Verdict {
  const { id, advertisement } = provider
  const { policy } = question
  const exclude = (rule: RejectionRule, because: string): Verdict => ({
    kind: 'excluded',
    rejection: reject(provider, rule, because),
  })
  if (advertisement === undefined) return exclude('no_advertisement', `${id} has never advertised a footprint`)
  if (advertisement.expired) {
    return exclude('advertisement_expired', `the advertisement of ${id} has not been confirmed within the stale limit`)
  }
  const coverage = question.coverage(id, advertisement)
  const says = coverage.saysMoq || (!policy.requireMoqCapability && coverage.saysDelivery)
  if (!says) return exclude('no_moq_capability', `the advertisement of ${id} does not say that it serves MoQ`)
  const matched = coverage.saysMoq ? coverage.moq : coverage.delivery
  if (matched === undefined) {
    return exclude('outside_footprint', `the client is outside the footprint that ${id} advertises`)
  }
  const missing = whatIsMissing(coverage.capabilities, policy.needs)
  if (missing !== undefined) return exclude('missing_capability', `${id} does not offer this client ${missing}`)
  const denying = denyingRule(policy, id, question.rules)
  if (denying !== undefined) {
    const { rule } = denying
    return exclude(
      'denied_by_rule',
      rule === undefined
        ? `no rule of the policy allows ${id} to serve this client`
        : `rule ${rule.id} of the policy keeps ${id} from serving this client`,
    )
  }
  const capacity = judgeCapacity({
    provider: id,
    limits: coverage.capabilities.capacityLimits,
    volume: terms.volume,
    usage: question.usage,
    usageMaxAgeMs: policy.usageMaxAgeMs,
    now: question.now,
  })
  const admitted: Admitted = { provider, terms, matched, coverage, capacity }
  if (capacity?.full !== true) return { kind: 'eligible', admitted }
  const because = `${id} is at its limit: ${capacity.limitType} ${capacity.used} of ${capacity.hard}`
  return { kind: 'full', admitted, rejection: reject(provider, 'at_capacity', because) }
}

function reject(provider: ProviderFacts, rule: RejectionRule, because: string): Rejection {
  return { provider: provider.id, rule, because }
}

/** A reason in brackets, for the end of a sentence. */
export function inBrackets(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason})`
}
