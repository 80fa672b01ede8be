import type { Match, ProviderFacts, Rejection, RejectionRule } from './decision.ts'
import type { RoutingPolicy } from './policy.ts'
import type { CoverageLookup, ProviderCoverage } from './provider-coverage.ts'

/** State of a scope's placement on a provider, as far as routing needs it. */
export type PlacementReadiness = 'ready' | 'not_ready'

export interface EligibilityQuestion {
  readonly coverage: CoverageLookup
  /** Canonical text of the client's address, for the reasons. */
  readonly clientText: string
  readonly policy: RoutingPolicy
  /** Placements of the scope asked for, by provider id; undefined: no scope was asked for. */
  readonly placements: ReadonlyMap<string, PlacementReadiness> | undefined
}

export type Verdict =
  | { readonly eligible: true; readonly admitted: Admitted }
  | { readonly eligible: false; readonly rejection: Rejection; readonly admitted: Admitted | undefined }

/** A provider whose footprint holds the client. */
export interface Admitted {
  readonly provider: ProviderFacts
  readonly matched: Match
  readonly coverage: ProviderCoverage
}

/**
 * Applies the rules in their published order (docs/routing.md); the first that applies is the reason given.
 * A provider that only rule `down` excludes comes back as admitted, for the panic mode.
 */
export function assess(provider: ProviderFacts, question: EligibilityQuestion): Verdict {
  const before = checkAdministration(provider, question)
  if (before !== undefined) return { eligible: false, rejection: before, admitted: undefined }
  const coverage = checkCoverage(provider, question)
  if (provider.health.state === 'down') {
    const why = `${provider.id} is down${inBrackets(provider.health.reason)}`
    return { eligible: false, rejection: reject(provider, 'down', why), admitted: coverage.admitted }
  }
  if (coverage.admitted === undefined) return { eligible: false, rejection: coverage.rejection, admitted: undefined }
  return { eligible: true, admitted: coverage.admitted }
}

function checkAdministration(provider: ProviderFacts, { placements }: EligibilityQuestion): Rejection | undefined {
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
      return drilled && reject(provider, 'drilled', `drill ${drilled.drill} pretends that ${id} is gone`)
  }
}

type Coverage = { readonly admitted: Admitted } | { readonly admitted: undefined; readonly rejection: Rejection }

function checkCoverage(provider: ProviderFacts, question: EligibilityQuestion): Coverage {
  const { id, advertisement } = provider
  const refuse = (rule: RejectionRule, because: string): Coverage => ({
    admitted: undefined,
    rejection: reject(provider, rule, because),
  })
  if (advertisement === undefined) return refuse('no_advertisement', `${id} has never advertised a footprint`)
  if (advertisement.expired) {
    return refuse('advertisement_expired', `the advertisement of ${id} has not been confirmed within the stale limit`)
  }
  const coverage = question.coverage(id, advertisement)
  const says = coverage.saysMoq || (!question.policy.requireMoqCapability && coverage.saysDelivery)
  if (!says) return refuse('no_moq_capability', `the advertisement of ${id} does not say that it serves MoQ`)
  const matched = coverage.saysMoq ? coverage.moq : coverage.delivery
  return matched === undefined
    ? refuse('outside_footprint', `${question.clientText} is outside the footprint that ${id} advertises`)
    : { admitted: { provider, matched, coverage } }
}

function reject(provider: ProviderFacts, rule: RejectionRule, because: string): Rejection {
  return { provider: provider.id, rule, because }
}

/** A reason in brackets, for the end of a sentence. */
export function inBrackets(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason})`
}
