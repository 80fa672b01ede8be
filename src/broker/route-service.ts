import type { Prefix } from '../fci/prefix.ts'
import type { Decision, HealthState } from '../routing/decision.ts'

export interface RouteQuestion {
  /** Client address as text. */
  readonly client: string
  readonly scope?: string | undefined
  /** Keeps one viewer on one CDN among equals; default: the client's /24 or /48. */
  readonly session?: string | undefined
}

export interface RouteAnswer {
  readonly decision: Decision
  /** Connect URL by provider, for those candidates that have one; only when a scope was named. */
  readonly connectUrls: ReadonlyMap<string, ConnectUrl>
  /** What the answer was made of, besides the advertisements and the policy that the decision names. */
  readonly versions: AnswerVersions
  /** Where in the coverage map the client was found; undefined: there was no map. */
  readonly coverage: AnswerCoverage | undefined
  /** A prefix around the client all of whose clients get this answer (RFC 7871 7.2.1); undefined: not known. */
  readonly sameFor: Prefix | undefined
  /**
   * Where clients of the same plan are told apart by the draw over their /24 or /48 alone: the plan, and for whom it
   * holds. Undefined: nothing is drawn, or measurements, shedding or a trial tell neighbours apart as well.
   */
  readonly drawn?: DrawnPlan | undefined
}

export interface DrawnPlan {
  /** How many candidates each tier has, the best first; the draw orders those of one tier. */
  readonly tiers: readonly number[]
  /** A prefix around the client all of whose clients have this plan; undefined: not known. */
  readonly sameFor: Prefix | undefined
}

export interface AnswerVersions {
  /** Of the coverage map; undefined: footprints were read plainly. */
  readonly map: string | undefined
  readonly geo: readonly { readonly name: string; readonly version: string }[]
  /** Health of every provider as it was seen. */
  readonly health: readonly { readonly provider: string; readonly state: HealthState }[]
}

export interface AnswerCoverage {
  /** Version of the map. */
  readonly map: string
  /** When it was made, milliseconds since the epoch. */
  readonly madeAt: number
  /** Whether it was kept from before the last start and not made since. */
  readonly kept: boolean
  /** The decision class of the client: a number in this very map. */
  readonly classId: number
  /** A prefix around the client all of whose addresses are in this class. */
  readonly prefix: Prefix
  /** Providers whose advertisement is not in the map yet, so that it was read plainly. */
  readonly readPlainly: readonly string[]
}

export interface ConnectUrl {
  /** Holds a token. */
  readonly url: string
  /** Whether the token may publish. */
  readonly publishCapable: boolean
}

/** Answers "which CDN should serve this client". `BrokerError` `invalid_request` for a bad address, `not_found` for the scope. */
export interface RouteService {
  decide(question: RouteQuestion): Promise<RouteAnswer>
  /** The same from memory alone; undefined when the scope or a credential of it is not held (then ask `decide`). */
  decideHeld(question: RouteQuestion): RouteAnswer | undefined
  /**
   * Changes whenever the answer to any client of the scope, or of no scope, may have changed, but for the client's
   * connect URLs while their credentials are opened. Undefined when the scope is not in memory, or there is none.
   */
  version(scope?: string): string | undefined
}
