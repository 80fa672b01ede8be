import { BrokerError } from '../../src/broker/broker-error.ts'
import type { OperationKind } from '../../src/broker/scopes/operation.ts'
import type { PlacementState } from '../../src/broker/scopes/scope-record.ts'
import type {
  AcceptedChange,
  ChangeContext,
  ConnectUrl,
  CreateScopeRequest,
  OperationView,
  ScopeEvent,
  ScopeSecrets,
  ScopeService,
  ScopeView,
  UpdateScopeRequest,
} from '../../src/broker/scopes/scope-service.ts'

export const PUBLISH_TOKEN = 'pub/lish+token=='
export const SUBSCRIBE_TOKEN = 'subscribe-token'

/** How the next operation goes. `stuck` never ends by itself. */
export interface Outcome {
  readonly state: 'succeeded' | 'degraded' | 'failed' | 'stuck'
  readonly failures?: readonly { readonly provider: string; readonly code: string; readonly detail: string }[]
}

interface Remembered {
  readonly fingerprint: string
  readonly accepted: AcceptedChange
}

/** Scopes in memory, with the semantics of `ScopeService` that the HTTP room relies on. */
export class FakeScopes implements ScopeService {
  readonly views = new Map<string, ScopeView>()
  readonly origins = new Map<string, string>()
  readonly operations = new Map<string, OperationView>()
  readonly history = new Map<string, ScopeEvent[]>()
  readonly accepted: { readonly what: OperationKind; readonly request: unknown; readonly context: ChangeContext }[] = []
  outcome: Outcome = { state: 'succeeded' }
  /** Thrown by every method when set. */
  failure: Error | undefined
  primaryIsThere = true
  readonly #remembered = new Map<string, Remembered>()
  #ids = 0
  readonly #now = Date.UTC(2026, 10, 21)

