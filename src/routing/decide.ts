import { compareMatches } from '../fci/match-footprint.ts'
import type { Candidate, Decision, Match, ProviderFacts, Rejection } from './decision.ts'
import type { Admitted, PlacementReadiness } from './eligibility.ts'
import { assess, inBrackets } from './eligibility.ts'
import type { RoutingPolicy } from './policy.ts'
import type { CoverageLookup } from './provider-coverage.ts'
import { drawProvider } from './rendezvous.ts'

export interface RoutingQuestion {
  readonly client: { readonly text: string }
  readonly coverage: CoverageLookup
  readonly providers: readonly ProviderFacts[]
  /** Placements of the scope asked for, by provider id; absent: no scope was asked for, so none is checked. */
  readonly placements?: ReadonlyMap<string, PlacementReadiness>
  readonly policy: RoutingPolicy
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Answers with one key stick together; see `clientPrefixKey`. */
  readonly key: string
}

interface Contender extends Admitted {
  /** Weight 0: stands behind everybody else. */
  readonly reserve: boolean
  readonly degraded: boolean
  readonly stale: boolean
  readonly draw: number
}

/**
 * Which CDN should serve this client, with every reason. Pure: the same question gives the same answer.
 * The order is the published precedence (docs/routing.md): hard rules, then reserve, health, staleness, most specific
 * footprint, priority, weight.
 */
export function decide(question: RoutingQuestion): Decision {
  const { client, coverage, providers, placements, policy } = question
  const up: Contender[] = []
  const down: Contender[] = []
  const rejected: Rejection[] = []
  for (const provider of providers) {
    const verdict = assess(provider, { coverage, clientText: client.text, policy, placements })
    if (verdict.eligible) up.push(contend(verdict.admitted, question.key))
    else {
      rejected.push(verdict.rejection)
      if (verdict.admitted !== undefined) down.push(contend(verdict.admitted, question.key))
    }
  }
  const panic = up.length === 0 && down.length > 0
  const contenders = (panic ? down : up).sort(compareContenders)
  const shaken = panic || down.length > 0 || contenders.length === 0 || contenders.some(({ degraded }) => degraded)
  return {
    client: client.text,
    candidates: contenders.map((contender) => toCandidate(contender, contenders, question, panic)),
    rejected: panic ? rejected.filter(({ rule, provider }) => rule !== 'down' || !isAmong(down, provider)) : rejected,
    ttlSeconds: shaken ? Math.min(policy.ttlSeconds, policy.degradedTtlSeconds) : policy.ttlSeconds,
    panic,
    advertisements: describeAdvertisements(providers, question.now),
  }
}

function contend(admitted: Admitted, key: string): Contender {
  const { provider } = admitted
  return {
    ...admitted,
    reserve: !(provider.weight > 0),
    degraded: provider.health.state === 'degraded',
    stale: provider.advertisement?.stale ?? false,
    draw: drawProvider(key, provider.id, provider.weight),
  }
}

function compareContenders(a: Contender, b: Contender): number {
  return compareTiers(a, b) || compareNumbers(a.draw, b.draw) || (a.provider.id < b.provider.id ? -1 : 1)
}

/** 0 for providers that only their weights tell apart. */
function compareTiers(a: Contender, b: Contender): number {
  return (
    Number(a.reserve) - Number(b.reserve) ||
    Number(a.degraded) - Number(b.degraded) ||
    Number(a.stale) - Number(b.stale) ||
    compareMatches(a.matched, b.matched) ||
    compareNumbers(a.provider.priority, b.provider.priority)
  )
}

/** Not a difference, which is NaN for two infinities. */
function compareNumbers(a: number, b: number): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function isAmong(contenders: readonly Contender[], id: string): boolean {
  return contenders.some(({ provider }) => provider.id === id)
}

function toCandidate(
  contender: Contender,
  all: readonly Contender[],
  { now }: RoutingQuestion,
  panic: boolean,
): Candidate {
  const { provider, matched, coverage, reserve, degraded, stale } = contender
  const { id, priority, weight, health, advertisement, target } = provider
  const because = [explainMatch(matched)]
  if (panic)
    because.push(
      `panic: every CDN that could serve is down, so health is ignored; ${id} is down${inBrackets(health.reason)}`,
    )
  if (reserve) because.push('demoted: weight 0 serves only when nobody else can')
  if (degraded) because.push(`demoted: degraded${inBrackets(health.reason)}`)
  if (stale && advertisement !== undefined) {
    because.push(`demoted: its advertisement was last confirmed ${ageSeconds(now, advertisement.confirmedAt)} s ago`)
  }
  because.push(`priority ${priority}`)
  const tier = all.filter((other) => compareTiers(contender, other) === 0)
  if (tier.length > 1) {
    const total = tier.reduce((sum, other) => sum + other.provider.weight, 0)
    because.push(`weight ${weight} of ${total} among ${tier.length} equals, drawn by the client's key`)
  }
  return {
    provider: id,
    matched,
    priority,
    weight,
    redirectTargets: target === undefined ? coverage.capabilities.redirectTargets : [target.redirect],
    addresses: target?.addresses ?? [],
    because,
  }
}

function explainMatch({ type, value, prefixLength }: Match): string {
  switch (type) {
    case 'ipv4cidr':
    case 'ipv6cidr':
      return `its footprint holds the client by ${type} ${value} (${prefixLength} bits)`
    case 'asn':
    case 'countrycode':
    case 'subdivisioncode':
      return `its footprint holds the client by ${type} ${value}`
    case 'global':
      return 'its footprint is global'
  }
}

function describeAdvertisements(providers: readonly ProviderFacts[], now: number): Decision['advertisements'] {
  const described: Decision['advertisements'][number][] = []
  for (const { id, advertisement } of providers) {
    if (advertisement === undefined) continue
    const { version, confirmedAt, stale } = advertisement
    described.push({ provider: id, version, ageSeconds: ageSeconds(now, confirmedAt), stale })
  }
  return described
}

function ageSeconds(now: number, then: number): number {
  return Math.max(0, Math.floor((now - then) / 1000))
}
