import { readProviderId } from '../../fci/cdn-path.ts'
import type { Gateway } from '../../federation/peer-contract.ts'
import type { AdvertisementBoard } from '../advertisements/advertisement-board.ts'
import type { Config } from '../config/config-schema.ts'
import type { FederationConfig } from '../config/federation-schema.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { NewId } from '../identifiers.ts'
import type { Log } from '../log.ts'
import type { GuardedFetcher } from '../outbound/guarded-fetch.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import { repeat } from '../repeat.ts'
import type { Vault } from '../scopes/vault.ts'
import type { Store } from '../store/store.ts'
import type { AdvertisementPrinter } from './advertisement-printer.ts'
import { createEventStreams } from './event-streams.ts'
import type { FederationService } from './federation-service.ts'
import { referencesTo, resolveContract } from './footprint-references.ts'
import { createNotifier } from './notifier.ts'
import { createOwnFootprints } from './own-footprints.ts'
import { type Audience, peerAuthentication, peersOf } from './peer.ts'
import { createPublisher, type PublisherDeps } from './publisher.ts'
import { createSubscriptions } from './subscriptions.ts'

export interface FederationDeps {
  readonly loaded: LoadedConfig
  readonly providers: ProviderDirectory
  readonly advertisements: Pick<AdvertisementBoard, 'withoutResources'>
  readonly printer: AdvertisementPrinter
  readonly store: Store
  readonly fetcher: Pick<GuardedFetcher, 'fetch'>
  readonly instance: string
  readonly newId: NewId
  readonly random: () => number
  readonly vault: Vault
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Log
  readonly observe?: PublisherDeps['observe']
}

/** What this broker tells other CDNs, running. */
export interface Federation {
  readonly service: FederationService
  /** Ends what would otherwise go on for ever, so that the server can stop. */
  endStreams(): void
  /** Resolves when the signal has ended everything. */
  readonly ended: Promise<unknown>
}

const CHECK_MS = 250
/** How long another process may take to see a change of our named footprints. */
const READ_MS = 5_000
const NAME_LENGTH = 22

/** Undefined where the configuration has no section `federation`. */
export async function startFederation(deps: FederationDeps): Promise<Federation | undefined> {
  const { config, secrets } = deps.loaded
  const { federation } = config
  if (federation === undefined) return undefined
  const peers = peersOf(federation, secrets.peers)
  const audiences: Audience[] = [{ kind: 'operator' }, ...peers.map((peer) => ({ kind: 'peer' as const, peer }))]
  const publicUrl = (config.public_url ?? '').replace(/\/$/, '')
  const footprints = createOwnFootprints({
    store: deps.store,
    publicUrl,
    referencesTo: (uri) => referencesTo(uri, federation, audiences, publisher, deps.providers.facts()),
    now: deps.now,
    log: deps.log,
  })
  await footprints.refresh()
  const publisher = createPublisher({
    gateway: gatewayOf(federation),
    audiences,
    facts: () => deps.providers.facts(),
    providerPids: providerPids(config),
    withoutResources: (provider) => deps.advertisements.withoutResources(provider),
    resolve: (contract) => resolveContract(contract, () => footprints.registry(), deps.now()),
    resolvesBy: () =>
      footprints
        .list()
        .map(({ record, revision }) => `${record.name}:${revision}`)
        .join(),
    printer: deps.printer,
    nameOf: (text) => deps.vault.fingerprint(`fci ${text}`).slice(0, NAME_LENGTH),
    quietMs: federation.quiet_ms,
    history: federation.history,
    now: deps.now,
    log: deps.log,
    ...(deps.observe === undefined ? {} : { observe: deps.observe }),
  })
  const streams = createEventStreams({ publisher, maxStreams: federation.max_streams })
  const onError = (name: string, error: unknown): void => {
    deps.log('loop.failed', { loop: name, error: error instanceof Error ? error.message : 'unknown' })
  }
  const publishing = repeat({ name: 'publishing', intervalMs: CHECK_MS, signal: deps.signal, onError }, () =>
    publisher.refresh(),
  )
  const notifier = createNotifier({
    store: deps.store,
    vault: deps.vault,
    publisher,
    peers,
    fetcher: deps.fetcher,
    instance: deps.instance,
    now: deps.now,
    random: deps.random,
    signal: deps.signal,
    log: deps.log,
  })
  const subscriptions = createSubscriptions({
    store: deps.store,
    vault: deps.vault,
    newId: deps.newId,
    now: deps.now,
    log: deps.log,
    onChange: () => notifier.noteChange(),
  })
  const reading = repeat({ name: 'own footprints', intervalMs: READ_MS, signal: deps.signal, onError }, () =>
    footprints.refresh(),
  )
  const notifying = repeat({ name: 'notifications', intervalMs: CHECK_MS, signal: deps.signal, onError }, () =>
    notifier.tick(),
  )
  return {
    service: {
      peers,
      publisher,
      printer: deps.printer,
      streams,
      subscriptions,
      footprints,
      peerOf: peerAuthentication(peers, secrets.peers),
      caching: {
        maxAge: federation.max_age_seconds,
        staleWhileRevalidate: federation.stale_while_revalidate_seconds,
        staleIfError: federation.stale_if_error_seconds,
      },
      publicUrl,
    },
    endStreams: () => streams.close(),
    ended: Promise.all([publishing, reading, notifying.then(() => notifier.settled())]),
  }
}

function gatewayOf({ provider_id: pid, redirect_target: target }: FederationConfig): Gateway {
  if (target === undefined) return { pid }
  const { dns_host: dnsHost, http_host: httpHost, scheme, path_prefix: pathPrefix } = target
  return {
    pid,
    redirectTarget: {
      redirectingHosts: [],
      ...(dnsHost === undefined ? {} : { dnsTarget: { host: dnsHost } }),
      ...(httpHost === undefined
        ? {}
        : {
            httpTarget: {
              host: httpHost,
              includeRedirectingHost: target.include_redirecting_host,
              ...(scheme === undefined ? {} : { scheme }),
              ...(pathPrefix === undefined ? {} : { pathPrefix }),
            },
          }),
    },
  }
}

function providerPids({ providers }: Config): ReadonlyMap<string, string> {
  const pids = new Map<string, string>()
  for (const { id, pid } of providers) {
    const known = pid === undefined ? undefined : readProviderId(pid)
    if (known !== undefined) pids.set(id, known)
  }
  return pids
}
