import { z } from 'zod'
import { BrokerError } from '../broker-error.ts'
import { type Change, type Store, StoreError } from '../store/store.ts'
import type { FallbackCycles } from './fallback-cycles.ts'
import type { Operation, OperationKind } from './operation.ts'
import type { OperationSupervisor } from './operation-supervisor.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import { placementOf, type ScopeRecord } from './scope-record.ts'
import type {
  AcceptedChange,
  ChangeContext,
  CreateScopeRequest,
  ScopeService,
  UpdateScopeRequest,
} from './scope-service.ts'
import { decodeRecord, putRecord, readOperation, readScope, type Versioned } from './scope-store.ts'
import { canFallBack, checkOrigin, chooseProviders, originFault, preferredPrimary, whyNot } from './scope-validation.ts'
import { shownUrl, viewOperation } from './scope-views.ts'
import type { Vault } from './vault.ts'

export interface ScopeCommandDeps {
  readonly store: Store
  readonly vault: Vault
  readonly providers: ProvisioningProviders
  readonly supervisor: OperationSupervisor
  readonly cycles: FallbackCycles
  readonly now: () => number
  readonly newId: () => string
}

export type ScopeCommands = Pick<ScopeService, 'create' | 'update' | 'failover' | 'delete'>

const IDEMPOTENCY_TTL_MS = 24 * 3_600_000
const RETRY_AFTER_SECONDS = 2

const IdempotencySchema = z.object({
  v: z.literal(1),
  fingerprint: z.string(),
  operation: z.string(),
  scope: z.string(),
})

