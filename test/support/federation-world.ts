import { hash } from 'node:crypto'
import { createEventStreams } from '../../src/broker/federation/event-streams.ts'
import type { FederationService } from '../../src/broker/federation/federation-service.ts'
import type { Audience, Peer } from '../../src/broker/federation/peer.ts'
import { peerAuthentication } from '../../src/broker/federation/peer.ts'
import { createPublisher, type Publisher } from '../../src/broker/federation/publisher.ts'
import type { ProviderFacts } from '../../src/routing/decision.ts'
import { capabilitiesOf, contributor, countries, delivery, OPEN_CONTRACT } from '../federation/contributors.ts'

export const PEER_TOKEN = 'token-of-the-peer-upstream-0001'
export const NARROW_TOKEN = 'token-of-the-narrow-peer-00001'

/** A peer that is told everything, and one that is told only of Germany and only over plain HTTP. */
export const PEERS: readonly Peer[] = [
  {
    id: 'upstream',
    pid: 'AS64510:0',
    profiles: new Set(['http', 'svta', 'alto']),
    contract: OPEN_CONTRACT,
    notifications: { origins: ['https://up.example'], maxSubscriptions: 2 },
  },
  {
    id: 'narrow',
    profiles: new Set(['http']),
    contract: { ...OPEN_CONTRACT, footprint: { kind: 'some', anyOf: [{ countries: ['de'] }] } },
  },
]

export interface FederationWorld {
  readonly service: FederationService
  readonly publisher: Publisher
  readonly logged: { readonly event: string; readonly fields: unknown }[]
  now: number
  /** What the one CDN below says now. */
  say(...objects: readonly object[]): void
  setFacts(change: Partial<ProviderFacts>): void
  /** Lets the quiet time pass. */
  settle(): Promise<void>
}

export const QUIET_MS = 2000

/** A gateway with one CDN below it and two peers above, and a clock that stands still. */
export function federationWorld(
  options: { readonly history?: number; readonly maxStreams?: number } = {},
): FederationWorld {
  let facts = contributor('cdn-a', capabilitiesOf(delivery(countries('de', 'fr')))).facts
  const audiences: readonly Audience[] = [
    { kind: 'operator' },
    ...PEERS.map((peer) => ({ kind: 'peer' as const, peer })),
  ]
  const logged: { readonly event: string; readonly fields: unknown }[] = []
  const world = { now: Date.UTC(2026, 10, 21) }
  const publisher = createPublisher({
    gateway: { pid: 'AS64500:0' },
    audiences,
    facts: () => [facts],
    providerPids: new Map(),
    nameOf: (text) => hash('sha256', text, 'base64url').slice(0, 22),
    quietMs: QUIET_MS,
    history: options.history ?? 4,
    now: () => world.now,
    log: (event, fields) => logged.push({ event, fields }),
  })
  const secrets = new Map([
    ['upstream', { token: PEER_TOKEN }],
    ['narrow', { token: NARROW_TOKEN }],
  ])
  return Object.assign(world, {
    service: {
      publisher,
      streams: createEventStreams({ publisher, maxStreams: options.maxStreams ?? 2 }),
      peerOf: peerAuthentication(PEERS, secrets),
      caching: { maxAge: 60, staleWhileRevalidate: 30, staleIfError: 600 },
      publicUrl: 'https://broker.example',
    },
    publisher,
    logged,
    say(...objects: readonly object[]) {
      ;({ facts } = contributor('cdn-a', capabilitiesOf(...objects)))
    },
    setFacts(change: Partial<ProviderFacts>) {
      facts = { ...facts, ...change }
    },
    async settle() {
      await publisher.refresh()
      world.now += QUIET_MS
      await publisher.refresh()
    },
  })
}
