import { type Store, StoreError } from '../store/store.ts'
import { nextActions, type Situation } from './next-actions.ts'
import type { Operation } from './operation.ts'
import type { OperationSupervisor } from './operation-supervisor.ts'
import type { RepairedProviders } from './provisioning-providers.ts'
import { placementOf, type ScopeRecord } from './scope-record.ts'
import { readOperation, readScope } from './scope-store.ts'

export interface RecoveryDeps {
  readonly store: Store
  readonly providers: RepairedProviders
  readonly supervisor: OperationSupervisor
  readonly now: () => number
  readonly newId: () => string
  readonly instance: string
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

export interface ScopeRecovery {
  /** Takes over operations whose runner is gone. Returns how many. */
  resume(): Promise<number>
  /** Starts a repair for scopes that need one and whose pause is over. Returns how many. */
  repair(): Promise<number>
  /** The provider serves again after it was down: what failed before needs no longer rest. */
  providerIsBack(provider: string): void
}

const PAGE = 200
const REPAIR_LEASE = 'scope-repairs'
const REPAIR_LEASE_MS = 30_000
const MAX_REPAIRS_AT_ONCE = 16

export function createScopeRecovery(deps: RecoveryDeps): ScopeRecovery {
  const { store, supervisor, providers } = deps
  let repairCursor: string | undefined
  const repairing = new Set<Promise<void>>()
  const backSince = new Map<string, number>()

  async function takeOver(id: string): Promise<boolean> {
    if (supervisor.isRunningHere(id)) return false
    const found = await readOperation(store, id)
    if (found === undefined || found.value.state !== 'running') {
      await store.commit([{ kind: 'delete', collection: 'open-operations', id, expect: 'any' }])
      return false
    }
    const operation = found.value
    // The embedded store belongs to one process, so every other runner is dead; with Redis its claim must have run out.
    const ownerGone =
      store.kind === 'embedded' ? operation.runner.instance !== deps.instance : operation.runner.until < deps.now()
    if (!ownerGone) return false
    const scope = await readScope(store, operation.scope)
    if (scope === undefined) {
      const ended: Operation = {
        ...operation,
        state: 'failed',
        endedAt: deps.now(),
        outcome: { code: 'scope_gone', detail: 'the scope record no longer exists' },
      }
      await store.commit([
        {
          kind: 'put',
          collection: 'operations',
          id,
          value: JSON.stringify(ended),
          expect: { revision: found.revision },
        },
        { kind: 'delete', collection: 'open-operations', id, expect: 'any' },
      ])
      return false
    }
    const interrupted: Operation = {
      ...operation,
      steps: operation.steps.map((step) =>
        step.state === 'started' ? { ...step, state: 'interrupted', endedAt: deps.now() } : step,
      ),
    }
    deps.log('operation.resumed', { operation: id, scope: operation.scope, kind: operation.kind })
    await supervisor.start({
      operation: interrupted,
      operationRevision: found.revision,
      record: scope.value,
      recordRevision: scope.revision,
      changes: [],
      events: [{ type: 'operation.resumed', detail: `${operation.kind} goes on after its broker stopped` }],
      blocked: new Set(),
    })
    return true
  }

  async function repairOne(id: string): Promise<boolean> {
    const found = await readScope(store, id)
    if (found === undefined) {
      await store.commit([{ kind: 'delete', collection: 'attention', id, expect: 'any' }])
      return false
    }
    const record = found.value
    if (record.operation !== undefined) return false
    const blocked = new Set(
      [...record.providers, ...record.placements.map((placement) => placement.provider)].filter(
        (provider) => isResting(record, provider) || providers.isHeldBack(provider),
      ),
    )
    const situation: Situation = {
      record,
      capabilities: (provider) => providers.capabilities(provider),
      busy: () => false,
      blocked: (provider) => blocked.has(provider) || providers.administrative(provider) === 'disabled',
      open: (provider) => providers.administrative(provider) === 'enabled',
    }
    const { calls, bookkeeping } = nextActions(situation)
    if (calls.length === 0 && bookkeeping.length === 0) return false
    const operation: Operation = {
      v: 1,
      id: deps.newId(),
      kind: 'repair',
      scope: id,
      requestedBy: 'broker',
      state: 'running',
      steps: [],
      runner: { instance: '', until: 0 },
      createdAt: deps.now(),
    }
    const accepted = await supervisor.start({
      operation,
      operationRevision: 0,
      record: { ...record, operation: operation.id },
      recordRevision: found.revision,
      changes: [],
      events: [],
      blocked,
    })
    // A repair's failure is in its operation and in the scope.
    const ended = accepted.ended.then(
      () => undefined,
      () => undefined,
    )
    repairing.add(ended)
    void ended.then(() => repairing.delete(ended))
    return true
  }

  /** Its last call failed and the pause after it is not over, or nobody but its owner can mend it. */
  function isResting(record: ScopeRecord, provider: string): boolean {
    const error = placementOf(record, provider)?.error
    if (error === undefined) return false
    if (error.retryAt === undefined) return true
    return error.retryAt > deps.now() && error.at >= (backSince.get(provider) ?? 0)
  }

  return {
    async resume() {
      let resumed = 0
      let after: string | undefined
      for (;;) {
        const page = await store.list('open-operations', { limit: PAGE, ...(after === undefined ? {} : { after }) })
        for (const { id } of page) {
          try {
            if (await takeOver(id)) resumed += 1
          } catch (error) {
            if (!(error instanceof StoreError) || error.code !== 'conflict') throw error
          }
        }
        after = page.at(-1)?.id
        if (page.length < PAGE) return resumed
      }
    },

    async repair() {
      const lease = await store.acquireLease(REPAIR_LEASE, deps.instance, REPAIR_LEASE_MS)
      if (lease === undefined) return 0
      let started = 0
      const page = await store.list('attention', {
        limit: PAGE,
        ...(repairCursor === undefined ? {} : { after: repairCursor }),
      })
      for (const { id } of page) {
        if (repairing.size >= MAX_REPAIRS_AT_ONCE) await Promise.race(repairing)
        try {
          if (await repairOne(id)) started += 1
        } catch (error) {
          if (!(error instanceof StoreError) || error.code !== 'conflict') throw error
        }
        repairCursor = id
      }
      if (page.length < PAGE) repairCursor = undefined
      return started
    },

    providerIsBack(provider) {
      backSince.set(provider, deps.now())
    },
  }
}
