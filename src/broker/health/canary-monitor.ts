import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { ScopeChanges } from '../scopes/scope-changes.ts'
import type { ScopeService } from '../scopes/scope-service.ts'
import type { Store } from '../store/store.ts'
import { judgeProvider } from './canary-judgement.ts'
import { ensureCanaryScope, isWatchable } from './canary-scope.ts'
import { type PathVerification, verifyScope } from './canary-verification.ts'
import type { HealthBoard } from './health-board.ts'
import { type RepeatedTask, type Sleep, startRepeatedTask } from './repeated-task.ts'
import {
  type CanaryListener,
  type CanaryPath,
  type CanaryPublisherState,
  type ScopeWatch,
  watchScope,
} from './scope-watch.ts'

export interface CanaryMonitorDeps {
  readonly scopes: ScopeService
  readonly changes: Pick<ScopeChanges, 'subscribe'>
  readonly store: Pick<Store, 'get' | 'commit'>
  readonly providers: ProviderDirectory
  readonly board: HealthBoard
  /** Config `health`: with `canary` false, only the breakers are watched. */
  readonly health: { readonly canary: boolean; readonly interval_ms: number; readonly connect_timeout_ms: number }
  /** This process, anew at each start; letters, digits, "-" and "." only: it stands in broadcast names. */
  readonly instance: string
  /** How often changes by other replicas are looked for; default 2000 ms. */
  readonly refreshMs?: number
  readonly now: () => number
  readonly random: () => number
  readonly sleep: Sleep
  readonly log: Log
}

/** Watches providers by canary objects through a scope of the broker's own, and tells the board once per interval. */
export interface CanaryMonitor extends AsyncDisposable {
  /** Between two objects, and between two judgements. */
  readonly intervalMs: number
  /** The broker's own scope; absent while there is none. */
  scope(): string | undefined
  paths(): readonly CanaryPath[]
  publisher(): CanaryPublisherState | undefined
  /** As `ScopeWatch.onObject`, over every canary scope that the monitor has in its life. */
  onObject(listener: CanaryListener): () => void
  /** Watches another scope in the same way, without telling the board; the caller disposes it. */
  watch(scope: string): ScopeWatch
  /** Proves once that what is published on a scope's primary comes out at every placement. Throws `BrokerError`. */
  verify(
    scope: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly PathVerification[]>
}

const DEFAULT_REFRESH_MS = 2_000
const MAX_SCOPE_PAUSE_MS = 30_000
/** Slack for machines under load. */
const FRESH_SLACK_MS = 100

export function startCanaryMonitor(deps: CanaryMonitorDeps): CanaryMonitor {
  return new Monitor(deps)
}

class Monitor implements CanaryMonitor {
  readonly intervalMs: number
  readonly #deps: CanaryMonitorDeps
  readonly #refreshMs: number
  readonly #listeners = new Set<CanaryListener>()
  readonly #judging: RepeatedTask
  readonly #keeping: RepeatedTask | undefined
  #watch: ScopeWatch | undefined
  #scopePauseMs: number
  #judgedAt: number
  #verifications = 0

  constructor(deps: CanaryMonitorDeps) {
    this.#deps = deps
    this.intervalMs = deps.health.interval_ms
    this.#refreshMs = deps.refreshMs ?? DEFAULT_REFRESH_MS
    this.#scopePauseMs = this.intervalMs
    this.#judgedAt = deps.now()
    this.#judging = startRepeatedTask({
      pauseMs: () => this.intervalMs,
      sleep: deps.sleep,
      run: async () => this.#judge(),
      failed: (error) => deps.log('health.judgement_failed', { detail: detailOf(error) }),
    })
    this.#keeping = deps.health.canary ? this.#keepScope() : undefined
  }

  scope(): string | undefined {
    return this.#watch?.scope
  }

  paths(): readonly CanaryPath[] {
    return this.#watch?.paths() ?? []
  }

  publisher(): CanaryPublisherState | undefined {
    return this.#watch?.publisher()
  }

  onObject(listener: CanaryListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  watch(scope: string): ScopeWatch {
    const { scopes, changes, providers, instance, now, random, sleep, log, health } = this.#deps
    return watchScope(
      {
        scopes,
        changes,
        isWatchable: (provider) => isWatchable(providers, provider),
        instance,
        intervalMs: this.intervalMs,
        connectTimeoutMs: health.connect_timeout_ms,
        refreshMs: this.#refreshMs,
        now,
        random,
        sleep,
        log,
      },
      scope,
    )
  }

  verify(
    scope: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<readonly PathVerification[]> {
    const { scopes, providers, now, instance } = this.#deps
    this.#verifications += 1
    const run = `${instance}-${this.#verifications}`
    return verifyScope(
      { scopes, isWatchable: (provider) => isWatchable(providers, provider), intervalMs: this.intervalMs, now },
      { scope, run, ...options },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#judging[Symbol.asyncDispose](), this.#keeping?.[Symbol.asyncDispose]()])
    await this.#watch?.[Symbol.asyncDispose]()
    this.#watch = undefined
    this.#listeners.clear()
  }

  #keepScope(): RepeatedTask {
    const { log, sleep } = this.#deps
    return startRepeatedTask({
      pauseMs: () => (this.#watch === undefined ? this.#scopePauseMs : this.#refreshMs),
      sleep,
      run: async (signal) => {
        this.#scopePauseMs = Math.min(this.#scopePauseMs * 2, MAX_SCOPE_PAUSE_MS)
        const view = await ensureCanaryScope(this.#deps)
        if (signal.aborted || view === undefined || view.id === this.#watch?.scope) return
        await this.#watch?.[Symbol.asyncDispose]()
        this.#watch = this.watch(view.id)
        this.#watch.onObject((provider, object) => {
          for (const listener of this.#listeners) listener(provider, object)
        })
        this.#scopePauseMs = this.intervalMs
        log('canary.scope_watched', { scope: view.id, primary: view.primary })
      },
      failed: (error) => log('canary.scope_unavailable', { detail: detailOf(error) }),
    })
  }

  #judge(): void {
    const { providers, board, now } = this.#deps
    const at = now()
    // After a halt of this process everything looks stale, and that says nothing of the providers.
    const halted = at - this.#judgedAt > 3 * this.intervalMs + FRESH_SLACK_MS
    this.#judgedAt = at
    if (halted) return
    const publisher = this.publisher()
    const paths = new Map(this.paths().map((path) => [path.provider, path]))
    const limits = { now: at, freshMs: 2 * this.intervalMs + FRESH_SLACK_MS }
    for (const provider of providers.ids()) {
      const path = paths.get(provider)
      const breaker = providers.breaker(provider)
      const evidence = {
        health: board.get(provider).state,
        ...(path === undefined ? {} : { path }),
        ...(publisher === undefined ? {} : { publisher }),
        ...(breaker === undefined ? {} : { breaker }),
      }
      const observation = judgeProvider(evidence, limits)
      if (observation !== undefined) board.observe(provider, observation)
    }
  }
}

function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
