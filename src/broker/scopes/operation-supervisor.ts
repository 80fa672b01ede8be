import { BrokerError } from '../broker-error.ts'
import { OperationLost } from './operation-journal.ts'
import { type RunnerDeps, type RunStart, runOperation } from './operation-runner.ts'
import type { AcceptedChange, OperationView } from './scope-service.ts'
import { readOperation } from './scope-store.ts'
import { viewOperation } from './scope-views.ts'

/** Starts operations, knows which are at work here, and lets them end before the process does. */
export interface OperationSupervisor {
  /** Resolves when the operation and its first intents are durable. Throws `StoreError` if they are not. */
  start(start: RunStart): Promise<AcceptedChange>
  isRunningHere(operation: string): boolean
  /** Takes no new operations and waits for those at work, at most `ms`. */
  drain(ms: number): Promise<void>
}

const FOLLOW_PAUSE_MS = 500

export function createOperationSupervisor(deps: RunnerDeps): OperationSupervisor {
  const active = new Map<string, Promise<unknown>>()
  let stopping = false

  async function follow(id: string, scope: string): Promise<OperationView> {
    for (;;) {
      if (deps.signal.aborted) throw stopped({ operation: id, scope })
      const found = await readOperation(deps.store, id)
      if (found === undefined) throw new BrokerError('not_found', `operation ${id} is no longer recorded`)
      if (found.value.state !== 'running') return viewOperation(found.value)
      await deps.sleep(FOLLOW_PAUSE_MS, deps.signal)
    }
  }

  return {
    async start(start) {
      if (stopping) throw stopped()
      const { id, scope } = start.operation
      const { accepted, ended } = runOperation(deps, start)
      const view = ended.then(viewOperation, (error: unknown) => {
        if (error instanceof OperationLost) return follow(id, scope)
        if (deps.signal.aborted) throw stopped({ operation: id, scope })
        deps.log('operation.crashed', {
          operation: id,
          scope,
          error: error instanceof Error ? error.message : 'unknown',
        })
        throw error
      })
      // Whoever waits gets the rejection; nobody waiting must not bring the process down.
      const quiet = view.then(
        () => undefined,
        () => undefined,
      )
      active.set(id, quiet)
      void quiet.then(() => active.delete(id))
      await accepted
      return { operation: id, scope, replayed: false, ended: view }
    },
    isRunningHere(operation) {
      return active.has(operation)
    },
    async drain(ms) {
      stopping = true
      const timer = new AbortController()
      await Promise.race([Promise.all(active.values()), deps.sleep(ms, AbortSignal.any([timer.signal, deps.signal]))])
      timer.abort()
    },
  }
}

/** Without `change`, nothing was begun. */
function stopped(change?: { readonly operation: string; readonly scope: string }): BrokerError {
  const detail =
    change === undefined
      ? 'this broker is stopping and takes no more changes'
      : `this broker is stopping; operation ${change.operation} is recorded and goes on after its next start`
  return new BrokerError('shutting_down', detail, { retryAfterSeconds: 5, ...change })
}
