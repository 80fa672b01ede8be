import { type Change, type Store, StoreError } from '../store/store.ts'
import type { Operation } from './operation.ts'
import { type ScopeRecord, scopeState } from './scope-record.ts'
import { putRecord } from './scope-store.ts'

export interface JournalDeps {
  readonly store: Store
  readonly now: () => number
  /** Resolves early, without throwing, when the signal ends it. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** This process, anew at each start. */
  readonly instance: string
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
  /** Told after each commit; `undefined` after deletion. */
  readonly onScope: (id: string, scope: { readonly revision: number; readonly record: ScopeRecord } | undefined) => void
  /** How long a runner's claim on an operation holds after its last write; default 60 s. It is renewed while it runs. */
  readonly claimMs?: number
  readonly signal: AbortSignal
}

/** What one commit writes. */
export interface JournalEntry {
  readonly operation: Operation
  readonly record: ScopeRecord
  /** Nothing is left of the scope: its record goes. */
  readonly gone: boolean
  /** Secrets, orphans, events: whatever belongs to the same moment. */
  readonly changes: readonly Change[]
}

/** Thrown when another runner has taken the operation over: this one must not write again. */
export class OperationLost extends Error {
  override readonly name = 'OperationLost'
}

const DEFAULT_CLAIM_MS = 60_000
const ENDED_TTL_MS = 7 * 24 * 3_600_000
const FIRST_PAUSE_MS = 200
const LAST_PAUSE_MS = 5_000

export function claimMsOf({ claimMs }: Pick<JournalDeps, 'claimMs'>): number {
  return claimMs ?? DEFAULT_CLAIM_MS
}

/** Writes an operation and its scope, always together. Their revisions are the fence against a second runner. */
export class OperationJournal {
  readonly #deps: JournalDeps
  #operationRevision: number
  #recordRevision: number
  #storedRecord: ScopeRecord | undefined

  constructor(deps: JournalDeps, revisions: { readonly operation: number; readonly record: number }) {
    this.#deps = deps
    this.#operationRevision = revisions.operation
    this.#recordRevision = revisions.record
  }

  /** Throws `StoreError`. */
  async commit(entry: JournalEntry): Promise<void> {
    await this.#write(this.#claimed(entry))
  }

  /**
   * Outcomes must not be lost to a store that is away for a while: they hold tokens that were shown once. Waits for
   * it, and finds out whether a commit without an answer took place. Throws `OperationLost`.
   */
  async commitPatiently(entry: JournalEntry): Promise<void> {
    const { id } = entry.operation
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      const claimed = this.#claimed(entry)
      try {
        await this.#write(claimed)
        return
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'locked' || error.code === 'corrupt') throw error
        if (error.code === 'conflict' || error.code === 'fenced') {
          throw new OperationLost(`operation ${id} was taken over by another broker`)
        }
        this.#deps.log('operation.store_unavailable', { operation: id, retryMs: pause })
      }
      await this.#deps.sleep(pause, this.#deps.signal)
      this.#deps.signal.throwIfAborted()
      if (await this.#wasWritten(claimed)) return
    }
  }

  #claimed(entry: JournalEntry): JournalEntry {
    const until = this.#deps.now() + claimMsOf(this.#deps)
    return { ...entry, operation: { ...entry.operation, runner: { instance: this.#deps.instance, until } } }
  }

  async #write(entry: JournalEntry): Promise<void> {
    const { operation, record, gone } = entry
    const running = operation.state === 'running'
    const changes: Change[] = [
      putRecord(
        'operations',
        operation.id,
        operation,
        expectation(this.#operationRevision),
        running ? undefined : ENDED_TTL_MS,
      ),
    ]
    const recordChanged = record !== this.#storedRecord
    if (!gone && recordChanged) changes.push(putRecord('scopes', record.id, record, expectation(this.#recordRevision)))
    if (gone && this.#recordRevision > 0) {
      changes.push({ kind: 'delete', collection: 'scopes', id: record.id, expect: { revision: this.#recordRevision } })
    }
    if (this.#operationRevision === 0) changes.push(putRecord('open-operations', operation.id, {}, 'any'))
    if (!running) {
      const needsCare = !gone && (record.deleting || scopeState(record) !== 'ready')
      changes.push({ kind: 'delete', collection: 'open-operations', id: operation.id, expect: 'any' })
      changes.push(
        needsCare
          ? putRecord('attention', record.id, {}, 'any')
          : { kind: 'delete', collection: 'attention', id: record.id, expect: 'any' },
      )
    }
    const revisions = await this.#deps.store.commit([...changes, ...entry.changes])
    const [operationRevision = this.#operationRevision, second] = revisions
    this.#note(
      entry,
      operationRevision,
      !gone && recordChanged ? (second ?? this.#recordRevision) : this.#recordRevision,
    )
  }

  #note({ record, gone }: JournalEntry, operationRevision: number, recordRevision: number): void {
    this.#operationRevision = operationRevision
    this.#recordRevision = recordRevision
    this.#storedRecord = record
    this.#deps.onScope(record.id, gone ? undefined : { revision: recordRevision, record })
  }

  async #wasWritten(entry: JournalEntry): Promise<boolean> {
    const { operation, record } = entry
    try {
      const stored = await this.#deps.store.get('operations', operation.id)
      if (stored?.revision !== this.#operationRevision + 1 || stored.value !== JSON.stringify(operation)) return false
      const scope = await this.#deps.store.get('scopes', record.id)
      this.#note(entry, stored.revision, scope?.revision ?? 0)
      return true
    } catch (error) {
      if (error instanceof StoreError && error.code === 'unavailable') return false
      throw error
    }
  }
}

function expectation(revision: number): 'absent' | { readonly revision: number } {
  return revision === 0 ? 'absent' : { revision }
}
