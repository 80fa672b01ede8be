/** Rights a credential carries on a scope. */
export type Right = 'publish' | 'subscribe'

/** How a provider makes a relay pull content that it does not have. */
export type OriginFallbackSupport = 'native' | 'coordinator' | 'bridge' | 'none'

/**
 * What one adapter, with its options, can do. Declared, never sniffed; the conformance suite proves
 * that declaration and behaviour agree in both directions. Absent abilities are `false`, `0` or `[]`.
 */
export interface Capabilities {
  /** `createScope` takes upstreams. Without it, upstreams MUST be empty at creation. */
  readonly configAtCreate: boolean
  /** `setUpstreams` exists: the configuration can change after creation. */
  readonly updateConfig: boolean
  readonly get: boolean
  readonly list: boolean
  readonly delete: boolean
  /** `adoptScope` finds a scope of ours again by its label after an answer was lost. */
  readonly adoptByLabel: boolean
  /** Two `createScope` calls with one idempotency key make one scope. */
  readonly idempotentCreate: boolean
  /** How many upstreams one scope can have. */
  readonly maxUpstreams: number
  /** URL schemes accepted as upstream, without the colon. */
  readonly upstreamSchemes: readonly string[]
  readonly tokenPlacement: 'path' | 'query' | 'setup'
  /** The credentials that a creation returns, each as its set of rights. */
  readonly credentialsAtCreate: readonly (readonly Right[])[]
  readonly mintCredential: boolean
  readonly revokeCredential: boolean
  /** Most credentials one scope can hold; absent: unknown. */
  readonly credentialLimit?: number
  readonly maxCredentialTtlSeconds?: number
  /** Revoking a credential closes the sessions opened with it. */
  readonly revokesLiveSessions: boolean
  readonly moqtDrafts: readonly string[]
  readonly originFallback: OriginFallbackSupport
}

/** An adapter that can do nothing: the start for a new one; switch abilities on one at a time. */
export const NO_CAPABILITIES: Capabilities = {
  configAtCreate: false,
  updateConfig: false,
  get: false,
  list: false,
  delete: false,
  adoptByLabel: false,
  idempotentCreate: false,
  maxUpstreams: 0,
  upstreamSchemes: [],
  tokenPlacement: 'path',
  credentialsAtCreate: [],
  mintCredential: false,
  revokeCredential: false,
  revokesLiveSessions: false,
  moqtDrafts: [],
  originFallback: 'none',
}
