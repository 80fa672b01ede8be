import type { Change } from '../store/store.ts'
import { concludeOperation } from './conclude-operation.ts'
import { type Failure, failureOf } from './failure.ts'
import { type Bookkeeping, type Call, electPrimary, nextActions, type Situation } from './next-actions.ts'
import type { Operation, Step } from './operation.ts'
import { claimMsOf, type JournalDeps, type JournalEntry, OperationJournal } from './operation-journal.ts'
import type { CallResult, ProviderCalls } from './provider-calls.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import { applyBookkeeping, applyCall, applyFailure, applyIntent, type RecordChange } from './record-changes.ts'
import { placementOf, type ScopeRecord, type Wiring } from './scope-record.ts'
import { scopeStream } from './scope-store.ts'
import type { Vault } from './vault.ts'

export interface RunnerDeps extends JournalDeps {
  readonly vault: Vault
  readonly providers: ProvisioningProviders
  readonly calls: ProviderCalls
  readonly newId: () => string
  readonly onOperation: (operation: Operation, seconds: number) => void
}

/** What an operation starts from. Revision 0: the record is not stored yet. */
export interface RunStart {
  readonly operation: Operation
  readonly operationRevision: number
  readonly record: ScopeRecord
  readonly recordRevision: number
  /** Written together with the first intents. */
  readonly changes: readonly Change[]
  readonly events: readonly { readonly type: string; readonly detail: string; readonly provider?: string }[]
  /** Providers not to be called by this operation. */
  readonly blocked: ReadonlySet<string>
}

const MAX_FAILURES = 3
const RETRY_PAUSE_MS = 150
/** After this long an operation stops retrying and leaves the rest to the repairs. */
const RETRY_WINDOW_MS = 8_000

type Outcome = CallResult | { readonly kind: 'failed'; readonly failure: Failure }

interface Flight {
  readonly call: Call
  readonly step: Step
  /** The wiring that stood before a re-wiring was sent. */
  readonly before: Wiring | undefined
}

/**
 * Runs one operation to its stated end: intent written, provider called, outcome written, until nothing more can be
 * done. `accepted` settles when the first intents are durable; `ended` when the operation is.
 */
export function runOperation(
  deps: RunnerDeps,
  start: RunStart,
): { readonly accepted: Promise<void>; readonly ended: Promise<Operation> } {
  const run = new OperationRun(deps, start)
  const accepted = run.begin()
  const ended = accepted.then(() => run.finish())
  // Whoever waits gets the rejection; nobody waiting must not bring the process down.
  ended.catch(() => undefined)
  return { accepted, ended }
}

class OperationRun {
  readonly #deps: RunnerDeps
  readonly #journal: OperationJournal
  #record: ScopeRecord
  #operation: Operation
  #gone = false
  /** What is to be written with the next commit. */
  #changes: Change[]
  readonly #flights = new Map<string, Flight>()
  readonly #failures = new Map<string, number>()
  readonly #blocked: Set<string>
  readonly #pausing = new Set<string>()
  readonly #arrived: { readonly provider: string; readonly outcome: Outcome | 'paused' }[] = []
  readonly #launch: Flight[] = []
  #wake: (() => void) | undefined

  constructor(deps: RunnerDeps, start: RunStart) {
    this.#deps = deps
    this.#journal = new OperationJournal(deps, { operation: start.operationRevision, record: start.recordRevision })
    this.#record = start.record
    this.#operation = start.operation
    this.#blocked = new Set(start.blocked)
    this.#changes = [...start.changes]
    for (const event of start.events) this.#note(event)
  }

  async begin(): Promise<void> {
    this.#advance()
    await this.#journal.commit(this.#entry())
    this.#changes = []
    this.#depart()
  }

