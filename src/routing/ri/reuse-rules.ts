import { canonicalJson, toJsonValue } from '../../fci/canonical-json.ts'
import { containsAddress } from '../../fci/prefix.ts'
import { clientOf, printRedirectionRequest, type RedirectionRequest } from './redirection-request.ts'
import type { RedirectionResponse } from './redirection-response.ts'

/** A response that is kept, with the request that it answers. */
export interface KeptExchange {
  readonly request: RedirectionRequest
  readonly response: RedirectionResponse
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** When HTTP's rules make it stale, milliseconds since the epoch. */
  readonly freshUntil: number
}

/**
 * The exchange whose response may be used for this request: fresh, of a request that was the same but perhaps for a
 * client in its scope, the most recent of several (RFC 7975 4.6).
 */
export function reusableFor(
  request: RedirectionRequest,
  kept: readonly KeptExchange[],
  now: number,
): KeptExchange | undefined {
  let best: KeptExchange | undefined
  for (const one of kept) {
    if (one.freshUntil <= now || (best !== undefined && best.receivedAt >= one.receivedAt)) continue
    if (mayReuse(request, one)) best = one
  }
  return best
}

/**
 * Whether the response may answer this request, its age apart. The text speaks of `c-ip` alone, though its example has a
 * scope for DNS: there the scope is compared with the client's subnet, or without one with the resolver.
 */
function mayReuse(request: RedirectionRequest, { request: answered, response }: KeptExchange): boolean {
  if (keyOf(request) !== keyOf(answered)) return false
  const client = clientOf(request)
  const before = clientOf(answered)
  if (client.version === before.version && client.value === before.value && client.length === before.length) return true
  if (response.outcome === 'refused') return false
  return response.scope.some((prefix) => prefix.length <= client.length && containsAddress(prefix, client))
}

/** Equal for requests that differ in the client at most. */
function keyOf(request: RedirectionRequest): string {
  const { asked } = request
  const isSubnet = asked.kind === 'dns' && asked.clientSubnet !== undefined
  const client = { version: 4, value: 0n, length: 0 } as const
  const veiled: RedirectionRequest['asked'] =
    asked.kind === 'http'
      ? { ...asked, client }
      : isSubnet
        ? { ...asked, clientSubnet: client }
        : { ...asked, resolver: client }
  return canonicalJson(toJsonValue(printRedirectionRequest({ ...request, asked: veiled }), 4) ?? null)
}
