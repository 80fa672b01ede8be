import { leadsThrough } from '../../fci/cdn-path.ts'
import type { RedirectionRequest } from './redirection-request.ts'
import { type RiError, riError } from './ri-error.ts'

type Way = Pick<RedirectionRequest, 'cdnPath' | 'maxHops'>

/**
 * Why a request that arrives must be refused for its way, or undefined (RFC 7975 4.8): 502 when it came through this CDN
 * already, 503 when the way is longer than its sender allows.
 *
 * @param own - the CDN Provider ID of this CDN.
 */
export function refusedForItsWay({ cdnPath, maxHops }: Way, own: string): RiError | undefined {
  if (leadsThrough(cdnPath, own)) return riError(502)
  return maxHops !== undefined && cdnPath.length > maxHops ? riError(503) : undefined
}

/** Whether a request may be asked on of other CDNs at all: counted before this CDN adds itself (RFC 7975 4.8). */
export function mayCascade({ cdnPath, maxHops }: Way): boolean {
  return maxHops === undefined || cdnPath.length < maxHops
}

/** Whether asking this CDN could end otherwise than in 502: it is not on the way, and the request may go on. */
export function mayAsk(way: Way, downstream: string): boolean {
  return mayCascade(way) && !leadsThrough(way.cdnPath, downstream)
}

/** The request as this CDN asks it on; `dns-only` and `max-hops` stay as they are (RFC 7975 4.4.1, 4.8). */
export function cascaded(request: RedirectionRequest, own: string): RedirectionRequest {
  return { ...request, cdnPath: [...request.cdnPath, own] }
}