  async finish(): Promise<Operation> {
    const over = new AbortController()
    void this.#beat(over.signal)
    try {
      while (this.#operation.state === 'running') {
        await this.#arrivals()
        this.#deps.signal.throwIfAborted()
        for (const { provider, outcome } of this.#arrived.splice(0)) this.#settle(provider, outcome)
        this.#advance()
        await this.#journal.commitPatiently(this.#entry())
        this.#changes = []
        this.#depart()
      }
    } finally {
      // With a reason, since Node would make an exception with a stack without one.
      over.abort('over')
    }
    this.#deps.onOperation(this.#operation, (this.#deps.now() - this.#operation.createdAt) / 1000)
    return this.#operation
  }

  #entry(): JournalEntry {
    return { operation: this.#operation, record: this.#record, gone: this.#gone, changes: this.#changes }
  }

  #situation(): Situation {
    return {
      record: this.#record,
      capabilities: (provider) => this.#deps.providers.capabilities(provider),
      busy: (provider) => this.#flights.has(provider) || this.#pausing.has(provider),
      blocked: (provider) =>
        this.#blocked.has(provider) || this.#deps.providers.administrative(provider) === 'disabled',
      open: (provider) => this.#deps.providers.administrative(provider) === 'enabled',
    }
  }

  /** Applies all bookkeeping, plans all calls that can be made now, and ends the operation when there are none. */
  #advance(): void {
    for (;;) {
      this.#chooseAnotherPrimary()
      const { calls, bookkeeping } = nextActions(this.#situation())
      for (const entry of bookkeeping) this.#keep(entry)
      if (bookkeeping.length > 0) continue
      for (const call of calls) this.#intend(call)
      if (this.#flights.size > 0 || this.#pausing.size > 0) return
      this.#conclude()
      if (this.#operation.state !== 'running') return
    }
  }

  #conclude(): void {
    const conclusion = concludeOperation(this.#record, this.#operation, this.#deps.providers, this.#deps.now())
    this.#record = conclusion.record
    this.#operation = conclusion.operation
    this.#gone = conclusion.gone
    for (const event of conclusion.events) this.#note(event)
  }

  #keep(entry: Bookkeeping): void {
    const applied = applyBookkeeping(this.#record, entry, {
      now: this.#deps.now(),
      newId: this.#deps.newId,
      vault: this.#deps.vault,
    })
    this.#take(applied)
  }

  #intend(call: Call): void {
    const id = this.#operation.steps.length + 1
    const now = this.#deps.now()
    const label =
      call.kind === 'create' ? (call.label ?? `mqb-${this.#record.id}-${this.#deps.newId().slice(-8)}`) : undefined
    const withLabel: Call = call.kind === 'create' && label !== undefined ? { ...call, label } : call
    const step: Step = {
      id,
      provider: call.provider,
      action: call.kind,
      aim: describe(withLabel),
      ...(withLabel.kind === 'wire' ? {} : { label: withLabel.label }),
      ...(withLabel.kind === 'delete' ? { scopeId: withLabel.scopeId } : {}),
      state: 'started',
      startedAt: now,
    }
    const before = withLabel.kind === 'wire' ? placementOf(this.#record, call.provider)?.remote?.wiring : undefined
    const flight = { call: withLabel, step, before }
    this.#flights.set(call.provider, flight)
    this.#launch.push(flight)
    this.#record = applyIntent(this.#record, withLabel, now)
    this.#operation = { ...this.#operation, steps: [...this.#operation.steps, step] }
  }

