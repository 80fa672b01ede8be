import { BrokerError } from '../broker-error.ts'
import type { CanaryMonitor } from '../health/canary-monitor.ts'
import type { HealthBoard } from '../health/health-board.ts'
import { type Sleep, startRepeatedTask, withinDeadline } from '../health/repeated-task.ts'
import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { RouteService } from '../route-service.ts'
import { asBrokerError, guarded } from '../scopes/scope-commands.ts'
import type { ScopeService, ScopeView } from '../scopes/scope-service.ts'
import { type Store, StoreError } from '../store/store.ts'
import { findObstacle } from './drill-guardrails.ts'
import { createDrillOverlay, type DrillOverlay } from './drill-overlay.ts'
import { DRILL_LEASE, listDrills, putAbort, putDrill, putRunning, readDrill } from './drill-record.ts'
import { recoverDrill } from './drill-recovery.ts'
import { messageOf } from './drill-restoration.ts'
import type { DrillReport, DrillRequest, DrillService } from './drill-service.ts'
import { conductDrill, type DrillSession } from './drill-session.ts'
import { type DrillSettings, drillSettings } from './drill-settings.ts'
import { signReport } from './drill-signature.ts'

export interface DrillControlDeps {
  readonly providers: ProviderDirectory
  readonly scopes: ScopeService
  readonly routes: RouteService
  readonly board: HealthBoard
  readonly canary: Pick<CanaryMonitor, 'intervalMs' | 'scope' | 'paths' | 'onObject' | 'watch'>
  readonly store: Store
  readonly now: () => number
  readonly sleep: Sleep
  readonly newId: () => string
  /** This process, anew at each start. */
  readonly instance: string
  readonly log: Log
  /** Ends the drill under way as a stop of the process does. */
  readonly signal: AbortSignal
  /** Signs reports. */
  readonly signingKey: string
  /** Instead of those that follow from the canary's interval. */
  readonly settings?: Partial<DrillSettings>
}

/**
 * Drills over all replicas: one at a time, reports in the store, the overlay that look-ups read, and the recovery of
 * drills whose broker died. Disposing it ends the drill under way and restores what can be restored in short time;
 * dispose it while scopes can still be changed.
 */
export interface DrillControl extends AsyncDisposable {
  readonly service: DrillService
  readonly overlay: DrillOverlay
  /** Whether a drill has taken the provider out on paper: automatic failover leaves it alone. */
  withholds(provider: string): boolean
  /** Restores after a drill whose broker is gone. Also happens by itself, within seconds. Whether there was one. */
  recover(): Promise<boolean>
}

const REFRESH_MS = 1_000
const ABORT_WAIT_MS = 15_000
const MAX_MS = 3_600_000
const NOTHING_MEASURED = {
  objectsBefore: 0,
  objectsDuring: 0,
  objectsLost: 0,
  longestGapMs: 0,
  probesBefore: 0,
  probesDuring: 0,
}

