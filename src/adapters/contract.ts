import type { z } from 'zod'
import type { Capabilities, Right } from './capabilities.ts'

/** What every outbound call carries. */
export interface CallContext {
  /** Ends the call. The adapter adds its own deadline; whichever comes first wins. */
  readonly signal: AbortSignal
  /** Same key, same effect, where the adapter declares `idempotentCreate`. */
  readonly idempotencyKey?: string
}

export interface Credential {
  /** The provider's own id of the credential (a JWT's `jti`), where it has one. */
  readonly remoteId?: string
  readonly rights: readonly Right[]
  /** The token itself. Never logged, never in an error. */
  readonly secret: string
  /** RFC 3339. */
  readonly expiresAt?: string
}

export interface CreateScope {
  /** Unique to this attempt, at most 64 characters of `[A-Za-z0-9._-]`; the only way to find the scope again. */
  readonly label: string
  /** Upstreams in order of preference; MUST be empty unless `configAtCreate`. They hold tokens: never log. */
  readonly upstreams: readonly string[]
}

/** A scope as one provider made it. */
export interface ProvisionedScope {
  readonly scopeId: string
  /** Base URL of the relay, without a trailing slash; clients connect to `{url}/{token}` (draft, "Connecting to a Scope"). */
  readonly url: string
  readonly credentials: readonly Credential[]
}

export interface RemoteScope {
  readonly scopeId: string
  readonly label?: string
  /** Absent where the provider's answer does not tell (Cloudflare's list). */
  readonly upstreams?: readonly string[]
}

/**
 * How to provision scopes at one provider. Every method throws `AdapterError` and nothing else, ends when
 * the signal does, and never logs. Optional methods exist exactly when the capability is declared.
 */
export interface ProviderAdapter extends AsyncDisposable {
  createScope(input: CreateScope, call: CallContext): Promise<ProvisionedScope>
  /** The scope with this label with fresh credentials, or `undefined` if the provider surely has none. */
  adoptScope?(label: string, call: CallContext): Promise<ProvisionedScope | undefined>
  getScope?(scopeId: string, call: CallContext): Promise<RemoteScope | undefined>
  listScopes?(call: CallContext): AsyncIterable<RemoteScope>
  /** Replaces the upstreams; `[]` clears them. Idempotent. */
  setUpstreams?(scopeId: string, upstreams: readonly string[], call: CallContext): Promise<void>
  /** Deletes; a scope that is not there is success. Idempotent. */
  deleteScope?(scopeId: string, call: CallContext): Promise<void>
  mintCredential?(scopeId: string, rights: readonly Right[], call: CallContext): Promise<Credential>
  /** Revokes; an unknown credential is success. Idempotent. */
  revokeCredential?(scopeId: string, remoteId: string, call: CallContext): Promise<void>
}

/** What an adapter is handed; it touches neither the environment, the clock nor the console by itself. */
export interface AdapterDeps {
  readonly provider: string
  /** Deadline of one HTTP call in milliseconds. */
  readonly timeoutMs: number
  readonly now: () => number
}

/** One adapter type. `registry.ts` lists them all. */
export interface AdapterDefinition<Options> {
  readonly type: string
  readonly title: string
  readonly docsUrl: string
  readonly options: z.ZodType<Options>
  /** Paths into the options that hold secrets, for redaction and `config check`. */
  readonly secretOptions: readonly string[]
  capabilities(options: Options): Capabilities
  create(options: Options, deps: AdapterDeps): ProviderAdapter
}
