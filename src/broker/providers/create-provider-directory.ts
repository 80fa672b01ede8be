import { type BreakerSnapshot, type GuardedAdapter, wrapWithBreaker } from '../../adapters/breaker.ts'
import type { ConfiguredAdapter } from '../../adapters/registry.ts'
import type { ProviderFacts, ProviderTarget } from '../../routing/decision.ts'
import type { AdvertisementBoard } from '../advertisements/advertisement-board.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { DrillOverlay } from '../drills/drill-overlay.ts'
import type { HealthBoard } from '../health/health-board.ts'
import type { AdministrativeStates } from './administrative-states.ts'
import type { ProviderDirectory } from './provider-directory.ts'

export interface ProviderDirectoryDeps {
  readonly configs: readonly ProviderConfig[]
  readonly adapters: ReadonlyMap<string, ConfiguredAdapter>
  readonly states: AdministrativeStates
  /** With `onChange`, what else changes about an advertisement, its age, is looked at once a millisecond. */
  readonly advertisements: Pick<AdvertisementBoard, 'get'> & Partial<Pick<AdvertisementBoard, 'onChange'>>
  readonly health: HealthBoard
  readonly overlay: DrillOverlay
  readonly now: () => number
}

interface Entry {
  readonly config: ProviderConfig
  readonly configured: ConfiguredAdapter
  readonly guarded: GuardedAdapter
}

export function createProviderDirectory(deps: ProviderDirectoryDeps): ProviderDirectory & AsyncDisposable {
  const entries = new Map<string, Entry>()
  for (const config of deps.configs) {
    const configured = deps.adapters.get(config.id)
    if (configured === undefined) continue
    const adapter = configured.create({ provider: config.id, timeoutMs: config.timeout_ms, now: deps.now })
    entries.set(config.id, {
      config,
      configured,
      guarded: wrapWithBreaker(adapter, { provider: config.id, now: deps.now }),
    })
  }
  const targets = new Map(
    deps.configs.flatMap(({ id, target }) => (target === undefined ? [] : [[id, providerTarget(target)] as const])),
  )
  const inPreference = [...entries.values()]
    .sort((a, b) => a.config.priority - b.config.priority)
    .map((entry) => entry.config.id)

  function facts(id: string, config: ProviderConfig): ProviderFacts {
    const administrative = deps.states.get(id)
    const health = deps.health.get(id)
    const advertisement = deps.advertisements.get(id)
    const drill = deps.overlay.drilled(id)
    const target = targets.get(id)
    return {
      id,
      administrative:
        administrative.reason === undefined
          ? { state: administrative.state }
          : { state: administrative.state, reason: administrative.reason },
      health: { state: health.state, reason: health.reason },
      priority: config.priority,
      weight: config.weight,
      ...(advertisement === undefined ? {} : { advertisement }),
      ...(drill === undefined ? {} : { drilled: { drill } }),
      ...(target === undefined ? {} : { target }),
    }
  }

  const all = [...entries]
  let latest: readonly ProviderFacts[] = []
  let lookedAt = Number.NaN
  deps.advertisements.onChange?.(() => {
    lookedAt = Number.NaN
  })

  /** Whether routing would take what is known of a provider now for what was told last. Makes nothing: it is asked for every look-up. */
  function isStill(told: ProviderFacts | undefined, id: string): told is ProviderFacts {
    if (told?.id !== id) return false
    const administrative = deps.states.get(id)
    const health = deps.health.get(id)
    return (
      told.administrative.state === administrative.state &&
      told.administrative.reason === administrative.reason &&
      told.health.state === health.state &&
      // The evidence of the healthy changes all the time and is not shown.
      (health.state === 'up' || told.health.reason === health.reason) &&
      told.drilled?.drill === deps.overlay.drilled(id)
    )
  }

  function isStillAdvertised({ advertisement: known }: ProviderFacts, id: string): boolean {
    const held = deps.advertisements.get(id)
    return (
      known?.model === held?.model &&
      known?.confirmedAt === held?.confirmedAt &&
      known?.stale === held?.stale &&
      known?.expired === held?.expired
    )
  }

  function areAllStill(): boolean {
    const at = deps.now()
    const isLookedAt = deps.advertisements.onChange !== undefined && at === lookedAt
    for (let index = 0; index < all.length; index += 1) {
      const id = all[index]?.[0] ?? ''
      const told = latest[index]
      if (!isStill(told, id) || !(isLookedAt || isStillAdvertised(told, id))) return false
    }
    lookedAt = at
    return true
  }

  return {
    ids: () => inPreference,
    adapter: (id) => entries.get(id)?.guarded.adapter,
    capabilities: (id) => entries.get(id)?.configured.capabilities,
    administrative: (id) => deps.states.get(id).state,
    health: (id) => (deps.overlay.drilled(id) === undefined ? deps.health.get(id).state : 'down'),
    isHeldBack: (id) => entries.get(id)?.guarded.snapshot().state === 'open',
    config: (id) => entries.get(id)?.config,
    breaker: (id): BreakerSnapshot | undefined => entries.get(id)?.guarded.snapshot(),
    facts() {
      if (!areAllStill()) latest = all.map(([id, { config }]) => facts(id, config))
      return latest
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...entries.values()].map((entry) => entry.guarded.adapter[Symbol.asyncDispose]()))
    },
  }
}

function providerTarget(target: NonNullable<ProviderConfig['target']>): ProviderTarget {
  return {
    redirect: {
      redirectingHosts: [],
      // A CNAME has no port (RFC 8804 2.2).
      dnsTarget: { host: target.host.replace(/:\d+$/, '') },
      httpTarget: {
        host: target.host,
        ...(target.scheme === undefined ? {} : { scheme: target.scheme }),
        ...(target.path_prefix === undefined ? {} : { pathPrefix: target.path_prefix }),
        includeRedirectingHost: target.include_redirecting_host,
      },
    },
    addresses: target.addresses,
  }
}

/** Whether routing would take one for the other, though an advertisement may have been confirmed meanwhile. */
export function routesAlike(a: ProviderFacts, b: ProviderFacts): boolean {
  const [heldA, heldB] = [a.advertisement, b.advertisement]
  return (
    a.id === b.id &&
    a.administrative.state === b.administrative.state &&
    a.administrative.reason === b.administrative.reason &&
    a.health.state === b.health.state &&
    // The evidence of the healthy changes all the time and is not shown.
    (a.health.state === 'up' || a.health.reason === b.health.reason) &&
    a.drilled?.drill === b.drilled?.drill &&
    heldA?.model === heldB?.model &&
    heldA?.stale === heldB?.stale &&
    heldA?.expired === heldB?.expired
  )
}
