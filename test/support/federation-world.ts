import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { plainPrinter } from '../../src/broker/federation/advertisement-printer.ts'
import { createEventStreams } from '../../src/broker/federation/event-streams.ts'
import type { FederationService } from '../../src/broker/federation/federation-service.ts'
import { resolveContract } from '../../src/broker/federation/footprint-references.ts'
import { createNotifier, type Notifier } from '../../src/broker/federation/notifier.ts'
import { createOwnFootprints } from '../../src/broker/federation/own-footprints.ts'
import type { Audience, Peer } from '../../src/broker/federation/peer.ts'
import { peerAuthentication } from '../../src/broker/federation/peer.ts'
import { createPublisher, type Publisher } from '../../src/broker/federation/publisher.ts'
import { createSubscriptions } from '../../src/broker/federation/subscriptions.ts'
import { createIdSource } from '../../src/broker/identifiers.ts'
import { createGuardedFetcher } from '../../src/broker/outbound/guarded-fetch.ts'
import { createVault } from '../../src/broker/scopes/vault.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import type { Footprint } from '../../src/fci/footprint.ts'
import type { ProviderFacts } from '../../src/routing/decision.ts'
import { capabilitiesOf, contributor, countries, delivery, OPEN_CONTRACT } from '../federation/contributors.ts'

export const PEER_TOKEN = 'token-of-the-peer-upstream-0001'
export const NARROW_TOKEN = 'token-of-the-narrow-peer-00001'

/** A peer that is told everything, and one that is told only of Germany and only over plain HTTP. */
export function twoPeers(
  origin = 'https://up.example',
  narrowTo: Footprint = { kind: 'some', anyOf: [{ countries: ['de'] }] },
): readonly [Peer, Peer] {
  return [
    {
      id: 'upstream',
      pid: 'AS64510:0',
      profiles: new Set(['http', 'svta', 'alto']),
      contract: OPEN_CONTRACT,
      notifications: { origins: [origin], token: 'what-we-say-to-upstream', maxSubscriptions: 2 },
    },
    {
      id: 'narrow',
      profiles: new Set(['http']),
      contract: { ...OPEN_CONTRACT, footprint: narrowTo },
    },
  ]
}

export interface WorldOptions {
  readonly history?: number
  readonly maxStreams?: number
  /** Where else a URI of ours is referred to. */
  readonly referencesTo?: (uri: string) => readonly string[]
  /** What the second peer may be told of. */
  readonly narrowTo?: Footprint
  /** Where the first peer takes updates. */
  readonly origin?: string
}

export interface FederationWorld {
  readonly service: FederationService
  readonly publisher: Publisher
  readonly notifier: Notifier
  readonly store: Store
  readonly upstream: Audience
  readonly narrow: Audience
  readonly logged: { readonly event: string; readonly fields: unknown }[]
  now: number
  /** What the one CDN below says now. */
  say(...objects: readonly object[]): void
  setFacts(change: Partial<ProviderFacts>): void
  /** Lets the quiet time pass. */
  settle(): Promise<void>
  /** Begins what is due and waits for its end. */
  notify(): Promise<void>
  /** Another process on the same store. */
  anotherNotifier(instance: string): Notifier
}

export const QUIET_MS = 2000

/** A gateway with one CDN below it and two peers above, a clock that stands still, and a real store; gone with the test. */
export async function federationWorld(options: WorldOptions = {}): Promise<FederationWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'moq-broker-federation-'))
  const world = { now: Date.UTC(2026, 10, 21) }
  const now = (): number => world.now
  const store = await openStore({ kind: 'embedded', path: folder }, { now, log: { warn: () => {} } })
  const fetcher = createGuardedFetcher({ privateHosts: ['127.0.0.1'], now })
  const stopping = new AbortController()
  onTestFinished(async () => {
    stopping.abort()
    await fetcher[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })
  const vault = createVault({ store, key: new Uint8Array(32).fill(7), randomBytes })
  const peers = twoPeers(options.origin, options.narrowTo)
  let facts = contributor('cdn-a', capabilitiesOf(delivery(countries('de', 'fr')))).facts
  const [upstream, narrow] = peers.map((peer): Audience => ({ kind: 'peer', peer }))
  if (upstream === undefined || narrow === undefined) throw new Error('there are two peers')
  const logged: { readonly event: string; readonly fields: unknown }[] = []
  const log = (event: string, fields?: unknown): void => {
    logged.push({ event, fields })
  }
  const footprints = createOwnFootprints({
    store,
    publicUrl: 'https://broker.example',
    referencesTo: (uri) => options.referencesTo?.(uri) ?? [],
    now,
    log,
  })
  const publisher = createPublisher({
    gateway: { pid: 'AS64500:0' },
    audiences: [{ kind: 'operator' }, upstream, narrow],
    facts: () => [facts],
    providerPids: new Map(),
    resolve: (contract) => resolveContract(contract, () => footprints.registry(), now()),
    resolvesBy: () =>
      footprints
        .list()
        .map(({ record, revision }) => `${record.name}:${revision}`)
        .join(),
    printer: plainPrinter,
    nameOf: (text) => hash('sha256', text, 'base64url').slice(0, 22),
    quietMs: QUIET_MS,
    history: options.history ?? 4,
    now,
    log,
  })
  const notifierOf = (instance: string): Notifier =>
    createNotifier({
      store,
      vault,
      publisher,
      peers,
      fetcher,
      instance,
      now,
      random: () => 0.5,
      signal: stopping.signal,
      log,
    })
  const notifier = notifierOf('this')
  const secrets = new Map([
    ['upstream', { token: PEER_TOKEN }],
    ['narrow', { token: NARROW_TOKEN }],
  ])
  return Object.assign(world, {
    service: {
      peers,
      publisher,
      printer: plainPrinter,
      streams: createEventStreams({ publisher, maxStreams: options.maxStreams ?? 2 }),
      subscriptions: createSubscriptions({
        store,
        vault,
        newId: createIdSource(now, randomBytes),
        now,
        log,
        onChange: () => notifier.noteChange(),
      }),
      footprints,
      peerOf: peerAuthentication(peers, secrets),
      caching: { maxAge: 60, staleWhileRevalidate: 30, staleIfError: 600 },
      publicUrl: 'https://broker.example',
    },
    publisher,
    notifier,
    store,
    upstream,
    narrow,
    logged,
    say(...objects: readonly object[]) {
      facts = { ...facts, ...contributor('cdn-a', capabilitiesOf(...objects)).facts }
    },
    setFacts(change: Partial<ProviderFacts>) {
      facts = { ...facts, ...change }
    },
    async settle() {
      await publisher.refresh()
      world.now += QUIET_MS
      await publisher.refresh()
    },
    async notify() {
      await notifier.tick()
      await notifier.settled()
    },
    anotherNotifier: notifierOf,
  })
}