export function createDrillControl(deps: DrillControlDeps): DrillControl {
  const { store, scopes, providers, canary, log, now, sleep } = deps
  const settings = { ...drillSettings(canary.intervalMs), ...deps.settings }
  const overlay = createDrillOverlay({ store, ttlMs: settings.ttlMs, now })
  let current: DrillSession | undefined
  let recovery: Promise<boolean> | undefined
  let stopping = false

  const refreshing = startRepeatedTask({
    pauseMs: () => REFRESH_MS,
    sleep,
    run: () => overlay.refresh(),
    failed: (error) => log('drill.overlay_unread', { detail: messageOf(error) }),
  })
  const recovering = startRepeatedTask({
    pauseMs: () => REFRESH_MS,
    sleep,
    run: async (signal) => {
      await recoverOnce(signal)
    },
    failed: (error) => log('drill.recovery_failed', { detail: messageOf(error) }),
  })

  /** One at a time: a second one in this process would take the lease away from the first. */
  function recoverOnce(signal: AbortSignal): Promise<boolean> {
    const isRunningHere = (drill: string): boolean => current?.id === drill
    recovery ??= recoverDrill({ ...deps, settings, overlay, isRunningHere, signal }).finally(() => {
      recovery = undefined
    })
    return recovery
  }

  function draft(id: string, request: DrillRequest, scope: string, by: string): DrillReport {
    const budgetMs = request.budgetMs ?? settings.defaultBudgetMs
    const hypothesis =
      request.hypothesis ??
      `When "${request.provider}" is lost, its viewers are answered with another CDN and receive new objects within ${budgetMs} ms.`
    return {
      id,
      provider: request.provider,
      method: request.method,
      scope,
      hypothesis,
      state: 'running',
      requestedBy: by,
      startedAt: now(),
      measured: NOTHING_MEASURED,
      timeline: [],
    }
  }

  async function block(report: DrillReport, because: string): Promise<DrillReport> {
    const at = now()
    const timeline = [...report.timeline, { at, event: 'blocked', detail: because }]
    const ended = signReport(
      { ...report, state: 'ended', verdict: 'blocked', because, endedAt: at, timeline },
      deps.signingKey,
    )
    await guarded(() => store.commit([putDrill({ v: 1, report: ended })]))
    log('drill.ended', {
      drill: report.id,
      provider: report.provider,
      method: report.method,
      verdict: 'blocked',
      because,
    })
    return ended
  }

  async function begin(report: DrillReport, request: DrillRequest, ownWatch: boolean): Promise<DrillReport> {
    const { id } = report
    const lease = await guarded(() => store.acquireLease(DRILL_LEASE, `${deps.instance}/${id}`, settings.leaseMs))
    if (lease === undefined) return block(report, 'another drill is under way; there is one at a time')
    try {
      await store.commit([putDrill({ v: 1, report }), putRunning(id)], { fence: lease })
    } catch (error) {
      await store.releaseLease(lease).catch(() => undefined)
      if (error instanceof StoreError && error.code === 'conflict') {
        return block(report, 'a drill whose broker stopped is still being restored; try again in a few seconds')
      }
      throw asBrokerError(error)
    }
    log('drill.started', { drill: id, provider: report.provider, method: report.method, scope: report.scope })
    const session = conductDrill({ ...deps, settings, overlay }, { report, lease, request, ownWatch })
    current = session
    void session.ended.then(() => {
      if (current === session) current = undefined
    })
    return report
  }

  const service: DrillService = {
    async start(request, by) {
      if (stopping) throw new BrokerError('shutting_down', 'this broker is stopping', { retryAfterSeconds: 5 })
      checkRequest(request, providers.ids())
      const scope = request.scope ?? canary.scope()
      const report = draft(deps.newId(), request, scope ?? '', by)
      if (scope === undefined) return block(report, 'the canary scope is not there yet; try again, or name a scope')
      const view = await needScope(scopes, scope)
      const { provider, method } = request
      const obstacle = findObstacle({
        provider,
        method,
        scope: view,
        administrative: (id) => providers.administrative(id),
        health: (id) => deps.board.get(id),
        hasFaultDial: providers.config(provider)?.fault_url !== undefined,
      })
      if (obstacle !== undefined) return block(report, obstacle)
      if (current !== undefined) return block(report, `drill ${current.id} is under way; there is one at a time`)
      return begin(report, request, scope !== canary.scope())
    },

    async get(id) {
      const session = current
      if (session?.id === id) {
        // Whoever reads of the end may begin the next drill.
        if (session.report().state === 'ended') await session.ended
        return session.report()
      }
      return (await guarded(() => readDrill(store, id)))?.value.report
    },

    list: (options) => guarded(() => listDrills(store, options)),

    async abort(id, reason, by) {
      const session = current
      if (session?.id === id) {
        session.stop(`${by} ended it: ${reason}`)
        await withinDeadline(session.ended, ABORT_WAIT_MS, sleep)
        return session.report()
      }
      const found = await guarded(() => readDrill(store, id))
      if (found === undefined) throw new BrokerError('not_found', `there is no drill ${id}`)
      if (found.value.report.state === 'ended') throw new BrokerError('invalid_state', `drill ${id} has ended already`)
      await guarded(() => store.commit([putAbort(id, reason, by)]))
      return found.value.report
    },
  }

  const onAbort = (): void => current?.halt()
  deps.signal.addEventListener('abort', onAbort, { once: true })

  return {
    service,
    overlay,
    withholds: (provider) => overlay.drilled(provider) !== undefined,
    recover: () => recoverOnce(deps.signal),
    async [Symbol.asyncDispose]() {
      stopping = true
      deps.signal.removeEventListener('abort', onAbort)
      current?.halt()
      await current?.ended
      await Promise.all([refreshing[Symbol.asyncDispose](), recovering[Symbol.asyncDispose]()])
    },
  }
}

function checkRequest(request: DrillRequest, providers: readonly string[]): void {
  const faults = [
    ...(providers.includes(request.provider)
      ? []
      : [
          {
            detail: `there is no provider "${request.provider}"; there are ${providers.join(', ')}`,
            pointer: '/provider',
          },
        ]),
    ...durationFaults(request.holdMs, 0, '/hold_ms'),
    ...durationFaults(request.budgetMs, 1, '/budget_ms'),
  ]
  if (faults.length > 0) throw new BrokerError('invalid_request', 'the drill cannot be run as asked', { faults })
}

function durationFaults(
  ms: number | undefined,
  min: number,
  pointer: string,
): readonly { detail: string; pointer: string }[] {
  if (ms === undefined || (ms >= min && ms <= MAX_MS)) return []
  return [{ detail: `must be ${min} to ${MAX_MS} milliseconds`, pointer }]
}

async function needScope(scopes: Pick<ScopeService, 'get'>, id: string): Promise<ScopeView> {
  const view = await scopes.get(id)
  if (view === undefined) throw new BrokerError('not_found', `there is no scope ${id}`)
  return view
}
