import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouteService } from '../../src/broker/create-route-service.ts'
import { createDrillControl, type DrillControl } from '../../src/broker/drills/drill-control.ts'
import type { DrillReport } from '../../src/broker/drills/drill-service.ts'
import type { DrillSettings } from '../../src/broker/drills/drill-settings.ts'
import { startAutomaticFailover } from '../../src/broker/health/automatic-failover.ts'
import { type CanaryMonitor, startCanaryMonitor } from '../../src/broker/health/canary-monitor.ts'
import { type CountingHealthBoard, createHealthBoard } from '../../src/broker/health/health-board.ts'
import { createIdSource } from '../../src/broker/identifiers.ts'
import { labConfig } from '../../src/broker/lab-config.ts'
import { createAdministrativeStates } from '../../src/broker/providers/administrative-states.ts'
import { createProviderDirectory } from '../../src/broker/providers/create-provider-directory.ts'
import type { ProviderDirectory } from '../../src/broker/providers/provider-directory.ts'
import { sleep } from '../../src/broker/repeat.ts'
import type { RouteService } from '../../src/broker/route-service.ts'
import { fixedPolicy } from '../../src/broker/routing/policy-source.ts'
import { createRoutePlans } from '../../src/broker/routing/route-plans.ts'
import { createProvisioning } from '../../src/broker/scopes/create-provisioning.ts'
import { createScopeChanges } from '../../src/broker/scopes/scope-changes.ts'
import { createScopeDirectory } from '../../src/broker/scopes/scope-directory.ts'
import type { ScopeService } from '../../src/broker/scopes/scope-service.ts'
import { createVault } from '../../src/broker/scopes/vault.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { type LabCdn, startLabCdn } from '../../src/lab/cdn.ts'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import { NO_GEO } from '../../src/routing/geo-source.ts'
import { plainPolicy } from '../../src/routing/policy.ts'
import { type FaultListener, startFaultListener } from './fault-listener.ts'
import { until } from './moq-client.ts'

muteMoqLibraries(console)

export const CDNS = ['cdn-a', 'cdn-b', 'cdn-c'] as const
export type CdnId = (typeof CDNS)[number]
const KINDS = { 'cdn-a': 'extended', 'cdn-b': 'cloudflare', 'cdn-c': 'draft' } as const
/** Each CDN is the most specific for one block, and serves those of the others too. */
const FOOTPRINTS = {
  'cdn-a': ['192.0.2.0/24', '198.51.0.0/16', '203.0.0.0/16'],
  'cdn-b': ['198.51.100.0/24', '192.0.0.0/16', '203.0.0.0/16'],
  'cdn-c': ['203.0.113.0/24', '192.0.0.0/16', '198.51.0.0/16'],
} as const

const INTERVAL_MS = 50
export const SIGNING_KEY = 'a key for signing reports'

export interface CanaryWorldOptions {
  /** Default true; without it there is no canary scope and no session. */
  readonly canary?: boolean
  /** Providers that canaries do not watch. */
  readonly unwatched?: readonly CdnId[]
  /** Footprints instead of the usual ones. */
  readonly footprints?: Partial<Record<CdnId, readonly string[]>>
  readonly automaticFailover?: boolean
  /** Drills turn the lab's own fault dials instead of the listeners in `faults`. */
  readonly labFaultDials?: boolean
  readonly settings?: Partial<DrillSettings>
}

/** Broker core with canaries, automatic failover and drills, on a real store and three real lab CDNs. */
export interface CanaryWorld extends AsyncDisposable {
  readonly store: Store
  readonly scopes: ScopeService
  readonly providers: ProviderDirectory
  readonly routes: RouteService
  readonly board: CountingHealthBoard
  readonly canary: CanaryMonitor
  readonly drills: DrillControl
  readonly cdns: Readonly<Record<CdnId, LabCdn>>
  readonly faults: Readonly<Record<CdnId, FaultListener>>
  readonly events: string[]
  setState(provider: CdnId, state: 'enabled' | 'drained'): Promise<void>
  /** Waits until every watched provider is up and hands out objects. */
  steady(): Promise<void>
  canaryScope(): string
  primary(scope?: string): Promise<string | undefined>
  ended(drill: string): Promise<DrillReport>
  /** Stops the broker in order and starts another on the same folder and the same CDNs. */
  restart(): Promise<void>
}

