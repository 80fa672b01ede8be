import { BrokerError } from '../broker-error.ts'
import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { ScopeService, ScopeView } from '../scopes/scope-service.ts'
import type { Lease, Store } from '../store/store.ts'
import type { HealthBoard, ProviderHealth } from './health-board.ts'
import { forEachAtMost, type RepeatedTask, type Sleep, startRepeatedTask, unlessAborted } from './repeated-task.ts'

export interface AutomaticFailoverDeps {
  readonly board: HealthBoard
  readonly providers: Pick<ProviderDirectory, 'ids'>
  readonly scopes: Pick<ScopeService, 'list' | 'failover'>
  readonly store: Pick<Store, 'acquireLease' | 'renewLease' | 'releaseLease' | 'commit'>
  /** Whether a drill has taken this provider out on paper: then it is left to the drill, which moves its own scope. */
  readonly withheldByDrill: (provider: string) => boolean
  /** Config `failover`. */
  readonly failover: { readonly after_ms: number; readonly concurrency: number; readonly max_down_share: number }
  readonly instance: string
  /** How often scopes that could not be moved are tried again; default 1000 ms. */
  readonly retryMs?: number
  readonly now: () => number
  readonly sleep: Sleep
  readonly log: Log
}

/** Events on this stream tell what the broker did, or did not, on its own. */
export const BROKER_STREAM = 'broker'

const LEASE = 'automatic-failover'
const LEASE_MS = 15_000
const PAGE = 200
const DEFAULT_RETRY_MS = 1_000
/** Between two rounds that had nothing to move: new scopes may still be made on a provider that is down. */
const IDLE_ROUNDS = 5

/**
 * Gives every scope another primary whose primary became, and stayed, `down`. One replica at a time does it. It moves
 * nothing back: a provider that is up again gets its scopes back by an operator's failover only.
 */
export function startAutomaticFailover(deps: AutomaticFailoverDeps): AsyncDisposable {
  const evacuation = new Evacuation(deps)
  return evacuation.start()
}

class Evacuation {
  readonly #deps: AutomaticFailoverDeps
  readonly #retryMs: number
  /** What was told already, so that an outage of hours does not tell it every second. */
  readonly #told = new Set<string>()
  #idle = false

  constructor(deps: AutomaticFailoverDeps) {
    this.#deps = deps
    this.#retryMs = deps.retryMs ?? DEFAULT_RETRY_MS
  }

  start(): AsyncDisposable {
    const { board, sleep, log } = this.#deps
    const task: RepeatedTask = startRepeatedTask({
      pauseMs: () => this.#pauseMs(),
      sleep,
      run: (signal) => this.#round(signal),
      failed: (error) => log('failover.round_failed', { detail: error instanceof Error ? error.message : 'unknown' }),
    })
    const stopListening = board.onChange(({ to }) => {
      if (to === 'down') this.#idle = false
      task.wake()
    })
    return {
      async [Symbol.asyncDispose]() {
        stopListening()
        await task[Symbol.asyncDispose]()
      },
    }
  }

  #pauseMs(): number {
    const { now, failover } = this.#deps
    const waits = this.#down().map(({ since }) => since + failover.after_ms - now())
    const next = Math.min(...waits.filter((ms) => ms > 0), this.#idle ? this.#retryMs * IDLE_ROUNDS : this.#retryMs)
    return Math.max(1, next)
  }

  #down(): readonly (ProviderHealth & { readonly provider: string })[] {
    const { providers, board } = this.#deps
    return providers
      .ids()
      .map((provider) => ({ provider, ...board.get(provider) }))
      .filter(({ state }) => state === 'down')
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { now, failover, providers, store, instance, withheldByDrill } = this.#deps
    const down = this.#down()
    if (down.length === 0) {
      this.#told.clear()
      return
    }
    const due = down.filter(({ provider, since }) => now() - since >= failover.after_ms && !withheldByDrill(provider))
    if (due.length === 0) return
    if (down.length / providers.ids().length > failover.max_down_share) return this.#withhold(down)
    this.#told.delete('withheld')
    const lease = await store.acquireLease(LEASE, instance, LEASE_MS)
    if (lease === undefined) return
    try {
      let moved = 0
      for (const { provider } of due) moved += await this.#evacuate(provider, lease, signal)
      this.#idle = moved === 0
    } finally {
      await store.releaseLease(lease)
    }
  }

  /** Too many are down at once to believe it: more likely this broker is cut off. */
  async #withhold(down: readonly { readonly provider: string }[]): Promise<void> {
    const names = down.map(({ provider }) => provider).join(', ')
    const detail = `${names} down: more than the share of ${this.#deps.failover.max_down_share} (failover.max_down_share), so no scope is moved`
    if (this.#told.has('withheld')) return
    this.#told.add('withheld')
    this.#deps.log('failover.withheld', { down: down.length, detail })
    await this.#record('failover.withheld', detail)
  }

  /** How many scopes had this provider as their primary. */
  async #evacuate(provider: string, lease: Lease, signal: AbortSignal): Promise<number> {
    const { scopes, store, failover, board } = this.#deps
    let found = 0
    let after: string | undefined
    do {
      const page = await scopes.list({ provider, limit: PAGE, ...(after === undefined ? {} : { after }) })
      const stranded = page.scopes.filter(({ primary, state }) => primary === provider && state !== 'deleting')
      found += stranded.length
      let held = await store.renewLease(lease, LEASE_MS)
      await forEachAtMost(stranded, failover.concurrency, async (scope) => {
        if (signal.aborted || !held || board.get(provider).state !== 'down') return
        await this.#move(scope, provider, signal)
        held = held && (await store.renewLease(lease, LEASE_MS).catch(() => false))
      })
      if (signal.aborted || !held || board.get(provider).state !== 'down') return found
      after = page.after
    } while (after !== undefined)
    return found
  }

  async #move(scope: ScopeView, provider: string, signal: AbortSignal): Promise<void> {
    const { scopes, board, log, now } = this.#deps
    const { reason, since } = board.get(provider)
    try {
      const change = await scopes.failover(
        scope.id,
        { reason: `"${provider}" has been down for ${Math.round(now() - since)} ms: ${reason}` },
        // Whoever else moved it first has changed its revision; moving it twice would strand it elsewhere.
        { by: 'broker', ifRevision: scope.revision },
      )
      // It is recorded: what this process does not see the end of, the next one finishes.
      const ended = await unlessAborted(change.ended, signal)
      if (ended !== undefined)
        log('failover.automatic', { scope: scope.id, from: provider, to: ended.failover?.to ?? '', state: ended.state })
    } catch (error) {
      this.#tellOnce(scope.id, provider, error)
    }
  }

  #tellOnce(scope: string, provider: string, error: unknown): void {
    const expected = error instanceof BrokerError
    // Somebody else is at work on it; the next round looks again.
    if (expected && (error.code === 'operation_in_progress' || error.code === 'revision_mismatch')) return
    const detail = error instanceof Error ? error.message : 'unknown'
    const once = `${scope} ${detail}`
    if (this.#told.has(once)) return
    this.#told.add(once)
    this.#deps.log('failover.failed', { scope, from: provider, detail })
  }

  async #record(type: string, detail: string): Promise<void> {
    const value = JSON.stringify({ at: this.#deps.now(), type, by: 'broker', detail })
    await this.#deps.store.commit([{ kind: 'event', stream: BROKER_STREAM, value }])
  }
}