  async create(request: CreateScopeRequest, context: ChangeContext): Promise<AcceptedChange> {
    return await this.#change('create', `scope-${this.#nextId()}`, request, context, (id) => {
      if (request.origin !== undefined) this.origins.set(id, request.origin)
      const providers = request.providers ?? ['alpha', 'beta']
      const primary = request.primary ?? providers[0] ?? 'alpha'
      this.views.set(id, {
        id,
        revision: 1,
        owner: context.by,
        state: this.outcome.state === 'degraded' ? 'degraded' : 'ready',
        primary,
        ...(this.primaryIsThere ? { url: `moqt://${primary}.example` } : {}),
        ...(request.name === undefined ? {} : { name: request.name }),
        ...(request.origin === undefined ? {} : { origin: `moqt://${new URL(request.origin).host}` }),
        placements: providers.map((provider, index) => ({
          provider,
          role: provider === primary ? ('primary' as const) : ('secondary' as const),
          state: this.#placementState(index),
          scopeId: `${provider}-1`,
          url: `moqt://${provider}.example`,
          fallback: provider === primary ? { to: 'nothing' as const } : { to: 'provider' as const, provider: primary },
          ...(this.#placementState(index) === 'failed'
            ? {
                error: {
                  code: 'unavailable',
                  detail: 'does not answer',
                  at: this.#now,
                  attempts: 1,
                  retryAt: this.#now + 1000,
                },
              }
            : {}),
        })),
        createdAt: this.#now,
        updatedAt: this.#now,
      })
    })
  }

  async update(id: string, request: UpdateScopeRequest, context: ChangeContext): Promise<AcceptedChange> {
    const view = this.#existing(id, context)
    return await this.#change('update', id, request, context, () => {
      const { name: _name, ...rest } = view
      const name = request.name === undefined ? view.name : (request.name ?? undefined)
      this.views.set(id, { ...rest, ...(name === undefined ? {} : { name }), revision: view.revision + 1 })
    })
  }

  async failover(
    id: string,
    request: { readonly to?: string; readonly reason: string },
    context: ChangeContext,
  ): Promise<AcceptedChange> {
    const view = this.#existing(id, context)
    return await this.#change('failover', id, request, context, () => {
      this.views.set(id, { ...view, primary: request.to ?? 'beta', revision: view.revision + 1 })
    })
  }

  async delete(id: string, context: ChangeContext): Promise<AcceptedChange> {
    this.#existing(id, context)
    return await this.#change('delete', id, {}, context, () => {
      this.views.delete(id)
    })
  }

  async get(id: string): Promise<ScopeView | undefined> {
    this.#failIfTold()
    return this.views.get(id)
  }

  async list(options: Parameters<ScopeService['list']>[0]): ReturnType<ScopeService['list']> {
    this.#failIfTold()
    const all = [...this.views.values()]
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .filter((view) => options.after === undefined || view.id < options.after)
      .filter((view) => options.state === undefined || view.state === options.state)
      .filter((view) => options.name === undefined || view.name === options.name)
      .filter((view) => options.provider === undefined || view.placements.some((p) => p.provider === options.provider))
    const scopes = all.slice(0, options.limit)
    const last = scopes.at(-1)
    return { scopes, ...(all.length > options.limit && last !== undefined ? { after: last.id } : {}) }
  }

  async secrets(id: string): Promise<ScopeSecrets> {
    const origin = this.origins.get(id)
    return { ...(this.primaryIsThere ? { token: PUBLISH_TOKEN } : {}), ...(origin === undefined ? {} : { origin }) }
  }

  async credentials(id: string): Promise<readonly ConnectUrl[]> {
    const view = this.#existing(id)
    return view.placements.flatMap((placement) => [
      {
        provider: placement.provider,
        role: placement.role,
        rights: ['publish', 'subscribe'] as const,
        connectUrl: `${placement.url}/${PUBLISH_TOKEN}`,
        expiresAt: '2027-01-01T00:00:00Z',
      },
      {
        provider: placement.provider,
        role: placement.role,
        rights: ['subscribe'] as const,
        connectUrl: `${placement.url}/${SUBSCRIBE_TOKEN}`,
      },
    ])
  }

  async events(
    id: string,
    options: { readonly after?: number; readonly limit: number },
  ): Promise<readonly ScopeEvent[]> {
    return (this.history.get(id) ?? []).filter((event) => event.sequence > (options.after ?? 0)).slice(0, options.limit)
  }

  async operation(id: string): Promise<OperationView | undefined> {
    this.#failIfTold()
    return this.operations.get(id)
  }

  #nextId(): string {
    this.#ids += 1
    return String(this.#ids).padStart(4, '0')
  }

  #placementState(index: number): PlacementState {
    return this.outcome.state === 'degraded' && index > 0 ? 'failed' : 'ready'
  }

  #failIfTold(): void {
    if (this.failure !== undefined) throw this.failure
  }

  #existing(id: string, context?: ChangeContext): ScopeView {
    this.#failIfTold()
    const view = this.views.get(id)
    if (view === undefined) throw new BrokerError('not_found', `There is no scope ${id}.`)
    if (context?.ifRevision !== undefined && context.ifRevision !== view.revision) {
      throw new BrokerError('revision_mismatch', `Scope ${id} is at revision ${view.revision}.`)
    }
    return view
  }

  async #change(
    what: OperationKind,
    scope: string,
    request: unknown,
    context: ChangeContext,
    apply: (id: string) => void,
  ): Promise<AcceptedChange> {
    this.#failIfTold()
    const { idempotency } = context
    const remembered = idempotency === undefined ? undefined : this.#remembered.get(`${context.by} ${idempotency.key}`)
    if (remembered !== undefined && idempotency !== undefined) {
      if (remembered.fingerprint !== idempotency.fingerprint) {
        throw new BrokerError('idempotency_mismatch', 'This idempotency key was used with another request.')
      }
      return { ...remembered.accepted, replayed: true }
    }
    this.accepted.push({ what, request, context })
    const { state, failures = [] } = this.outcome
    const operation: OperationView = {
      id: `operation-${this.#nextId()}`,
      kind: what,
      scope,
      state: state === 'stuck' ? 'running' : state,
      requestedBy: context.by,
      steps: failures.map((failure) => ({
        provider: failure.provider,
        action: what === 'create' ? 'create' : 'wire',
        aim: 'what was wanted',
        state: 'failed',
        startedAt: this.#now,
        endedAt: this.#now,
        error: { code: failure.code, detail: failure.detail },
      })),
      ...(state === 'failed' ? { outcome: { code: 'failed', detail: 'It did not work out.' } } : {}),
      createdAt: this.#now,
      ...(state === 'stuck' ? {} : { endedAt: this.#now }),
    }
    this.operations.set(operation.id, operation)
    if (state !== 'failed') apply(scope)
    const ended = state === 'stuck' ? new Promise<OperationView>(() => {}) : Promise.resolve(operation)
    const accepted = { operation: operation.id, scope, replayed: false, ended }
    if (idempotency !== undefined) {
      this.#remembered.set(`${context.by} ${idempotency.key}`, { fingerprint: idempotency.fingerprint, accepted })
    }
    return accepted
  }
}