  #depart(): void {
    for (const flight of this.#launch.splice(0)) {
      const { provider } = flight.call
      void this.#perform(flight).then((outcome) => this.#arrive(provider, outcome))
    }
  }

  async #perform(flight: Flight): Promise<Outcome> {
    const { call } = flight
    try {
      return await this.#deps.calls.perform(call, this.#record, this.#deps.signal)
    } catch (error) {
      const failure = failureOf(error)
      if (failure.code === 'internal') {
        this.#deps.log('operation.step_crashed', {
          operation: this.#operation.id,
          provider: call.provider,
          error: error instanceof Error ? error.name : 'unknown',
        })
      }
      return { kind: 'failed', failure }
    }
  }

  #arrive(provider: string, outcome: Outcome | 'paused'): void {
    this.#arrived.push({ provider, outcome })
    this.#wake?.()
  }

  /** Waits for an outcome, or for the heartbeat. */
  async #arrivals(): Promise<void> {
    if (this.#arrived.length > 0) return
    await new Promise<void>((resolve) => {
      this.#wake = () => resolve()
    })
    this.#wake = undefined
  }

  /** Wakes the run now and then, so that it renews its claim: a call may take longer than a claim holds. */
  async #beat(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.#deps.sleep(claimMsOf(this.#deps) / 3, over)
      this.#wake?.()
    }
  }

  #settle(provider: string, outcome: Outcome | 'paused'): void {
    if (outcome === 'paused') {
      this.#pausing.delete(provider)
      return
    }
    const flight = this.#flights.get(provider)
    if (flight === undefined) return
    this.#flights.delete(provider)
    const now = this.#deps.now()
    if (outcome.kind === 'failed') {
      const { failure } = outcome
      this.#endStep(flight.step, now, failure)
      this.#take(applyFailure(this.#record, flight.call, failure, flight.before, now))
      this.#retryOrBlock(provider, failure)
      return
    }
    this.#endStep(flight.step, now)
    this.#take(applyCall(this.#record, flight.call, outcome, { now, newId: this.#deps.newId, vault: this.#deps.vault }))
  }

  #retryOrBlock(provider: string, failure: Failure): void {
    const failures = (this.#failures.get(provider) ?? 0) + 1
    this.#failures.set(provider, failures)
    const pause = Math.max(failure.retryAfterMs ?? 0, RETRY_PAUSE_MS * 2 ** (failures - 1))
    const spent = this.#deps.now() - this.#operation.createdAt
    const worthIt = failure.transient && failure.code !== 'breaker_open' && failure.code !== 'aborted'
    if (!worthIt || failures >= MAX_FAILURES || spent + pause > RETRY_WINDOW_MS) {
      this.#blocked.add(provider)
      return
    }
    this.#pausing.add(provider)
    void this.#deps.sleep(pause, this.#deps.signal).then(() => this.#arrive(provider, 'paused'))
  }

  #endStep(step: Step, now: number, failure?: Failure): void {
    const ended: Step = {
      ...step,
      state: failure === undefined ? 'done' : 'failed',
      endedAt: now,
      ...(failure === undefined ? {} : { error: { code: failure.code, detail: failure.detail } }),
    }
    this.#operation = {
      ...this.#operation,
      steps: this.#operation.steps.map((other) => (other.id === step.id ? ended : other)),
    }
  }

  /** A creation whose chosen primary cannot be made goes on with another, unless the client insists. */
  #chooseAnotherPrimary(): void {
    if (this.#operation.kind !== 'create' || this.#record.deleting || this.#record.primaryPinned) return
    const situation = this.#situation()
    const { primary } = this.#record
    if ((situation.open(primary) && !situation.blocked(primary)) || situation.busy(primary)) return
    if (placementOf(this.#record, this.#record.primary)?.remote !== undefined) return
    const elected = electPrimary(situation)
    if (elected === undefined || elected === this.#record.primary) return
    const detail = `${elected} takes the place of ${primary}, which could not be provisioned`
    this.#note({ type: 'primary.elected', provider: elected, detail })
    this.#record = { ...this.#record, primary: elected }
  }

  #take(applied: RecordChange): void {
    this.#record = applied.record
    this.#changes.push(...applied.changes)
    for (const event of applied.events) this.#note(event)
  }

  #note(event: RecordChange['events'][number]): void {
    const value = JSON.stringify({
      at: this.#deps.now(),
      by: this.#operation.requestedBy,
      operation: this.#operation.id,
      ...event,
    })
    this.#changes.push({ kind: 'event', stream: scopeStream(this.#record.id), value })
  }
}

function describe(call: Call): string {
  switch (call.kind) {
    case 'create': {
      const fallback =
        call.wiring.to === 'provider' ? `pulling from ${call.wiring.provider}` : `pulling from ${call.wiring.to}`
      return call.replaces ? `a new scope ${fallback}, in place of one that cannot be re-wired` : `a scope ${fallback}`
    }
    case 'adopt':
      return 'find the scope of a creation whose answer was lost'
    case 'wire':
      return `pull from ${call.wiring.to === 'provider' ? call.wiring.provider : call.wiring.to}`
    case 'delete':
      return 'delete the scope'
  }
}
