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
  readonly connectUrls: ReadonlyMap<string, { readonly url: string; readonly publishCapable: boolean }>
}

/** Answers "which CDN should serve this client". `BrokerError` `invalid_request` for a bad address, `not_found` for the scope. */
export interface RouteService {
  decide(question: RouteQuestion): Promise<RouteAnswer>
}
