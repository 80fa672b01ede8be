import { setTimeout as pause } from 'node:timers/promises'
import type { Broker } from '../app.ts'
import { unlessAborted } from '../health/repeated-task.ts'
import { DEMO_NAME } from '../lab-names.ts'
import type { ScopeView } from '../scopes/scope-service.ts'

/** Who asked for it, where events name an API key. */
const BY = 'start'
const SETTLED_WITHIN_MS = 15_000
const LOOK_AGAIN_MS = 50

export interface DemoDeps {
  readonly scopes: Broker['scopes']
  readonly now: () => number
  readonly signal: AbortSignal
}

/**
 * The scope `demo`: the one of an earlier start where there is one, which may still be at work on an unfinished
 * creation, or else a new one. `undefined` where it could not be made. Throws `BrokerError`.
 */
export async function ensureDemoScope(deps: DemoDeps): Promise<ScopeView | undefined> {
  const { scopes } = await deps.scopes.list({ name: DEMO_NAME, limit: 20 })
  const found = scopes.find(({ state }) => state !== 'failed' && state !== 'deleting')
  if (found !== undefined) return settled(found.id, deps)
  const { scope, ended } = await deps.scopes.create({ name: DEMO_NAME }, { by: BY })
  const patience = AbortSignal.any([deps.signal, AbortSignal.timeout(SETTLED_WITHIN_MS)])
  // How it ended stands in the scope.
  await unlessAborted(ended, patience).catch(() => undefined)
  return deps.scopes.get(scope)
}

/** The scope when no operation is at work on it any more, or as it is when that takes too long. */
async function settled(id: string, { scopes, now, signal }: DemoDeps): Promise<ScopeView | undefined> {
  const until = now() + SETTLED_WITHIN_MS
  for (;;) {
    const view = await scopes.get(id)
    if (view === undefined || view.operation === undefined || now() >= until || signal.aborted) return view
    await pause(LOOK_AGAIN_MS)
  }
}