export function createScopeCommands(deps: ScopeCommandDeps): ScopeCommands {
  const { store, vault, providers, supervisor } = deps

  function newOperation(kind: OperationKind, scope: string, by: string, extra: Partial<Operation> = {}): Operation {
    return {
      v: 1,
      id: deps.newId(),
      kind,
      scope,
      requestedBy: by,
      state: 'running',
      steps: [],
      runner: { instance: '', until: 0 },
      createdAt: deps.now(),
      ...extra,
    }
  }

  async function readForChange(id: string, context: ChangeContext): Promise<Versioned<ScopeRecord>> {
    const found = await readScope(store, id)
    if (found === undefined) throw new BrokerError('not_found', `there is no scope ${id}`)
    if (context.ifRevision !== undefined && context.ifRevision !== found.revision) {
      throw new BrokerError(
        'revision_mismatch',
        `scope ${id} is at revision ${found.revision}, not ${context.ifRevision}; read it again and decide anew`,
      )
    }
    if (found.value.operation !== undefined) throw busy(id, found.value.operation)
    return found
  }

  /** The operation of an earlier request with the same key, or the change that claims the key. */
  async function claim(context: ChangeContext, operation: Operation): Promise<AcceptedChange | Change | undefined> {
    if (context.idempotency === undefined) return undefined
    const { key, fingerprint } = context.idempotency
    const id = `${context.by}:${vault.fingerprint(key)}`
    const earlier = await store.get('idempotency', id)
    if (earlier === undefined) {
      const value = { v: 1, fingerprint, operation: operation.id, scope: operation.scope }
      return putRecord('idempotency', id, value, 'absent', IDEMPOTENCY_TTL_MS)
    }
    const known = decodeRecord(IdempotencySchema, 'idempotency', id, earlier.value)
    if (known.fingerprint !== fingerprint) {
      throw new BrokerError(
        'idempotency_mismatch',
        'this Idempotency-Key was used with another request; use a new key for a new request',
      )
    }
    const first = await readOperation(store, known.operation)
    if (first === undefined || first.value.state === 'running') {
      throw new BrokerError('idempotency_in_progress', 'the first request with this Idempotency-Key is still at work', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        operation: known.operation,
        scope: known.scope,
      })
    }
    return {
      operation: known.operation,
      scope: known.scope,
      replayed: true,
      ended: Promise.resolve(viewOperation(first.value)),
    }
  }

  /** Builds and starts a change of an existing scope; a lost race with another writer is tried again. */
  async function change(
    id: string,
    context: ChangeContext,
    build: (found: Versioned<ScopeRecord>) => Promise<{
      readonly record: ScopeRecord
      readonly operation: Operation
      readonly changes?: readonly Change[]
      readonly events: readonly { readonly type: string; readonly detail: string; readonly provider?: string }[]
    }>,
  ): Promise<AcceptedChange> {
    for (let attempt = 1; ; attempt += 1) {
      const claimed = await guarded(() => claim(context, newOperation('update', id, context.by)))
      if (claimed !== undefined && 'replayed' in claimed) return claimed
      const found = await guarded(() => readForChange(id, context))
      const built = await build(found)
      const { operation } = built
      const key = await guarded(() => claim(context, operation))
      if (key !== undefined && 'replayed' in key) return key
      try {
        return await supervisor.start({
          operation,
          operationRevision: 0,
          record: { ...built.record, operation: operation.id },
          recordRevision: found.revision,
          changes: [...(built.changes ?? []), ...(key === undefined ? [] : [key])],
          events: built.events,
          blocked: new Set(),
        })
      } catch (error) {
        if (!isConflict(error) || attempt >= 4) throw asBrokerError(error)
      }
    }
  }

  return {
    async create(request: CreateScopeRequest, context: ChangeContext): Promise<AcceptedChange> {
      const { primary, chosen } = chooseProviders(request, providers)
      if (request.origin !== undefined) checkOrigin(primary, request.origin, providers)
      for (let attempt = 1; ; attempt += 1) {
        const now = deps.now()
        const id = deps.newId()
        const operation = newOperation('create', id, context.by)
        const claimed = await guarded(() => claim(context, operation))
        if (claimed !== undefined && 'replayed' in claimed) return claimed
        const changes: Change[] = claimed === undefined ? [] : [claimed]
        const origin = request.origin === undefined ? undefined : { ref: deps.newId(), shown: shownUrl(request.origin) }
        if (origin !== undefined && request.origin !== undefined) changes.push(vault.seal(origin.ref, request.origin))
        const record: ScopeRecord = {
          v: 1,
          id,
          ...(request.name === undefined ? {} : { name: request.name }),
          owner: context.by,
          ...(origin === undefined ? {} : { origin }),
          primary,
          primaryPinned: request.primary !== undefined,
          providers: chosen,
          placements: [],
          deleting: false,
          operation: operation.id,
          createdAt: now,
          updatedAt: now,
        }
        try {
          return await supervisor.start({
            operation,
            operationRevision: 0,
            record,
            recordRevision: 0,
            changes,
            events: [{ type: 'scope.requested', detail: `on ${chosen.join(', ')}, primary ${primary}` }],
            blocked: new Set(),
          })
        } catch (error) {
          if (!isConflict(error) || attempt >= 4) throw asBrokerError(error)
        }
      }
    },

    update(id: string, request: UpdateScopeRequest, context: ChangeContext): Promise<AcceptedChange> {
      return change(id, context, async ({ value: record }) => {
        if (record.deleting) throw new BrokerError('invalid_state', `scope ${id} is being deleted`)
        const changes: Change[] = []
        let next: ScopeRecord = record
        if (request.name !== undefined) next = withName(next, request.name)
        if (request.providers !== undefined)
          next = { ...next, providers: newProviders(next, request.providers, providers) }
        if (request.origin !== undefined) {
          const current =
            next.origin === undefined ? undefined : await guarded(() => vault.open(next.origin?.ref ?? ''))
          if (request.origin !== (current ?? null)) {
            if (request.origin !== null) {
              checkOrigin(next.primary, request.origin, providers)
              const cycle = await guarded(() => deps.cycles.find(id, request.origin ?? ''))
              if (cycle !== undefined) throw originFault(cycle)
            }
            if (next.origin !== undefined) changes.push(vault.discard(next.origin.ref))
            const { origin: _old, ...rest } = next
            next = rest
            if (request.origin !== null) {
              const origin = { ref: deps.newId(), shown: shownUrl(request.origin) }
              changes.push(vault.seal(origin.ref, request.origin))
              next = { ...next, origin }
            }
          }
        }
        const operation = newOperation('update', id, context.by)
        return {
          record: next,
          operation,
          changes,
          events: [{ type: 'scope.changed', detail: changedInWords(request) }],
        }
      })
    },

    failover(id, request, context): Promise<AcceptedChange> {
      return change(id, context, async ({ value: record }) => {
        if (record.deleting) throw new BrokerError('invalid_state', `scope ${id} is being deleted`)
        const to = request.to ?? failoverTarget(record, providers)
        if (to === undefined) {
          throw new BrokerError(
            'invalid_state',
            `no other provider holds scope ${id} and is enabled and not down, so there is nowhere to fail over to`,
          )
        }
        refuseTarget(record, to, providers)
        const operation = newOperation('failover', id, context.by, {
          reason: request.reason,
          failover: { from: record.primary, to },
        })
        return {
          record: { ...record, promoting: to },
          operation,
          events: [
            { type: 'failover.started', provider: to, detail: `from ${record.primary} to ${to}: ${request.reason}` },
          ],
        }
      })
    },

    delete(id, context): Promise<AcceptedChange> {
      return change(id, context, async ({ value: record }) => ({
        record: { ...record, deleting: true },
        operation: newOperation('delete', id, context.by),
        ...(record.origin === undefined ? {} : { changes: [vault.discard(record.origin.ref)] }),
        events: [
          {
            type: 'scope.deletion_requested',
            detail: `at ${record.placements.map((one) => one.provider).join(', ') || 'no provider'}`,
          },
        ],
      }))
    },
  }
}

