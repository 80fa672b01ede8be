import type { Lease } from '../store/store.ts'
import type { StoredDrillOverlay } from './drill-overlay.ts'
import type { DrillMethod } from './drill-service.ts'
import { clearFault, takeRelayDown } from './fault-dial-client.ts'

/** What a drill does to its provider. Every part throws an error with a message fit for a report. */
export interface DrillInjection {
  /** Takes the provider out, or keeps it out: undone by a dead-man timer unless said again in time. */
  hold(lease: Lease, signal: AbortSignal): Promise<void>
  lift(signal: AbortSignal): Promise<void>
}

export interface DrillInjectionDeps {
  readonly overlay: StoredDrillOverlay
  readonly faultUrl: string | undefined
  /** Of the dead-man timer. */
  readonly ttlMs: number
  readonly callTimeoutMs: number
}

export function createDrillInjection(
  drill: { readonly id: string; readonly provider: string; readonly method: DrillMethod },
  deps: DrillInjectionDeps,
): DrillInjection {
  const { overlay, faultUrl, ttlMs, callTimeoutMs } = deps
  switch (drill.method) {
    case 'drain':
      return {
        hold: (lease) => overlay.take({ drill: drill.id, provider: drill.provider }, lease),
        lift: () => overlay.clear(drill.id),
      }
    case 'fault': {
      if (faultUrl === undefined) {
        const missing = (): Promise<never> => Promise.reject(new Error(`"${drill.provider}" has no fault_url`))
        return { hold: missing, lift: missing }
      }
      return {
        hold: (_lease, signal) => takeRelayDown(faultUrl, ttlMs, { timeoutMs: callTimeoutMs, signal }),
        lift: (signal) => clearFault(faultUrl, { timeoutMs: callTimeoutMs, signal }),
      }
    }
  }
}
