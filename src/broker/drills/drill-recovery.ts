import type { CanaryMonitor } from '../health/canary-monitor.ts'
import type { HealthBoard } from '../health/health-board.ts'
import { type Sleep, startRepeatedTask } from '../health/repeated-task.ts'
import type { Log } from '../log.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { ScopeService } from '../scopes/scope-service.ts'
import type { Lease, Store } from '../store/store.ts'
import { createDrillInjection } from './drill-injection.ts'
import { DrillLog } from './drill-log.ts'
import type { StoredDrillOverlay } from './drill-overlay.ts'
import { DRILL_LEASE, deleteRunning, readDrill, readRunning, type StoredDrill } from './drill-record.ts'
import { isAlive, liftInjection, messageOf, type Restoration, returnScopes } from './drill-restoration.ts'
import type { DrillSettings } from './drill-settings.ts'
import { signReport } from './drill-signature.ts'

export interface DrillRecoveryDeps {
  readonly store: Store
  readonly scopes: ScopeService
  readonly providers: Pick<ProviderDirectory, 'config'>
  readonly board: HealthBoard
  readonly canary: Pick<CanaryMonitor, 'paths'>
  readonly overlay: StoredDrillOverlay
  readonly settings: DrillSettings
  readonly instance: string
  readonly signingKey: string
  readonly isRunningHere: (drill: string) => boolean
  readonly now: () => number
  readonly sleep: Sleep
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Restores after a drill whose broker is gone, which shows in a lease that has run out, and ends its report. Whether
 * there was one. Throws `StoreError`.
 */
export async function recoverDrill(deps: DrillRecoveryDeps): Promise<boolean> {
  const { store, settings, instance } = deps
  const id = await readRunning(store)
  if (id === undefined || deps.isRunningHere(id)) return false
  const lease = await store.acquireLease(DRILL_LEASE, `${instance}/recovery of ${id}`, settings.leaseMs)
  if (lease === undefined) return false
  try {
    // It may have ended, and another begun, before the lease was free.
    if ((await readRunning(store)) !== id) return false
    const stored = (await readDrill(store, id))?.value
    if (stored === undefined || stored.report.state === 'ended') {
      await store.commit([deleteRunning()], { fence: lease })
      return false
    }
    await restore(deps, stored, lease)
    return true
  } finally {
    await store.releaseLease(lease).catch(() => undefined)
  }
}

async function restore(deps: DrillRecoveryDeps, stored: StoredDrill, lease: Lease): Promise<void> {
  const { store, settings, overlay, board, canary, now, sleep, log, signal, signingKey, providers } = deps
  const { id, provider, method } = stored.report
  const drillLog = new DrillLog({ store, lease, now, log }, stored)
  await using _keeping = startRepeatedTask({
    pauseMs: () => settings.leaseMs / 4,
    sleep,
    run: async () => {
      await store.renewLease(lease, settings.leaseMs)
    },
    failed: (error) => log('drill.renewal_failed', { drill: id, detail: messageOf(error) }),
  })
  const missing: string[] = []
  if (stored.undo !== undefined) {
    const faultUrl = providers.config(provider)?.fault_url
    const restoration: Restoration = {
      drill: id,
      provider,
      injection: createDrillInjection(stored.report, { ...settings, overlay, faultUrl }),
      scopes: stored.undo.scopes,
      isBack: () => isAlive({ board, canary }, provider),
      deadlineMs: settings.restoreMs,
      signal,
    }
    drillLog.mark('restore', `the broker that ran the drill is gone; "${provider}" is to be let back in`)
    const lifted = await liftInjection(deps, restoration)
    drillLog.mark(lifted.done ? 'lifted' : 'restore-failed', lifted.detail, lifted.at)
    const returned = await returnScopes(deps, restoration)
    for (const { at, done, detail } of returned) drillLog.mark(done ? 'returned' : 'restore-failed', detail, at)
    const steps = [lifted, ...returned]
    missing.push(...steps.filter(({ done }) => !done).map(({ detail }) => detail))
    // This process stops too: the next start goes on.
    if (signal.aborted) {
      await drillLog.save()
      return
    }
  }
  const because = ['the broker stopped during the drill', ...missing.map((detail) => `not restored: ${detail}`)].join(
    '; ',
  )
  drillLog.mark('end', `interrupted: ${because}`)
  const report = {
    ...drillLog.report,
    state: 'ended' as const,
    verdict: 'interrupted' as const,
    because,
    endedAt: now(),
  }
  await drillLog.end(signReport(report, signingKey), [deleteRunning()])
  log('drill.ended', { drill: id, provider, method, verdict: 'interrupted', because })
}
