import { createHash } from 'node:crypto'

/**
 * The relays that a pull serves, first the one whose clients wanted it. A relay sends it with the WebSocket upgrade
 * of a pull; it is empty for a client. Every chain is served by a pull of its own, so that no relay is ever offered
 * what came through itself: a ring of origin fallbacks ends where the next chain would hold a relay twice.
 */
export type HopChain = readonly string[]

/** Request header of the WebSocket upgrade: relay ids joined by commas. Ours, no standard's. */
export const HOPS_HEADER = 'moq-hops'

/** More relays than this in a row are taken for a mistake. */
export const MAX_HOPS = 8

const HOP_ID = /^[A-Za-z0-9_-]{1,64}$/

/** The chain in a header, `[]` without one, `undefined` when it is malformed. */
export function parseHops(header: string | undefined): HopChain | undefined {
  if (header === undefined) return []
  const ids = header.split(',').map((id) => id.trim())
  return ids.every((id) => HOP_ID.test(id)) ? ids : undefined
}

/** A relay's id in one scope: two scopes of one relay may well feed each other, and a hash does not tell scopes. */
export function hopId(relayId: string, scopeId: string): string {
  return createHash('sha256').update(`${relayId}\0${scopeId}`).digest('hex').slice(0, 16)
}

/** The key under which equal chains share one pull. */
export function chainKey(chain: HopChain): string {
  return chain.join(',')
}