function busy(id: string, operation: string): BrokerError {
  return new BrokerError('operation_in_progress', `another change of scope ${id} is at work`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    operation,
    scope: id,
  })
}

function withName(record: ScopeRecord, name: string | null): ScopeRecord {
  const { name: _old, ...rest } = record
  return name === null ? rest : { ...rest, name }
}

function newProviders(
  record: ScopeRecord,
  wanted: readonly string[],
  providers: ProvisioningProviders,
): readonly string[] {
  if (!wanted.includes(record.primary)) {
    throw new BrokerError(
      'invalid_state',
      `"${record.primary}" is the primary and cannot be left out; fail over to another provider first (POST /moq/scopes/${record.id}/failover)`,
    )
  }
  const faults = wanted.flatMap((provider, index) => {
    if (record.providers.includes(provider)) return []
    const reason =
      whyNot(provider, providers) ??
      (canFallBack(provider, providers) ? undefined : `"${provider}" cannot pull from another CDN`)
    return reason === undefined ? [] : [{ detail: reason, pointer: `/providers/${index}` }]
  })
  if (faults.length > 0) throw new BrokerError('invalid_request', 'the scope cannot be placed as asked', { faults })
  return wanted
}

/** The best of those that hold the scope already, in the scope's order of preference. */
export function failoverTarget(record: ScopeRecord, providers: ProvisioningProviders): string | undefined {
  const able = record.providers.filter(
    (provider) =>
      provider !== record.primary &&
      placementOf(record, provider)?.remote !== undefined &&
      providers.administrative(provider) === 'enabled' &&
      providers.health(provider) !== 'down',
  )
  return preferredPrimary(able, providers)
}

function refuseTarget(record: ScopeRecord, to: string, providers: ProvisioningProviders): void {
  const refuse = (detail: string): BrokerError =>
    new BrokerError('invalid_state', `scope ${record.id} cannot fail over to "${to}": ${detail}`)
  if (to === record.primary) throw refuse('it is the primary already')
  if (!record.providers.includes(to)) throw refuse('the scope is not placed there; add the provider first (PATCH)')
  if (placementOf(record, to)?.remote === undefined) throw refuse('its placement does not exist yet')
  const state = providers.administrative(to)
  if (state !== 'enabled') throw refuse(`it is ${state}`)
  if (providers.health(to) === 'down') throw refuse('it is down')
}

function changedInWords(request: UpdateScopeRequest): string {
  const parts = [
    ...(request.name === undefined ? [] : ['name']),
    ...(request.origin === undefined ? [] : ['origin fallback']),
    ...(request.providers === undefined ? [] : [`providers ${request.providers.join(', ')}`]),
  ]
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

function isConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'conflict'
}

/** Store failures in the broker's words; everything else as it is. */
export function asBrokerError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  switch (error.code) {
    case 'unavailable':
    case 'locked':
      return new BrokerError('store_unavailable', 'the store does not answer, so nothing can be changed now', {
        retryAfterSeconds: 5,
        cause: error,
      })
    case 'full':
      return new BrokerError(
        'store_unavailable',
        'the store has no space left, so nothing can be changed; nothing recorded was lost',
        {
          retryAfterSeconds: 30,
          cause: error,
        },
      )
    case 'conflict':
    case 'fenced':
      return new BrokerError('operation_in_progress', 'somebody else changes the same scope', {
        retryAfterSeconds: 1,
        cause: error,
      })
    case 'corrupt':
      return error
  }
}

export async function guarded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw asBrokerError(error)
  }
}
