import { BrokerError } from '../broker-error.ts'
import type { CanaryMonitor } from '../health/canary-monitor.ts'
import type { HealthBoard } from '../health/health-board.ts'
import { forEachAtMost, type Sleep, withinDeadline } from '../health/repeated-task.ts'
import type { ScopeService } from '../scopes/scope-service.ts'
import type { DrillInjection } from './drill-injection.ts'

export interface RestorationDeps {
  readonly scopes: Pick<ScopeService, 'get' | 'failover'>
  readonly now: () => number
  readonly sleep: Sleep
}

export interface LifeSigns {
  readonly board: Pick<HealthBoard, 'get'>
  /** Absent in `paths`: no canary watches the provider. */
  readonly canary: Pick<CanaryMonitor, 'paths'>
}

/**
 * Whether a provider that was let back in serves again and goes on to count as alive: not down, and with a canary
 * session, since without one the next intervals may take it for down, and scopes would be moved off it anew.
 */
export function isAlive({ board, canary }: LifeSigns, provider: string): boolean {
  if (board.get(provider).state === 'down') return false
  return canary.paths().find((path) => path.provider === provider)?.connected !== false
}

export interface Restoration {
  readonly drill: string
  readonly provider: string
  readonly injection: DrillInjection
  /** Scopes whose primary goes back to the provider. */
  readonly scopes: readonly string[]
  /** Whether the provider is alive again: until then its scopes would only be moved off it anew. */
  readonly isBack: () => boolean
  /** For each step. */
  readonly deadlineMs: number
  /** Ends waiting; what is not done by then counts as not restored. */
  readonly signal: AbortSignal
}

/** One step of a restoration, and how it ended, in words. */
export interface RestorationStep {
  readonly at: number
  readonly done: boolean
  readonly detail: string
}

const LIFT_ATTEMPTS = 3
const PAUSE_MS = 200
const CONCURRENCY = 8

/** Lets the provider back in. Never throws. */
export async function liftInjection(
  deps: RestorationDeps,
  { injection, provider, signal }: Restoration,
): Promise<RestorationStep> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await injection.lift(signal)
      return { at: deps.now(), done: true, detail: `"${provider}" is let back in` }
    } catch (error) {
      const detail = `"${provider}" could not be let back in: ${messageOf(error)}; its dead-man timer will do it`
      if (attempt === LIFT_ATTEMPTS || signal.aborted) return { at: deps.now(), done: false, detail }
    }
    await deps.sleep(PAUSE_MS, signal)
  }
}

/** Makes the provider the primary again of every scope that the drill took from it. Never throws. */
export async function returnScopes(
  deps: RestorationDeps,
  restoration: Restoration,
): Promise<readonly RestorationStep[]> {
  if (restoration.scopes.length === 0) return []
  const until = deps.now() + restoration.deadlineMs
  while (!restoration.isBack() && deps.now() < until && !restoration.signal.aborted) {
    await deps.sleep(PAUSE_MS, restoration.signal)
  }
  const steps: RestorationStep[] = []
  await forEachAtMost(restoration.scopes, CONCURRENCY, async (scope) => {
    const step = await returnScope(deps, restoration, scope)
    if (step !== undefined) steps.push(step)
  })
  return steps
}

/** `undefined`: it had not moved. */
async function returnScope(
  deps: RestorationDeps,
  restoration: Restoration,
  scope: string,
): Promise<RestorationStep | undefined> {
  const { drill, provider, signal, deadlineMs } = restoration
  const until = deps.now() + deadlineMs
  const step = (done: boolean, detail: string): RestorationStep => ({ at: deps.now(), done, detail })
  let moved = false
  let obstacle = 'no attempt was made'
  while (deps.now() < until && !signal.aborted) {
    try {
      const view = await deps.scopes.get(scope)
      if (view === undefined) return moved ? step(true, `scope ${scope} was deleted meanwhile`) : undefined
      if (view.primary === provider && view.promoting === undefined) {
        return moved ? step(true, `"${provider}" is the primary of scope ${scope} again`) : undefined
      }
      moved = true
      const change = await deps.scopes.failover(
        scope,
        { to: provider, reason: `drill ${drill} is over` },
        { by: 'broker', ifRevision: view.revision },
      )
      const ended = await withinDeadline(change.ended, Math.max(1, until - deps.now()), deps.sleep)
      obstacle = ended === undefined ? 'the failover did not end in time' : (ended.outcome?.detail ?? obstacle)
      if (ended !== undefined && ended.state !== 'failed') continue
    } catch (error) {
      moved = true
      obstacle = messageOf(error)
      if (error instanceof BrokerError && error.code === 'shutting_down') break
    }
    await deps.sleep(PAUSE_MS, signal)
  }
  return step(false, `"${provider}" is not the primary of scope ${scope} again: ${obstacle}`)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
