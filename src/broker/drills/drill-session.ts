import type { CanaryMonitor } from '../health/canary-monitor.ts'
import { type Sleep, startRepeatedTask } from '../health/repeated-task.ts'
import type { ScopeWatch } from '../health/scope-watch.ts'
import type { Log } from '../log.ts'
import { type Lease, type Store, StoreError } from '../store/store.ts'
import { createDrillInjection } from './drill-injection.ts'
import { DrillLog } from './drill-log.ts'
import { DrillObserver } from './drill-observer.ts'
import type { StoredDrillOverlay } from './drill-overlay.ts'
import type { DrillEnding } from './drill-progress.ts'
import { deleteRunning, readAbort } from './drill-record.ts'
import { isAlive, liftInjection, messageOf, type Restoration, returnScopes } from './drill-restoration.ts'
import { DrillRun, type DrillRunDeps } from './drill-run.ts'
import type { DrillReport, DrillRequest } from './drill-service.ts'
import { signReport } from './drill-signature.ts'

export interface DrillSessionDeps extends DrillRunDeps {
  readonly overlay: StoredDrillOverlay
  readonly canary: Pick<CanaryMonitor, 'paths' | 'onObject' | 'watch'>
  readonly store: Store
  readonly sleep: Sleep
  readonly log: Log
  readonly signingKey: string
}

export interface DrillSessionStart {
  readonly report: DrillReport
  readonly lease: Lease
  readonly request: DrillRequest
  /** The drill's scope is not the broker's own, so a watch of its own is needed. */
  readonly ownWatch: boolean
}

/** A drill under way in this process. */
export interface DrillSession {
  readonly id: string
  report(): DrillReport
  /** Ends it early; everything is restored. */
  stop(because: string): void
  /** Ends it because the process stops: restores what can be restored in short time, and leaves the rest to the next start. */
  halt(): void
  /** Never rejects. */
  readonly ended: Promise<void>
}

const FINAL_ATTEMPTS = 20
const FINAL_PAUSE_MS = 500

/** Starts a drill that is recorded and holds the lease; runs it, restores, and ends its report. */
export function conductDrill(deps: DrillSessionDeps, start: DrillSessionStart): DrillSession {
  return new Session(deps, start)
}

class Session implements DrillSession {
  readonly id: string
  readonly ended: Promise<void>
  readonly #deps: DrillSessionDeps
  readonly #start: DrillSessionStart
  readonly #log: DrillLog
  readonly #stop = new AbortController()
  readonly #halt = new AbortController()
  #leaseSeenAt: number