export async function openCanaryWorld(options: CanaryWorldOptions = {}): Promise<CanaryWorld> {
  const root = await mkdtemp(join(tmpdir(), 'moq-broker-canary-'))
  const events: string[] = []
  const log = (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    events.push(`${event} ${JSON.stringify(fields)}`)
  }
  const startCdn = (name: CdnId): Promise<LabCdn> =>
    startLabCdn(
      {
        kind: KINDS[name],
        name,
        host: '127.0.0.1',
        ports: { api: 0, fci: 0, relay: 0, admin: 0 },
        dataDir: join(root, name),
        apiToken: `lab-token-of-${name}`,
        accountId: 'a'.repeat(32),
        advertisement: { capabilities: [] },
      },
      { now: Date.now, log: () => undefined },
    )
  const [a, b, c] = await Promise.all([startCdn('cdn-a'), startCdn('cdn-b'), startCdn('cdn-c')])
  const cdns = { 'cdn-a': a, 'cdn-b': b, 'cdn-c': c }
  const startFaults = (cdn: LabCdn): Promise<FaultListener> =>
    startFaultListener((down) => cdn.setFault(down ? { relayDown: true } : undefined))
  const [faultsA, faultsB, faultsC] = await Promise.all([startFaults(a), startFaults(b), startFaults(c)])
  const faults = { 'cdn-a': faultsA, 'cdn-b': faultsB, 'cdn-c': faultsC }
  const key = randomBytes(32)
  const newId = createIdSource(Date.now, randomBytes)

  async function open() {
    const stopping = new AbortController()
    const { signal } = stopping
    const loaded = labConfig(
      CDNS.map((name) => ({
        name,
        kind: KINDS[name],
        apiUrl: cdns[name].apiUrl,
        fciUrl: cdns[name].fciUrl,
        relayUrl: cdns[name].relayUrl,
        adminUrl: options.labFaultDials === true ? cdns[name].adminUrl : faults[name].url,
        apiToken: `lab-token-of-${name}`,
        accountId: 'a'.repeat(32),
      })),
      { host: '127.0.0.1', port: 0, storePath: join(root, 'store') },
    )
    const configs = loaded.config.providers.map((provider) => ({
      ...provider,
      probe: options.unwatched?.some((id) => id === provider.id) === true ? ('none' as const) : ('websocket' as const),
    }))
    const now = Date.now
    const store = await openStore({ kind: 'embedded', path: join(root, 'store') }, { now, log: { warn: () => {} } })
    const states = createAdministrativeStates(store, CDNS, now)
    await states.refresh()
    const board = createHealthBoard({ providers: CDNS, fall: 3, rise: 3, now })
    const control: { drills?: DrillControl } = {}
    const providers = createProviderDirectory({
      configs,
      adapters: loaded.adapters,
      states,
      advertisements: {
        get: (provider) => advertisementOf(CDNS.find((id) => id === provider) ?? 'cdn-a', options),
      },
      health: board,
      overlay: { drilled: (provider) => control.drills?.overlay.drilled(provider) },
      now,
    })
    const vault = createVault({ store, key, randomBytes })
    const changes = createScopeChanges()
    const directory = createScopeDirectory({ store, now, maxAgeMs: 500, capacity: 100 })
    changes.subscribe((id, scope) => directory.note(id, scope))
    const instance = newId()
    const { scopes, supervisor } = createProvisioning({
      store,
      vault,
      providers,
      now,
      newId,
      sleep,
      instance,
      log,
      onScope: changes.publish,
      onOperation: () => {},
      signal,
    })
    const policy = plainPolicy({ ttlSeconds: 30, degradedTtlSeconds: 5, requireMoqCapability: true })
    const coverage = () => ({ map: undefined, geo: NO_GEO })
    const routes = createRouteService({
      directory: providers,
      scopes: directory,
      vault,
      coverage,
      plans: createRoutePlans({ directory: providers, current: coverage, now }),
      now,
      policies: fixedPolicy(policy),
      observe: () => {},
    })
    const canary = startCanaryMonitor({
      health: { canary: options.canary ?? true, interval_ms: INTERVAL_MS, connect_timeout_ms: 1_000 },
      providers,
      scopes,
      changes,
      board,
      store,
      now,
      sleep,
      random: Math.random,
      instance,
      log,
      refreshMs: 300,
    })
    const drills = createDrillControl({
      providers,
      scopes,
      routes,
      board,
      canary,
      store,
      now,
      sleep,
      newId,
      instance,
      log,
      signal,
      signingKey: SIGNING_KEY,
      settings: { baselineMs: 3_000, defaultHoldMs: 300, ...options.settings },
    })
    control.drills = drills
    const failover =
      options.automaticFailover === false
        ? undefined
        : startAutomaticFailover({
            failover: { after_ms: 0, concurrency: 8, max_down_share: 0.5 },
            providers,
            scopes,
            board,
            store,
            withheldByDrill: (provider) => drills.withholds(provider),
            instance,
            retryMs: 100,
            now,
            sleep,
            log,
          })
    return { stopping, store, states, board, providers, scopes, supervisor, routes, canary, drills, failover }
  }

  let broker = await open()

  async function close(): Promise<void> {
    const { drills, failover, canary, supervisor, stopping, providers, store } = broker
    await drills[Symbol.asyncDispose]()
    await failover?.[Symbol.asyncDispose]()
    await canary[Symbol.asyncDispose]()
    stopping.abort()
    await supervisor.drain(2_000)
    await providers[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  }

  return {
    cdns,
    faults,
    events,
    get store() {
      return broker.store
    },
    get scopes() {
      return broker.scopes
    },
    get providers() {
      return broker.providers
    },
    get routes() {
      return broker.routes
    },
    get board() {
      return broker.board
    },
    get canary() {
      return broker.canary
    },
    get drills() {
      return broker.drills
    },
    setState: (provider, state) => broker.states.set(provider, { state }),
    steady: () =>
      until('all watched providers are up', () => {
        const watched = CDNS.filter((id) => options.unwatched?.includes(id) !== true)
        return watched.every(
          (id) =>
            broker.board.get(id).state === 'up' &&
            broker.canary.paths().some((path) => path.provider === id && path.objects >= 3),
        )
      }),
    canaryScope: () => broker.canary.scope() ?? '',
    primary: async (scope) => (await broker.scopes.get(scope ?? broker.canary.scope() ?? ''))?.primary,
    async ended(drill) {
      for (;;) {
        const report = await broker.drills.service.get(drill)
        if (report?.state === 'ended') return report
        await sleep(20, AbortSignal.timeout(1_000))
      }
    },
    async restart() {
      await close()
      broker = await open()
    },
    async [Symbol.asyncDispose]() {
      await close()
      await Promise.all(Object.values(faults).map((listener) => listener[Symbol.asyncDispose]()))
      await Promise.all([a, b, c].map((cdn) => cdn[Symbol.asyncDispose]()))
      await rm(root, { recursive: true, force: true })
    },
  }
}

function advertisementOf(provider: CdnId, { footprints }: CanaryWorldOptions) {
  const prefixes = footprints?.[provider] ?? FOOTPRINTS[provider]
  const model = parseAdvertisement({
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['moqt'] },
        footprints: [{ 'footprint-type': 'ipv4cidr', 'footprint-value': prefixes }],
      },
    ],
  })
  const at = Date.now()
  return { model, version: versionOf(model), fetchedAt: at, confirmedAt: at, stale: false, expired: false }
}
