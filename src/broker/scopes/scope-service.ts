import type { Right } from '../../adapters/capabilities.ts'
import type { OperationKind } from './operation.ts'
import type { PlacementState, ScopeState } from './scope-record.ts'

/** What anybody who may read a scope may see. It holds no secret: URLs of fallbacks are cut to scheme and host. */
export interface ScopeView {
  readonly id: string
  readonly revision: number
  readonly name?: string
  readonly owner: string
  readonly state: ScopeState
  readonly primary: string
  /** Set while a failover prepares its target. */
  readonly promoting?: string
  /** Base URL of the primary's relay; absent while it is not there. */
  readonly url?: string
  /** The client's own origin, cut to scheme and host. */
  readonly origin?: string
  readonly placements: readonly PlacementView[]
  readonly operation?: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface PlacementView {
  readonly provider: string
  readonly role: 'primary' | 'secondary'
  readonly state: PlacementState
  readonly scopeId?: string
  readonly url?: string
  readonly fallback?: {
    readonly to: 'nothing' | 'origin' | 'provider' | 'unknown'
    readonly provider?: string
    readonly url?: string
  }
  readonly error?: {
    readonly code: string
    readonly detail: string
    readonly at: number
    readonly attempts: number
    readonly retryAt?: number
  }
}

/** The secrets that a creation's answer carries (draft: `token`, `config`), for those who may have them. */
export interface ScopeSecrets {
  /** The primary's most capable token. */
  readonly token?: string
  /** `config.origin_fallback.url` as the client gave it. */
  readonly origin?: string
}

export interface ConnectUrl {
  readonly provider: string
  readonly role: 'primary' | 'secondary'
  readonly rights: readonly Right[]
  readonly connectUrl: string
  readonly expiresAt?: string
}

export interface OperationView {
  readonly id: string
  readonly kind: OperationKind
  readonly scope: string
  readonly state: 'running' | 'succeeded' | 'degraded' | 'failed'
  readonly requestedBy: string
  readonly reason?: string
  readonly failover?: { readonly from: string; readonly to: string }
  readonly steps: readonly {
    readonly provider: string
    readonly action: string
    readonly aim: string
    readonly state: string
    readonly startedAt: number
    readonly endedAt?: number
    readonly error?: { readonly code: string; readonly detail: string }
  }[]
  readonly outcome?: { readonly code: string; readonly detail: string }
  readonly createdAt: number
  readonly endedAt?: number
}

export interface ScopeEvent {
  readonly sequence: number
  readonly at: number
  /** Dotted name, e.g. `scope.created`, `placement.failed`, `failover.completed`. */
  readonly type: string
  readonly by: string
  readonly operation?: string
  readonly provider?: string
  readonly detail: string
}

export interface CreateScopeRequest {
  readonly name?: string
  /** Without it the broker chooses, and chooses another when the first fails. */
  readonly primary?: string
  /** Without it: every enabled provider. */
  readonly providers?: readonly string[]
  readonly origin?: string
}

export interface UpdateScopeRequest {
  /** `null` removes the name. */
  readonly name?: string | null
  /** `null` removes the origin. */
  readonly origin?: string | null
  /** The whole new set. The primary cannot be left out: fail over first. */
  readonly providers?: readonly string[]
}

/** Who asks, and under which conditions. */
export interface ChangeContext {
  /** API key id. */
  readonly by: string
  readonly idempotency?: { readonly key: string; readonly fingerprint: string }
  /** The scope's revision must be this one. */
  readonly ifRevision?: number
}

/** A change that was accepted and recorded; it goes on even if nobody waits. */
export interface AcceptedChange {
  readonly operation: string
  readonly scope: string
  /** True: the same idempotency key was seen before; this is its operation. */
  readonly replayed: boolean
  /** Settles when the operation has ended. Never rejects for a provider's failure: read the operation's state. */
  readonly ended: Promise<OperationView>
}

/** Commands and queries on scopes. Methods throw `BrokerError`. */
export interface ScopeService {
  create(request: CreateScopeRequest, context: ChangeContext): Promise<AcceptedChange>
  update(id: string, request: UpdateScopeRequest, context: ChangeContext): Promise<AcceptedChange>
  failover(
    id: string,
    request: { readonly to?: string; readonly reason: string },
    context: ChangeContext,
  ): Promise<AcceptedChange>
  delete(id: string, context: ChangeContext): Promise<AcceptedChange>
  get(id: string): Promise<ScopeView | undefined>
  /** Newest first. `after` is the id of the last scope seen. */
  list(options: {
    readonly after?: string
    readonly limit: number
    readonly state?: ScopeState
    readonly provider?: string
    readonly name?: string
  }): Promise<{ readonly scopes: readonly ScopeView[]; readonly after?: string }>
  secrets(id: string): Promise<ScopeSecrets>
  /** Connect URLs of everything that is there, primary first. */
  credentials(id: string): Promise<readonly ConnectUrl[]>
  events(id: string, options: { readonly after?: number; readonly limit: number }): Promise<readonly ScopeEvent[]>
  operation(id: string): Promise<OperationView | undefined>
}
