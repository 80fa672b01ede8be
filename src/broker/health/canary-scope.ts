import { z } from 'zod'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { ScopeService, ScopeView } from '../scopes/scope-service.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import { canFallBack } from '../scopes/scope-validation.ts'
import { type Store, StoreError } from '../store/store.ts'

export const CANARY_SCOPE_NAME = 'moq-broker-canary'

const META_ID = 'canary-scope'
const BROKER = 'broker'

const CanaryScopeSchema = z.object({ v: z.literal(1), scope: z.string() })

export interface CanaryScopeDeps {
  readonly scopes: Pick<ScopeService, 'create' | 'get' | 'update'>
  readonly store: Pick<Store, 'get' | 'commit'>
  readonly providers: Pick<
    ProviderDirectory,
    'ids' | 'config' | 'administrative' | 'adapter' | 'capabilities' | 'health'
  >
}

/** Whether canaries can watch this provider's relay. */
export function isWatchable(providers: Pick<ProviderDirectory, 'config'>, provider: string): boolean {
  return providers.config(provider)?.probe === 'websocket'
}

/**
 * The broker's own scope on every enabled provider that canaries can watch: found, or created, or extended to
 * providers that came later. `undefined`: no provider can be watched, or the scope is not readable yet.
 *
 * Replicas share one: its id is remembered with compare-and-set, and the creation's idempotency key is the revision
 * at which the id was missing, so that rivals and restarts get the same scope instead of a second one.
 *
 * @throws BrokerError, StoreError; try again later.
 */
export async function ensureCanaryScope(deps: CanaryScopeDeps): Promise<ScopeView | undefined> {
  const held = await deps.store.get('meta', META_ID)
  const known = held === undefined ? undefined : decodeRecord(CanaryScopeSchema, 'meta', META_ID, held.value).scope
  const view = known === undefined ? undefined : await deps.scopes.get(known)
  if (view !== undefined && view.state !== 'deleting') {
    await extend(deps, view)
    return view
  }
  const providers = watchedProviders(deps.providers)
  if (providers.length === 0) return undefined
  const created = await deps.scopes.create(
    { name: CANARY_SCOPE_NAME, providers },
    {
      by: BROKER,
      idempotency: { key: `${META_ID}/${held?.revision ?? 0}`, fingerprint: CANARY_SCOPE_NAME },
    },
  )
  // Its outcome is read from the scope; here only the id counts.
  created.ended.catch(() => undefined)
  const expect = held === undefined ? 'absent' : { revision: held.revision }
  try {
    await deps.store.commit([putRecord('meta', META_ID, { v: 1, scope: created.scope }, expect)])
  } catch (error) {
    if (error instanceof StoreError && error.code === 'conflict') return undefined
    throw error
  }
  return deps.scopes.get(created.scope)
}

function watchedProviders(providers: CanaryScopeDeps['providers']): readonly string[] {
  const able = providers
    .ids()
    .filter((provider) => isWatchable(providers, provider) && providers.administrative(provider) === 'enabled')
  const pulling = able.filter((provider) => canFallBack(provider, providers))
  return pulling.length > 0 ? pulling : able.slice(0, 1)
}

async function extend(deps: CanaryScopeDeps, view: ScopeView): Promise<void> {
  if (view.operation !== undefined) return
  const held = view.placements.filter(({ state }) => state !== 'leaving').map(({ provider }) => provider)
  const missing = watchedProviders(deps.providers).filter(
    (provider) => !held.includes(provider) && canFallBack(provider, deps.providers),
  )
  if (missing.length === 0) return
  const updated = await deps.scopes.update(
    view.id,
    { providers: [...held, ...missing] },
    { by: BROKER, ifRevision: view.revision },
  )
  updated.ended.catch(() => undefined)
}
