import { randomBytes, randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { parsePrefix } from '../fci/prefix.ts'
import { createAdvertisementThread } from './advertisement-thread/advertisement-thread.ts'
import { createThreadPrinter } from './advertisement-thread/thread-printer.ts'
import { createThreadReader } from './advertisement-thread/thread-reader.ts'
import { createAdvertisementService } from './advertisements/create-advertisement-service.ts'
import { startConsuming } from './advertisements/start-consuming.ts'
import { AsyncUndo } from './async-undo.ts'
import { runBackground } from './background.ts'
import { BrokerError } from './broker-error.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { coverageState } from './coverage/coverage-state.ts'
import { warmCoverageThread } from './coverage/coverage-thread.ts'
import { startBrokerCoverage } from './coverage/start-broker-coverage.ts'
import { startBrokerDns } from './dns/broker-dns.ts'
import type { DnsServer } from './dns/dns-server.ts'
import { createDrillControl, type DrillControl } from './drills/drill-control.ts'
import { keyBesideStore } from './encryption-key.ts'
import { startFederation } from './federation/create-federation.ts'
import { createSourceFacts } from './footprint-sources/source-facts.ts'
import { startAutomaticFailover } from './health/automatic-failover.ts'
import { type CanaryMonitor, startCanaryMonitor } from './health/canary-monitor.ts'
import { createHealthBoard } from './health/health-board.ts'
import { createHttpApp } from './http/app.ts'
import type { HttpDeps } from './http/app-env.ts'
import { createFastAnswers } from './http/fast-answers.ts'
import { createFastListener } from './http/fast-listener.ts'
import { type HttpServer, serveHttp } from './http/server.ts'
import { createIdSource } from './identifiers.ts'
import { createApiKeys } from './keys/api-keys.ts'
import { withFixedKeys } from './keys/fixed-keys.ts'
import type { Log, ProcessLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createAdministrativeStates } from './providers/administrative-states.ts'
import { createProviderDirectory } from './providers/create-provider-directory.ts'
import { createProviderService } from './providers/create-provider-service.ts'
import { createPublicSurfaces } from './public-surfaces.ts'
import { readiness } from './readiness.ts'
import { sleep } from './repeat.ts'
import { createRouteStreams } from './route-streams.ts'
import { createDecisionSigner } from './routing/decision-signer.ts'
import { revisionOfColumn } from './routing/route-plans.ts'
import { startRouting } from './routing/start-routing.ts'
import { createProvisioning } from './scopes/create-provisioning.ts'
import { createScopeChanges } from './scopes/scope-changes.ts'
import { createScopeDirectory } from './scopes/scope-directory.ts'
import { createScopeNames } from './scopes/scope-names.ts'
import type { ScopeService } from './scopes/scope-service.ts'
import { createVault } from './scopes/vault.ts'
import { openStore } from './store/open-store.ts'
import { storeOptions } from './store-options.ts'
import { VERSION } from './version.ts'
import { createCoverageService } from './what-if/coverage-service.ts'

export interface BrokerOptions {
  readonly loaded: LoadedConfig
  readonly log: Log
  readonly access: ProcessLog['access']
}

/** A running broker. Disposing it stops it in order: no new requests, running changes to their end, then the store. */
export interface Broker extends AsyncDisposable {
  readonly url: string
  /** Only where this start made the first admin key. */
  readonly adminKey?: string
  readonly scopes: ScopeService
  readonly canary: CanaryMonitor
  /** Where DNS is served, over UDP and TCP. */
  readonly dns: DnsServer['addresses']
  /** Makes another admin key, for an operator who lost theirs. */
  createAdminKey(): Promise<string>
}

/** Starts everything. Throws `ConfigError`, `StoreError` or an error with a message fit for an operator. */
export async function startBroker({ loaded, log, access }: BrokerOptions): Promise<Broker> {
  const { config, secrets } = loaded
  const now = (): number => Date.now()
  const random = (): number => Math.random()
  const stopping = new AbortController()
  const { signal } = stopping
  // Every loop and every call under way listens to it.
  setMaxListeners(0, signal)
  await using undo = new AsyncUndo()

  const engine = warmCoverageThread()
  undo.add(async () => engine[Symbol.asyncDispose]())
  const store = await openStore(storeOptions(loaded), {
    now,
    log: { warn: (fields, message) => log('store.warning', { message, ...flat(fields) }) },
  })
  undo.add(async () => store[Symbol.asyncDispose]())
  const encryptionKey =
    secrets.encryptionKey ??
    (config.store.kind === 'embedded' ? await keyBesideStore(config.store.path, randomBytes) : undefined)
  if (encryptionKey === undefined) throw new Error('secrets.encryption_key is not set')
  const vault = createVault({ store, key: encryptionKey, randomBytes })
  const newId = createIdSource(now, randomBytes)
  const instance = newId()
  const providerIds = config.providers.map((provider) => provider.id)

  const states = createAdministrativeStates(store, providerIds, now)
  await states.refresh()
  const thread = createAdvertisementThread({ signal })
  undo.add(async () => thread[Symbol.asyncDispose]())
  const reader = createThreadReader(thread)
  const { fetcher, advertisements, sources } = startConsuming({
    loaded,
    store,
    reader,
    notificationSecret: (provider) => vault.fingerprint(`fci notifications of ${provider}`),
    instance,
    now,
    random,
    signal,
    log,
  })
  undo.add(async () => fetcher[Symbol.asyncDispose]())
  await advertisements.restore()
  await sources.restore()
  const health = createHealthBoard({ providers: providerIds, fall: config.health.fall, rise: config.health.rise, now })
  health.onChange((change) =>
    log('health.changed', { provider: change.provider, from: change.from, to: change.to, reason: change.reason }),
  )

  const drills: { control?: DrillControl } = {}
  const providers = createProviderDirectory({
    configs: config.providers,
    adapters: loaded.adapters,
    states,
    advertisements,
    health,
    overlay: { drilled: (provider) => drills.control?.overlay.drilled(provider) },
    now,
  })
  undo.add(async () => providers[Symbol.asyncDispose]())
  const metrics = createMetrics(providers, now)

  const scopeDirectory = createScopeDirectory({
    store,
    now,
    maxAgeMs: config.routing.scope_cache_ms,
    capacity: 100_000,
  })
  const changes = createScopeChanges()
  changes.subscribe((id, scope) => scopeDirectory.note(id, scope))
  const { scopes, supervisor, recovery } = createProvisioning({
    store,
    vault,
    providers,
    now,
    newId,
    sleep,
    instance,
    log,
    onScope: changes.publish,
    onOperation: (operation, seconds) => {
      metrics.operation(operation, seconds)
      log('operation.ended', {
        operation: operation.id,
        kind: operation.kind,
        scope: operation.scope,
        state: operation.state,
        seconds,
      })
    },
    claimMs: config.operations.claim_ms,
    signal,
  })
  health.onChange(({ provider, from, to }) => {
    if (from === 'down' && to !== 'down') recovery.providerIsBack(provider)
  })
  const coverage = await startBrokerCoverage({ engine, config, advertisements, sources, now, log })
  undo.add(async () => coverage[Symbol.asyncDispose]())
  metrics.coverage(coverage)
  metrics.consuming({
    providers: providerIds,
    isHeldBack: (provider) => advertisements.heldBack(provider) !== undefined,
    sources: () => sources.states(),
    now,
  })
  const routing = await startRouting({
    config,
    store,
    directory: providers,
    scopes: scopeDirectory,
    vault,
    coverage,
    sourceFacts: createSourceFacts(() => sources.tables()),
    now,
    random,
    log,
    observe: (provider, panic) => metrics.decision(provider, panic),
  })
  undo.add(async () => routing[Symbol.asyncDispose]())
  const { routes, policies, policyService, policyFile, measurements } = routing
  metrics.policyFile(() => policyFile?.status().refused !== undefined)
  const keys = withFixedKeys(createApiKeys({ store, now, randomBytes }), secrets.keys)

  const canary = startCanaryMonitor({
    health: config.health,
    providers,
    scopes,
    changes,
    board: health,
    store,
    now,
    sleep,
    random,
    instance,
    log,
  })
  undo.add(async () => canary[Symbol.asyncDispose]())
  canary.onObject((provider, object) => {
    const tripMs = object.receivedAt - object.publishedAt
    metrics.canary(provider, tripMs / 1000)
    routing.noteCanary(provider, tripMs)
  })
  const automaticFailover = config.failover.automatic
    ? startAutomaticFailover({
        failover: config.failover,
        providers,
        scopes,
        board: health,
        store,
        withheldByDrill: (provider) => drills.control?.withholds(provider) ?? false,
        now,
        sleep,
        instance,
        log,
      })
    : undefined
  undo.add(async () => automaticFailover?.[Symbol.asyncDispose]())
  drills.control = createDrillControl({
    providers,
    scopes,
    routes,
    board: health,
    canary,
    store,
    now,
    sleep,
    newId,
    instance,
    log,
    signal,
    signingKey: vault.fingerprint('drill reports'),
  })
  undo.add(async () => drills.control?.[Symbol.asyncDispose]())

  const names = createScopeNames({ names: config.routing.scope_names, scopes, changes })
  const federation = await startFederation({
    loaded,
    providers,
    advertisements,
    printer: createThreadPrinter(thread),
    store,
    fetcher,
    instance,
    newId,
    random,
    vault,
    now,
    signal,
    log,
    observe: (audience, edition) => metrics.published(audience, edition),
  })
  const background = runBackground({
    names,
    recovery,
    states,
    policies,
    shareMeasurements: routing.shareMeasurements,
    advertisements,
    sources,
    providers: providerIds,
    repairIntervalMs: config.repair.interval_ms,
    claimMs: config.operations.claim_ms,
    now,
    signal,
    log,
  })
  undo.add(async () => {
    stopping.abort()
    await Promise.all([background, federation?.ended])
  })

  const routeStreams = createRouteStreams({ routes, maxStreams: config.routing.max_streams })
  const httpDeps: HttpDeps = {
    routeStreams,
    scopes,
    providers: createProviderService({ directory: providers, states, advertisements, health, now, log }),
    geo: { databases: () => coverage.current().geo.editions, sources: () => sources.states() },
    advertisements: createAdvertisementService({ providers: config.providers, advertisements, reader }),
    routes,
    policies: policyService,
    measurements,
    signer: createDecisionSigner(Buffer.from(vault.fingerprint('decision signing key'), 'base64url')),
    drills: drills.control.service,
    coverage: createCoverageService({
      directory: providers,
      map: () => coverage.current().map,
      tally: coverage.tally,
      lookUpGeo: (address) => coverage.current().geo.lookup(address),
      policies,
      state: () =>
        coverageState(
          {
            held: coverage.current(),
            progress: coverage.progress(),
            providers: providerIds,
            advertisement: (provider) => advertisements.get(provider),
          },
          revisionOfColumn,
        ),
      now,
    }),
    keys,
    ...(federation === undefined ? {} : { federation: federation.service }),
    metrics,
    metricsPublic: config.metrics.public,
    readiness: () => readiness(store, providers),
    now,
    log: {
      access: config.log.access ? access : () => {},
      error: (fields, message) => log('request.failed', { message, ...flat(fields) }),
    },
    observe: ({ method, route, status, durationMs }) => metrics.request(method, route, status, durationMs / 1000),
    requestId: randomUUID,
    limits: {
      bodyBytes: config.limits.body_bytes,
      requestTimeoutMs: config.limits.request_timeout_ms,
      waitMs: config.limits.wait_ms,
    },
    origin: {
      trustedProxies: config.listen.trusted_proxies.flatMap((text) => parsePrefix(text) ?? []),
      clientField: config.listen.client_field,
    },
    ...createPublicSurfaces({ config, routes, names, vault, scopes: scopeDirectory, now, newSession: randomUUID }),
    version: VERSION,
  }
  const answers = createFastAnswers(httpDeps)
  const server: HttpServer = await serveHttp(createHttpApp(httpDeps), {
    fast: createFastListener(answers),
    plain: { answers, now },
    ...config.listen,
    requestId: randomUUID,
    requestTimeoutMs: config.limits.request_timeout_ms,
  })
  log('broker.listening', { host: config.listen.host, port: server.port, store: store.kind, instance })
  undo.add(async () => server.close(0))
  const dns = await startBrokerDns({ config, routes, names, vault, now, random, log })
  if (dns !== undefined) metrics.dns(() => dns.totals())
  undo.add(async () => dns?.[Symbol.asyncDispose]())
  // Only now: a key that a failed start made would be shown to nobody.
  const adminKey = secrets.keys.some((key) => key.role === 'admin') ? undefined : (await keys.ensureAdminKey())?.key
  const release = undo.release()

  return {
    url: server.url,
    ...(adminKey === undefined ? {} : { adminKey }),
    scopes,
    canary,
    dns: dns?.addresses ?? [],
    async createAdminKey() {
      return (await keys.create({ name: 'recovered admin', role: 'admin' })).key
    },
    async [Symbol.asyncDispose]() {
      log('broker.stopping', { instance })
      const drainUntil = now() + config.limits.drain_ms
      federation?.endStreams()
      routeStreams.close()
      const closed = server.close(config.limits.drain_ms + LAST_ANSWERS_MS)
      // A drill puts things back through operations, so it ends while those still run.
      await drills.control?.[Symbol.asyncDispose]()
      await supervisor.drain(Math.max(0, drainUntil - now()))
      // Whoever still waits is told that the change goes on after the next start.
      stopping.abort()
      await closed
      await release()
      log('broker.stopped', { instance })
    },
  }
}

/** After the changes at work were given up, for telling those who wait for them. */
const LAST_ANSWERS_MS = 250

function flat(fields: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[key, value]]
        : value instanceof BrokerError || value instanceof Error
          ? [[key, value.message]]
          : [],
    ),
  )
}
