import type { Advertisement } from '../fci/advertisement.ts'
import type { RedirectTarget } from '../fci/effective-capabilities.ts'

export type AdministrativeState = 'enabled' | 'drained' | 'disabled'
export type HealthState = 'unknown' | 'up' | 'degraded' | 'down'

/** What routing knows of one provider. Ids are opaque. */
export interface ProviderFacts {
  readonly id: string
  /** Absent: never seen. */
  readonly advertisement?: HeldAdvertisement
  readonly administrative: { readonly state: AdministrativeState; readonly reason?: string }
  readonly health: { readonly state: HealthState; readonly reason?: string }
  /** Lower is preferred. */
  readonly priority: number
  /** Share among equals; 0 takes no traffic while another can. */
  readonly weight: number
  /** Set when a drill pretends that the provider is gone. */
  readonly drilled?: { readonly drill: string }
  /** Where its clients are sent, instead of what it advertises. */
  readonly target?: ProviderTarget
}

export interface ProviderTarget {
  /** Holds for all hosts. */
  readonly redirect: RedirectTarget
  /** IPv4 and IPv6, answered by DNS instead of the host of the target. */
  readonly addresses: readonly string[]
}

export interface HeldAdvertisement {
  readonly model: Advertisement
  /** Strong version: a hash of the canonical form. */
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number
  /** Last confirmed unchanged or fetched, milliseconds since the epoch. */
  readonly confirmedAt: number
  /** Not confirmed for longer than the freshness limit: demoted behind fresh ones. */
  readonly stale: boolean
  /** Not confirmed for longer than the stale limit: no longer used. */
  readonly expired: boolean
}

/** What of the advertisement let the client in. */
export interface Match {
  readonly type: 'ipv4cidr' | 'ipv6cidr' | 'asn' | 'countrycode' | 'subdivisioncode' | 'global'
  readonly value: string
  /** Bits of the matched prefix; 0 for matches that are not by prefix. */
  readonly prefixLength: number
}

export interface Candidate {
  readonly provider: string
  readonly matched: Match
  readonly priority: number
  readonly weight: number
  /** Where to send the client: the configured target alone, else those advertised for this client, in their order. */
  readonly redirectTargets: readonly RedirectTarget[]
  /** Of the configured target. */
  readonly addresses: readonly string[]
  /** One object for all clients for whom everything above but the value of `matched` is the same. */
  readonly ranked: object
  /** Why it stands where it stands, in words. */
  readonly because: readonly string[]
}

/** The lines of the published order (docs/routing.md, section 3), from the first to the last. */
export type PrecedenceLine =
  | 'reserve'
  | 'health'
  | 'staleness'
  | 'shedding'
  | 'footprint'
  | 'priority'
  | 'balance'
  | 'draw'
  | 'id'

/** Why a candidate stands behind the one before it. */
export interface Behind {
  /** The one before it. */
  readonly provider: string
  /** The first line of the order that tells the two apart. */
  readonly line: PrecedenceLine
  /** Made of ids, numbers and our own words alone: nothing in it was written by an operator or a CDN. */
  readonly because: string
}

/** The rule that excluded a provider. */
export type RejectionRule =
  | 'no_placement'
  | 'placement_not_ready'
  | 'disabled'
  | 'drained'
  | 'drilled'
  | 'excluded_by_policy'
  | 'down'
  | 'no_advertisement'
  | 'advertisement_expired'
  | 'no_moq_capability'
  | 'outside_footprint'
  | 'missing_capability'
  | 'denied_by_rule'
  | 'at_capacity'

export interface Rejection {
  readonly provider: string
  readonly rule: RejectionRule
  readonly because: string
}

/** The answer to "which CDN should serve this client", with its reasons. */
export interface Decision {
  readonly client: string
  /** Best first. Empty: nobody may serve this client. */
  readonly candidates: readonly Candidate[]
  /** Why the second candidate stands behind the first, the third behind the second, and so on. */
  readonly behind: readonly Behind[]
  readonly rejected: readonly Rejection[]
  readonly ttlSeconds: number
  /** Every provider that could serve is down, so health was ignored and all were kept (fail open, visible). */
  readonly panic: boolean
  /** Revision of the policy that was followed. */
  readonly policy: string
  /** Versions of the advertisements used. */
  readonly advertisements: readonly {
    readonly provider: string
    readonly version: string
    readonly ageSeconds: number
    readonly stale: boolean
  }[]
}
