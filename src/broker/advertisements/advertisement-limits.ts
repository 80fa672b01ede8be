import type { FciConfig } from '../config/fci-schema.ts'
import type { Freshness } from '../outbound/http-freshness.ts'

/** How long an advertisement may be relied on after it was last confirmed, in seconds. */
export interface AdvertisementLimits {
  /** When to ask again. */
  readonly pollSeconds: number
  /** Longer ago: demoted. */
  readonly staleSeconds: number
  /** Longer ago: not used. */
  readonly expireSeconds: number
}

/** A peer that wants to be asked more often than this is not. */
const MIN_POLL_SECONDS = 1
const FILE_LIMITS: AdvertisementLimits = {
  pollSeconds: 10,
  staleSeconds: Number.POSITIVE_INFINITY,
  expireSeconds: Number.POSITIVE_INFINITY,
}

/**
 * The operator's limits, shortened by what the peer says of its answer (RFC 9111 4.2, RFC 5861): it is asked again when
 * no longer fresh, it is stale after `stale-while-revalidate`, and gone after `stale-if-error`. An answer is not stale
 * before two polls could have failed, or every slow one would demote the CDN.
 *
 * @param config - absent for an advertisement from a file.
 */
export function advertisementLimits(config: FciConfig | undefined, freshness: Freshness = {}): AdvertisementLimits {
  if (config === undefined) return FILE_LIMITS
  const { freshSeconds = 0, staleWhileRevalidateSeconds, staleIfErrorSeconds } = freshness
  const pollSeconds =
    freshness.freshSeconds === undefined
      ? config.poll_seconds
      : Math.min(config.poll_seconds, Math.max(freshness.freshSeconds, MIN_POLL_SECONDS))
  const floor = 2 * (pollSeconds + config.timeout_ms / 1000)
  const until = (limit: number, allowed: number | undefined): number =>
    allowed === undefined ? limit : Math.min(limit, Math.max(freshSeconds + allowed, floor))
  const expireSeconds = until(config.expire_after_seconds, staleIfErrorSeconds)
  return {
    pollSeconds,
    staleSeconds: Math.min(until(config.stale_after_seconds, staleWhileRevalidateSeconds), expireSeconds),
    expireSeconds,
  }
}
