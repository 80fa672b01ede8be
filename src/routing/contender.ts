import type { RedirectTarget } from '../fci/effective-capabilities.ts'
import { type ClientFacts, compareMatches } from '../fci/match-footprint.ts'
import type { CapacityVerdict } from './capacity.ts'
import { matchAt } from './coverage/coverage-match.ts'
import type { Candidate, Match, ProviderFacts } from './decision.ts'
import { type Admitted, inBrackets } from './eligibility.ts'

/** A provider that may serve the client, with what its place among the others depends on. */
export interface Contender {
  readonly provider: ProviderFacts
  readonly matched: Match
  readonly capacity: CapacityVerdict | undefined
  readonly priority: number
  readonly weight: number
  /** 0 while a committed volume is behind its pace; undefined: not known. */
  readonly price: number | undefined
  /** Weight 0: stands behind everybody else. */
  readonly reserve: boolean
  readonly degraded: boolean
  readonly stale: boolean
  readonly admitted: Admitted
}

/** Negative if `a` stands before `b` whatever the key: the lines of docs/routing.md above the draw, but for shedding. */
export function compareContenders(a: Contender, b: Contender): number {
  return compareStanding(a, b) || comparePreference(a, b)
}

/** Reserve, health, freshness. */
export function compareStanding(a: Contender, b: Contender): number {
  return (
    Number(a.reserve) - Number(b.reserve) ||
    Number(a.degraded) - Number(b.degraded) ||
    Number(a.stale) - Number(b.stale)
  )
}

/** Most specific footprint, priority. */
export function comparePreference(a: Contender, b: Contender): number {
  return compareMatches(a.matched, b.matched) || compareNumbers(a.priority, b.priority)
}

/** Not a difference, which is NaN for two infinities. */
export function compareNumbers(a: number, b: number): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** What puts a contender where it stands, in the order of the published precedence. */
export interface Standing {
  readonly panic: boolean
  /** Everybody left is at a hard limit. */
  readonly overfull: boolean
  /** What its key or measurements did, in words. */
  readonly quality?: string
  readonly shedding?: string
  readonly balance?: string
  /** How many are told apart from it by the draw alone, itself included, and the sum of their weights. */
  readonly equals: number
  readonly totalWeight: number
}

/**
 * A candidate whose targets and reasons are worked out when first read. It is the same for all clients of a plan, so
 * the value of its match is empty where it is the client's own; `at` fills it in.
 */
export class RankedCandidate implements Candidate {
  readonly provider: string
  readonly matched: Match
  readonly priority: number
  readonly weight: number
  readonly addresses: readonly string[]
  readonly #contender: Contender
  readonly #standing: Standing
  #because: readonly string[] | undefined

  constructor(contender: Contender, standing: Standing) {
    const { provider, matched, priority, weight } = contender
    this.provider = provider.id
    this.matched = matched
    this.priority = priority
    this.weight = weight
    this.addresses = provider.target?.addresses ?? NO_ADDRESSES
    this.#contender = contender
    this.#standing = standing
  }

  get ranked(): object {
    return this
  }

  /** The candidate as it is for one client, whose facts are asked for when they are needed. */
  at(facts: () => ClientFacts): Candidate {
    return this.matched.value === '' ? new CandidateAt(this, this.#contender, this.#standing, facts) : this
  }

  get redirectTargets(): readonly RedirectTarget[] {
    const { provider, admitted } = this.#contender
    return provider.target === undefined ? admitted.coverage.capabilities.redirectTargets : [provider.target.redirect]
  }

  get because(): readonly string[] {
    this.#because ??= explain(this.#contender, this.#standing)
    return this.#because
  }
}

class CandidateAt implements Candidate {
  readonly ranked: RankedCandidate
  readonly #contender: Contender
  readonly #standing: Standing
  readonly #facts: () => ClientFacts
  #matched: Match | undefined

  constructor(ranked: RankedCandidate, contender: Contender, standing: Standing, facts: () => ClientFacts) {
    this.ranked = ranked
    this.#contender = contender
    this.#standing = standing
    this.#facts = facts
  }

  get provider(): string {
    return this.ranked.provider
  }

  get priority(): number {
    return this.ranked.priority
  }

  get weight(): number {
    return this.ranked.weight
  }

  get addresses(): readonly string[] {
    return this.ranked.addresses
  }

  get redirectTargets(): readonly RedirectTarget[] {
    return this.ranked.redirectTargets
  }

  get matched(): Match {
    const { type, prefixLength } = this.ranked.matched
    this.#matched ??= matchAt({ footprint: 0, type, prefixLength }, this.#facts())
    return this.#matched
  }

  get because(): readonly string[] {
    return explain({ ...this.#contender, matched: this.matched }, this.#standing)
  }
}

const NO_ADDRESSES: readonly string[] = []

function explain(contender: Contender, standing: Standing): readonly string[] {
  const { provider, matched, reserve, stale, weight, priority, admitted } = contender
  const { id, health, advertisement } = provider
  const lines: (string | undefined)[] = [
    explainMatch(matched),
    standing.panic
      ? `panic: every CDN that could serve is down, so health is ignored; ${id} is down${inBrackets(health.reason)}`
      : undefined,
    standing.overfull ? `kept at its limit of ${admitted.capacity?.limitType}: everybody else is full too` : undefined,
    reserve ? 'demoted: weight 0 serves only when nobody else can' : undefined,
    health.state === 'degraded' ? `demoted: degraded${inBrackets(health.reason)}` : undefined,
    standing.quality,
    stale && advertisement !== undefined
      ? `demoted: its advertisement was last confirmed at ${new Date(advertisement.confirmedAt).toISOString()}`
      : undefined,
    standing.shedding,
    `priority ${priority}`,
    standing.balance,
    standing.equals > 1
      ? `weight ${weight} of ${standing.totalWeight} among ${standing.equals} equals, drawn by the client's key`
      : undefined,
  ]
  return lines.filter((line) => line !== undefined)
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
