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
