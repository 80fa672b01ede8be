import type { RedirectTarget } from '../../fci/effective-capabilities.ts'
import { parseAddress } from '../../fci/prefix.ts'
import type { Candidate } from '../decision.ts'
import { dnsTargetFor } from '../redirect-target.ts'

/**
 * Where DNS sends one client, and for how long. `sameForBits`: so many leading bits of the client's address decide;
 * every client that shares them gets the same answer.
 */
export type ClientAnswer =
  | {
      readonly kind: 'addresses'
      readonly addresses: readonly string[]
      readonly ttlSeconds: number
      readonly sameForBits: number
    }
  | { readonly kind: 'alias'; readonly host: string; readonly ttlSeconds: number; readonly sameForBits: number }
  /** No CDN that may serve this client has a DNS target. */
  | { readonly kind: 'nobody'; readonly sameForBits: number }

/** `absent`: there is no such scope. */
export type ScopeAnswer = ClientAnswer | 'absent'

/** What of a decision an answer is made of. */
export interface AnswerFacts {
  readonly candidates: readonly Pick<Candidate, 'addresses' | 'redirectTargets'>[]
  readonly ttlSeconds: number
  readonly sameForBits: number
}

/** Where those go whom no CDN may serve. */
export interface FallbackTarget {
  readonly host?: string | undefined
  readonly addresses: readonly string[]
}

/**
 * The answer that a decision means for a name: the first candidate that has a DNS target for it; without one the
 * fallback, and without that nobody.
 *
 * @param name - in lower case, without the last dot.
 */
export function answerOf(facts: AnswerFacts, name: string, fallback: FallbackTarget | undefined): ClientAnswer {
  const { candidates, ttlSeconds, sameForBits } = facts
  for (const { addresses, redirectTargets } of candidates) {
    if (addresses.length > 0) return { kind: 'addresses', addresses, ttlSeconds, sameForBits }
    const host = dnsHostFor(redirectTargets, name)
    if (host !== undefined) return answerOfHost(host, ttlSeconds, sameForBits)
  }
  if (fallback !== undefined && fallback.addresses.length > 0) {
    return { kind: 'addresses', addresses: fallback.addresses, ttlSeconds, sameForBits }
  }
  if (fallback?.host !== undefined) return answerOfHost(fallback.host, ttlSeconds, sameForBits)
  return { kind: 'nobody', sameForBits }
}

/** A target that is an address has no name that could be an alias (RFC 8804 2.4). */
function answerOfHost(host: string, ttlSeconds: number, sameForBits: number): ClientAnswer {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return parseAddress(bare) === undefined
    ? { kind: 'alias', host: bare, ttlSeconds, sameForBits }
    : { kind: 'addresses', addresses: [bare], ttlSeconds, sameForBits }
}

/** The host of the target that holds for the name; an HTTP target alone is none for DNS (RFC 8804 2.3). */
function dnsHostFor(targets: readonly RedirectTarget[], name: string): string | undefined {
  const target = dnsTargetFor(targets, name)?.target
  if (target === undefined) return undefined
  const host = withoutPort(target.host).replace(/\.$/, '')
  return isHostName(host) || parseAddress(host.replace(/^\[|\]$/g, '')) !== undefined ? host : undefined
}

/** A port has no meaning in DNS and is ignored (RFC 8804 2.4). */
function withoutPort(host: string): string {
  return host.replace(/(?<=^[^:]*|\]):\d+$/, '')
}

const HOST_NAME = /^(?=.{1,253}$)(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i

/** An advertised host that no DNS record could hold is no target. */
function isHostName(host: string): boolean {
  return HOST_NAME.test(host)
}
