import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { openSession } from '../../src/moq/open-session.ts'
import { connectClient, type TestClient, until } from '../support/moq-client.ts'
import { startTestRelay, type TestRelay } from '../support/moq-relay.ts'

describe.each([1, 2, 3, 5])('a ring of %i relays that name each other as upstream', (size) => {
  let ring: TestRelay[] = []
  let clients: TestClient[] = []
  afterEach(async () => {
    await Promise.all(clients.map(({ session }) => session.close()))
    await Promise.all(ring.map((relay) => relay[Symbol.asyncDispose]()))
    ring = []
    clients = []
  })

  async function buildRing(): Promise<void> {
    ring = await Promise.all(Array.from({ length: size }, () => startTestRelay(['s'])))
    for (const [index, relay] of ring.entries()) {
      const next = ring[(index + 1) % size]
      if (next !== undefined) relay.upstreams.set('s', [next.connectUrl('s-both')])
    }
    clients = await Promise.all(ring.map((relay) => connectClient(relay.connectUrl('s-sub'))))
    // Every relay pulls for its own clients through all the others; the one that would close the ring refuses.
    await until('all pulls', () => ring.every((relay) => relay.upstreamSessions() === size - 1))
    await until('all refusals', () => ring.every((relay) => loops(relay) === 1))
    // Its client, its own pulls and the pulls of the others.
    await until('all sessions', () => ring.every(({ relay }) => relay.sessions().length === 1 + 2 * (size - 1)))
  }

  const loops = (relay: TestRelay): number => relay.events.filter(({ fields }) => fields['reason'] === 'loop').length

  it('carries a publisher on any of them to subscribers on all, and forgets it everywhere when it ends', async () => {
    await buildRing()
    for (const relay of ring) {
      const publisher = await connectClient(relay.connectUrl('s-pub'))
      publisher.publish('live').track.writeString('text')
      await until('the announcement everywhere', () => clients.every(({ announced }) => announced.has('live')))
      const readings = clients.map((client) => client.read('live'))
      await until('the object everywhere', () => readings.every(({ texts }) => texts.includes('text')))
      await publisher.session.close()
      await until('the end everywhere', () => clients.every(({ announced }) => announced.size === 0))
      await until('the end of all tracks', () => readings.every((reading) => reading.ended()))
    }
  })

  it('stays at rest: the number of sessions is constant and nothing is dialed again', async () => {
    await buildRing()
    const publisher = await connectClient(ring[0]?.connectUrl('s-pub') ?? '')
    clients.push(publisher)
    publisher.publish('live').track.writeString('text')
    await until('the announcement everywhere', () =>
      clients.slice(0, size).every(({ announced }) => announced.size === 1),
    )
    const sessions = () => ring.map(({ relay }) => relay.sessions().length)
    await until('the publisher’s session', () => ring[0]?.relay.sessions().length === 2 * size)
    const before = { sessions: sessions(), events: ring.map((relay) => relay.events.length) }
    const used = process.cpuUsage()
    // Many times the longest pause between two dials of these relays, so that a storm would show.
    await delay(1_000)
    const { user, system } = process.cpuUsage(used)
    expect({ sessions: sessions(), events: ring.map((relay) => relay.events.length) }).toEqual(before)
    expect((user + system) / 1_000).toBeLessThan(300)
  })
})

describe('a relay asked to pull for other relays', () => {
  const dial = (relay: TestRelay, hops: readonly string[]) =>
    openSession({ connectUrl: relay.connectUrl('s-sub'), timeoutMs: 2_000, signal: new AbortController().signal, hops })
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `relay-${index}`)

  it('serves eight of them in a row, does not pull for the eighth, and refuses a ninth', async () => {
    await using origin = await startTestRelay(['s'])
    await using relay = await startTestRelay(['s'])
    relay.upstreams.set('s', [origin.connectUrl('s-sub')])
    const seventh = await dial(relay, ids(7))
    await until('its pull', () => relay.upstreamSessions() === 1)
    const eighth = await dial(relay, ids(8))
    await until('the eighth', () => relay.count('relay.session.opened') === 2)
    expect(relay.upstreamSessions()).toBe(1)
    expect(relay.count('relay.upstream.failed')).toBe(0)
    await expect(dial(relay, ids(9))).rejects.toMatchObject({ code: 'unreachable', cause: { status: 508 } })
    await Promise.all([seventh.close(), eighth.close()])
  })

  it.each(['a b', '', 'ä', 'x'.repeat(65), 'a,,b'])('answers 400 to the malformed chain "%s"', async (id) => {
    await using relay = await startTestRelay(['s'])
    await expect(dial(relay, [Buffer.from(id).toString('latin1')])).rejects.toMatchObject({ cause: { status: 400 } })
  })
})