  constructor(deps: DrillSessionDeps, start: DrillSessionStart) {
    this.#deps = deps
    this.#start = start
    this.id = start.report.id
    this.#leaseSeenAt = deps.now()
    this.#log = new DrillLog({ ...deps, lease: start.lease }, { v: 1, report: start.report })
    this.ended = this.#conduct().catch((error: unknown) => {
      deps.log('drill.crashed', { drill: this.id, detail: messageOf(error) })
    })
  }

  report(): DrillReport {
    return this.#log.report
  }

  stop(because: string): void {
    this.#stop.abort(because)
  }

  halt(): void {
    this.#stop.abort('the broker stopped during the drill')
    this.#halt.abort()
  }

  async #conduct(): Promise<void> {
    const { request, report, lease, ownWatch } = this.#start
    const { canary, providers, settings, now, routes, store } = this.#deps
    const ownedWatch: ScopeWatch | undefined = ownWatch ? canary.watch(report.scope) : undefined
    const { provider, scope } = report
    const watch = ownedWatch ?? canary
    const observer = new DrillObserver({ provider, scope, routes, watch, graceMs: settings.graceMs, now })
    const faultUrl = providers.config(provider)?.fault_url
    const injection = createDrillInjection(report, { ...settings, overlay: this.#deps.overlay, faultUrl })
    const run = new DrillRun(this.#deps, {
      log: this.#log,
      lease,
      observer,
      injection,
      holdMs: request.holdMs ?? settings.defaultHoldMs,
      budgetMs: request.budgetMs ?? settings.defaultBudgetMs,
      stop: this.#stop.signal,
    })
    const stopListening = observer.listen()
    let holding = true
    const keeping = this.#keepAlive(async (signal) => {
      if (run.isOut && holding) await injection.hold(lease, signal)
    })
    try {
      const ending = await run.run()
      // A renewal under way must not take the provider out again after it was let back in.
      holding = false
      await keeping.settle()
      this.#log.measure(observer.count(now(), run.injectedAt))
      const restored = run.injectedAt === undefined ? [] : await this.#restore(run, injection)
      if (restored.length > 0 && this.#halt.signal.aborted) return await this.#log.save()
      await this.#end(withRestoration(ending, restored))
    } finally {
      await keeping[Symbol.asyncDispose]()
      stopListening()
      await ownedWatch?.[Symbol.asyncDispose]()
      await store.releaseLease(lease).catch(() => undefined)
    }
  }

  /** Renews the lease and what holds the provider out, and looks for an abort that another replica was asked for. */
  #keepAlive(hold: (signal: AbortSignal) => Promise<void>): AsyncDisposable & { settle(): Promise<void> } {
    const { settings, store, now, sleep, log } = this.#deps
    const { lease } = this.#start
    let latest: Promise<void> = Promise.resolve()
    const task = startRepeatedTask({
      pauseMs: () => Math.min(settings.ttlMs, settings.leaseMs) / 4,
      sleep,
      run: async (signal) => {
        latest = hold(signal)
        await latest
        if (await store.renewLease(lease, settings.leaseMs)) this.#leaseSeenAt = now()
        else this.stop('the drill lost its lease')
        const abort = await readAbort(store, this.id)
        if (abort !== undefined) this.stop(`${abort.by} ended it: ${abort.reason}`)
      },
      failed: (error) => {
        log('drill.renewal_failed', { drill: this.id, detail: messageOf(error) })
        if (now() - this.#leaseSeenAt > settings.leaseMs)
          this.stop('the drill lost its lease: the store does not answer')
      },
    })
    return {
      settle: () => latest.catch(() => undefined),
      [Symbol.asyncDispose]: async () => task[Symbol.asyncDispose](),
    }
  }

  /** What could not be restored, in words. */
  async #restore(run: DrillRun, injection: Restoration['injection']): Promise<readonly string[]> {
    const { settings, board, canary, now, sleep } = this.#deps
    const { provider } = this.#start.report
    const hurried = this.#halt.signal.aborted
    const deadlineMs = hurried ? settings.stopMs : settings.restoreMs
    const cut = new AbortController()
    const hurry = (): void => cut.abort()
    if (!hurried) this.#halt.signal.addEventListener('abort', hurry, { once: true })
    const restoration: Restoration = {
      drill: this.id,
      provider,
      injection,
      scopes: this.#log.undo?.scopes ?? [],
      isBack: () => isAlive({ board, canary }, provider),
      deadlineMs,
      signal: cut.signal,
    }
    this.#log.mark('restore', `"${provider}" is to be let back in`)
    const lifted = await liftInjection(this.#deps, restoration)
    const liftedAt = lifted.at
    this.#log.mark(lifted.done ? 'lifted' : 'restore-failed', lifted.detail, lifted.at)
    await this.#log.save()
    const returned = await returnScopes(this.#deps, restoration)
    for (const { at, done, detail } of returned) this.#log.mark(done ? 'returned' : 'restore-failed', detail, at)
    const missing = [lifted, ...returned].filter(({ done }) => !done).map(({ detail }) => detail)
    const until = liftedAt + deadlineMs
    while (!cut.signal.aborted && !this.#halt.signal.aborted) {
      if (await run.isRestored(liftedAt).catch(() => false)) {
        this.#log.measure({ restoreMs: now() - liftedAt })
        this.#log.mark('restored', `"${provider}" is answered with again and hands out new objects`)
        break
      }
      if (now() > until) {
        const detail = `"${provider}" was not answered with again, or handed out no new object, within ${deadlineMs} ms`
        this.#log.mark('restore-failed', detail)
        missing.push(detail)
        break
      }
      await sleep(settings.probeMs, cut.signal)
    }
    this.#halt.signal.removeEventListener('abort', hurry)
    await this.#log.save()
    return missing
  }

  async #end({ verdict, because }: DrillEnding): Promise<void> {
    const { now, signingKey, sleep, log } = this.#deps
    this.#log.mark('end', `${verdict}: ${because}`)
    const report = signReport({ ...this.#log.report, state: 'ended', verdict, because, endedAt: now() }, signingKey)
    const { id, provider, method } = report
    log('drill.ended', { drill: id, provider, method, verdict, because })
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#log.end(report, [deleteRunning()])
        return
      } catch (error) {
        // Without the lease it is another replica's to end.
        const mayPass = error instanceof StoreError && (error.code === 'unavailable' || error.code === 'full')
        if (!mayPass || attempt === FINAL_ATTEMPTS || this.#halt.signal.aborted) throw error
      }
      await sleep(FINAL_PAUSE_MS, this.#halt.signal)
    }
  }
}

function withRestoration(ending: DrillEnding, missing: readonly string[]): DrillEnding {
  if (missing.length === 0) return ending
  const because = `${ending.because}; not restored: ${missing.join('; ')}`
  return { verdict: ending.verdict === 'succeeded' ? 'failed' : ending.verdict, because }
}
