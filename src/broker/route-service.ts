import type { Decision } from '../routing/decision.ts'

export interface RouteQuestion {
  /** Client address as text. */
  readonly client: string
  readonly scope?: string
  /** Keeps one viewer on one CDN among equals; default: the client's /24 or /48. */
  readonly session?: string
}

export interface RouteAnswer {
  readonly decision: Decision
  /** Connect URL by provider, for those candidates that have one; only when a scope was named. */
  readonly connectUrls: ReadonlyMap<string, ConnectUrl>
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
}
