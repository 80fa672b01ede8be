import type { RedirectTarget } from '../../fci/effective-capabilities.ts'
import { type Address, parseAddress } from '../../fci/prefix.ts'
import type { Candidate } from '../decision.ts'
import { dnsTargetFor } from '../redirect-target.ts'
import { drawProvider } from '../rendezvous.ts'
import { clientPrefixKey } from '../routing-key.ts'

/**
 * Where DNS sends one client, and for how long. `sameForBits`: so many leading bits of the client's address decide;
 * every client that shares them gets the same answer.
 */
export type ClientAnswer = (TargetAnswer | NobodyAnswer) & SameFor

/** How many leading bits of the client's address decide. */
interface SameFor {
  readonly sameForBits: number
}

/** Where one CDN has its clients sent. */
export type TargetAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly ttlSeconds: number }
  | { readonly kind: 'alias'; readonly host: string; readonly ttlSeconds: number }

/** No CDN that may serve this client has a DNS target. */
interface NobodyAnswer {
  readonly kind: 'nobody'
}

/**
 * The answers of several CDNs, among which the draw over the client's /24 or /48 decides: so one may be told for many
 * networks, each of which gets its own.
 */
export interface DrawnAnswer extends SameFor {
  readonly kind: 'drawn'
  readonly among: readonly DrawnTarget[]
}

export interface DrawnTarget {
  readonly provider: string
  readonly weight: number
  readonly target: TargetAnswer
}

/** `absent`: there is no such scope. */
export type ScopeAnswer = ClientAnswer | DrawnAnswer | 'absent'

/** Equal for answers that are alike but for the number of bits. */
export function answerKey(answer: ScopeAnswer): string {
  if (answer === 'absent') return answer
  switch (answer.kind) {
    case 'nobody':
      return answer.kind
    case 'alias':
    case 'addresses':
      return targetKey(answer)
    case 'drawn':
      return answer.among.map(({ provider, weight, target }) => `${provider} ${weight} ${targetKey(target)}`).join('|')
  }
}

function targetKey(target: TargetAnswer): string {
  switch (target.kind) {
    case 'alias':
      return `${target.ttlSeconds} ${target.host}`
    case 'addresses':
      return `${target.ttlSeconds} ${target.addresses.join()}`
  }
}

/** Bits that tell the networks apart over which is drawn. */
export const DRAWN_BITS = { 4: 24, 6: 48 } as const

/** What this client gets of a drawn answer. */
export function drawAnswer(among: readonly DrawnTarget[], client: Address): TargetAnswer | undefined {
  const key = clientPrefixKey(client)
  let best: { readonly draw: number; readonly of: DrawnTarget } | undefined
  for (const of of among) {
    const draw = drawProvider(key, of.provider, of.weight)
    const isBetter = best === undefined || draw < best.draw || (draw === best.draw && of.provider < best.of.provider)
    if (isBetter) best = { draw, of }
  }
  return best?.of.target
}

/** What of a decision an answer is made of. */
export interface AnswerFacts {
  readonly candidates: readonly Pick<Candidate, 'addresses' | 'redirectTargets'>[]
  readonly ttlSeconds: number
  readonly sameForBits: number
}

export interface DrawFacts extends AnswerFacts {
  readonly candidates: readonly Pick<Candidate, 'addresses' | 'redirectTargets' | 'provider' | 'weight'>[]
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
  for (const candidate of candidates) {
    const target = targetOf(candidate, name, ttlSeconds)
    if (target !== undefined) return { ...target, sameForBits }
  }
  if (fallback !== undefined && fallback.addresses.length > 0) {
    return { kind: 'addresses', addresses: fallback.addresses, ttlSeconds, sameForBits }
  }
  if (fallback?.host !== undefined) return { ...answerOfHost(fallback.host, ttlSeconds), sameForBits }
  return { kind: 'nobody', sameForBits }
}

/**
 * The same for all clients of a plan: the first tier with a DNS target answers, and the draw decides among those of it
 * that have one.
 *
 * @param tiers - how many of the candidates each tier has.
 */
export function answerOfPlan(
  facts: DrawFacts,
  tiers: readonly number[],
  name: string,
  fallback: FallbackTarget | undefined,
): ClientAnswer | DrawnAnswer {
  const { candidates, ttlSeconds, sameForBits } = facts
  let first = 0
  for (const count of tiers) {
    const among = candidates.slice(first, first + count).flatMap((candidate) => {
      const target = targetOf(candidate, name, ttlSeconds)
      return target === undefined ? [] : [{ provider: candidate.provider, weight: candidate.weight, target }]
    })
    if (among.length > 1) return { kind: 'drawn', among: among.sort(byProvider), sameForBits }
    if (among.length === 1) break
    first += count
  }
  return answerOf(facts, name, fallback)
}

/** In one order for all clients, so that answers that are alike look alike. */
function byProvider(a: DrawnTarget, b: DrawnTarget): number {
  return a.provider < b.provider ? -1 : 1
}

function targetOf(
  { addresses, redirectTargets }: AnswerFacts['candidates'][number],
  name: string,
  ttlSeconds: number,
): TargetAnswer | undefined {
  if (addresses.length > 0) return { kind: 'addresses', addresses, ttlSeconds }
  const host = dnsHostFor(redirectTargets, name)
  return host === undefined ? undefined : answerOfHost(host, ttlSeconds)
}

/** A target that is an address has no name that could be an alias (RFC 8804 2.4). */
function answerOfHost(host: string, ttlSeconds: number): TargetAnswer {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return parseAddress(bare) === undefined
    ? { kind: 'alias', host: bare, ttlSeconds }
    : { kind: 'addresses', addresses: [bare], ttlSeconds }
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
