/** What the operator decides about every answer. */
export interface RoutingPolicy {
  /** How long a client may hold an answer. */
  readonly ttlSeconds: number
  /** The same while something is degraded, so that clients come back soon; not above `ttlSeconds`. */
  readonly degradedTtlSeconds: number
  /** Whether a provider must say in its advertisement that it serves MoQ. */
  readonly requireMoqCapability: boolean
}
