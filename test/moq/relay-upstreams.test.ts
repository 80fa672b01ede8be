import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectClient, until } from '../support/moq-client.ts'
import { startTestRelay, type TestRelay } from '../support/moq-relay.ts'
import { startSilentServer } from '../support/silent-server.ts'

describe('a relay with upstreams', () => {
  let origin: TestRelay
  let spare: TestRelay
  let edge: TestRelay
  beforeEach(async () => {
    origin = await startTestRelay(['s'])
    spare = await startTestRelay(['s'])
    edge = await startTestRelay(['s'])
    edge.upstreams.set('s', [origin.connectUrl('s-sub'), spare.connectUrl('s-sub')])
  })
  afterEach(async () => {
    await Promise.all([origin, spare, edge].map((relay) => relay[Symbol.asyncDispose]()))
  })

  it('pulls what its subscribers read, with one subscription for all of them', async () => {
    await using publisher = await connectClient(origin.connectUrl('s-pub'))
    const { track, subscriptions } = publisher.publish('live')
    track.writeString('first')
    await using one = await connectClient(edge.connectUrl('s-sub'))
    await until('the announcement', () => one.announced.has('live'))
    expect(subscriptions()).toBe(0)
    const reading = one.read('live')
    await until('the object', () => reading.texts.includes('first'))
    await using two = await connectClient(edge.connectUrl('s-sub'))
    await until('the announcement', () => two.announced.has('live'))
    const late = two.read('live')
    await until('the latest object', () => late.texts.includes('first'))
    track.writeString('second')
    await until('the new object', () => reading.texts.includes('second') && late.texts.includes('second'))
    expect(subscriptions()).toBe(1)
    expect(edge.upstreamSessions()).toBe(1)
    expect(origin.relay.sessions()).toHaveLength(2)
  })

  it('does not dial while nobody subscribes, and hangs up a moment after the last subscriber', async () => {
    await using publisher = await connectClient(edge.connectUrl('s-pub'))
    publisher.publish('live')
    const subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the pull', () => origin.relay.sessions().length === 1 && edge.relay.sessions().length === 3)
    await subscriber.session.close()
    await until('the end of the pull', () => origin.relay.sessions().length === 0)
    expect(origin.count('relay.session.opened')).toBe(1)
    expect(edge.count('relay.upstream.connected')).toBe(1)
    expect(edge.upstreamSessions()).toBe(0)
  })

  it('keeps the pull when the next subscriber comes before the linger is over', async () => {
    await using patient = await startTestRelay(['s'], { timing: { lingerMs: 60_000 } })
    patient.upstreams.set('s', [origin.connectUrl('s-sub')])
    const first = await connectClient(patient.connectUrl('s-sub'))
    await until('the pull', () => patient.upstreamSessions() === 1 && patient.count('relay.session.opened') === 1)
    await first.session.close()
    await until('the end of the first', () => patient.count('relay.session.closed') === 1)
    await using second = await connectClient(patient.connectUrl('s-sub'))
    await until('the second', () => patient.count('relay.session.opened') === 2)
    expect(patient.count('relay.upstream.connected')).toBe(1)
    expect(second.announcements).toEqual([])
  })

  it.each(['moq-lite-05', 'moq-lite-04', 'moqt-16', 'moqt-18'] as const)(
    'has the upstream’s broadcasts ready for a subscriber on %s that does not wait for announcements',
    async (version) => {
      await using publisher = await connectClient(origin.connectUrl('s-pub'))
      publisher.publish('live').track.writeString('first')
      await until('the publisher at the origin', () => origin.relay.sessions().length === 1)
      await using blind = await connectClient(edge.connectUrl('s-sub'), { versions: [version] })
      const reading = blind.read('live')
      await until('the object', () => reading.texts.includes('first'))
    },
  )

  it('pulls through two hops', async () => {
    await using far = await startTestRelay(['s'])
    far.upstreams.set('s', [edge.connectUrl('s-sub')])
    await using publisher = await connectClient(origin.connectUrl('s-pub'))
    const { track } = publisher.publish('live')
    track.writeString('first')
    await until('the publisher at the origin', () => origin.relay.sessions().length === 1)
    await using blind = await connectClient(far.connectUrl('s-sub'))
    const reading = blind.read('live')
    await until('the object', () => reading.texts.includes('first'))
    track.writeString('second')
    await until('the next object', () => reading.texts.includes('second'))
    await publisher.session.close()
    await until('the end', () => reading.ended() && blind.announced.size === 0)
  })

  it('serves the publisher of its own first, and the pulled broadcast when that one has gone', async () => {
    await using remote = await connectClient(origin.connectUrl('s-pub'))
    remote.publish('live').track.writeString('remote')
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the announcement', () => subscriber.announced.has('live'))
    const first = subscriber.read('live')
    await until('the remote object', () => first.texts.includes('remote'))
    const local = await connectClient(edge.connectUrl('s-pub'))
    local.publish('live').track.writeString('local')
    await until('the switch', () => first.ended() && subscriber.announcements.length === 3)
    const second = subscriber.read('live')
    await until('the local object', () => second.texts.includes('local'))
    await local.session.close()
    await until('the way back', () => second.ended() && subscriber.announcements.length === 5)
    const third = subscriber.read('live')
    await until('the remote object again', () => third.texts.includes('remote'))
    expect([first.texts, second.texts, third.texts]).toEqual([['remote'], ['local'], ['remote']])
    expect(subscriber.announcements).toEqual(['+live', '-live', '+live', '-live', '+live'])
  })

  it('goes to the next upstream when it loses the first, and comes back when that one is all there is', async () => {
    await using first = await connectClient(origin.connectUrl('s-pub'))
    first.publish('live').track.writeString('from origin')
    await using second = await connectClient(spare.connectUrl('s-pub'))
    second.publish('live').track.writeString('from spare')
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the announcement', () => subscriber.announced.has('live'))
    const before = subscriber.read('live')
    await until('the first object', () => before.texts.includes('from origin'))
    await origin.relay.setDown(true)
    await until('the switch', () => before.ended() && subscriber.announcements.length === 3)
    const after = subscriber.read('live')
    await until('the spare object', () => after.texts.includes('from spare'))
    await origin.relay.setDown(false)
    await using again = await connectClient(origin.connectUrl('s-pub'))
    again.publish('live').track.writeString('from origin again')
    await spare.relay.setDown(true)
    await until('the way back', () => after.ended() && subscriber.announcements.length === 5)
    const last = subscriber.read('live')
    await until('the object', () => last.texts.includes('from origin again'))
  })

  it('keeps dialing, ever more slowly, until an upstream comes up', async () => {
    await Promise.all([origin.relay.setDown(true), spare.relay.setDown(true)])
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('some failed rounds', () => edge.count('relay.upstream.failed') >= 6)
    await spare.relay.setDown(false)
    await until('the pull', () => edge.upstreamSessions() === 1)
    await using publisher = await connectClient(spare.connectUrl('s-pub'))
    publisher.publish('live')
    await until('the announcement', () => subscriber.announced.has('live'))
  })

  it('passes over an upstream that accepts connections and says nothing', async () => {
    await using silent = await startSilentServer()
    await using impatient = await startTestRelay(['s'], { timing: { dialTimeoutMs: 100 } })
    impatient.upstreams.set('s', [`ws://127.0.0.1:${silent.port}/token`, origin.connectUrl('s-sub')])
    await using subscriber = await connectClient(impatient.connectUrl('s-sub'))
    await until('the pull', () => impatient.upstreamSessions() === 1)
    expect(impatient.events).toContainEqual({
      event: 'relay.upstream.failed',
      fields: { scopeId: 's', upstream: 0, reason: 'timeout' },
    })
    expect(subscriber.announcements).toEqual([])
  })

  it('leaves the old upstream for the new one on refresh, and starts or stops pulling as told', async () => {
    await using first = await connectClient(origin.connectUrl('s-pub'))
    first.publish('live').track.writeString('from origin')
    await using second = await connectClient(spare.connectUrl('s-pub'))
    second.publish('live').track.writeString('from spare')
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the announcement', () => subscriber.announced.has('live'))
    const before = subscriber.read('live')
    await until('the first object', () => before.texts.includes('from origin'))
    edge.upstreams.set('s', [spare.connectUrl('s-sub')])
    edge.relay.refresh('s')
    await until('the switch', () => before.ended() && subscriber.announcements.length === 3)
    const after = subscriber.read('live')
    await until('the other object', () => after.texts.includes('from spare'))
    await until('the end of the old pull', () => origin.relay.sessions().length === 1)
    edge.upstreams.set('s', [])
    edge.relay.refresh('s')
    await until('the end of the pull', () => edge.upstreamSessions() === 0 && subscriber.announced.size === 0)
    edge.upstreams.set('s', [origin.connectUrl('s-sub')])
    edge.relay.refresh('s')
    await until('the new pull', () => subscriber.announced.has('live'))
  })

  it('offers a pulling relay nothing that it might publish, whatever its token allows', async () => {
    edge.upstreams.set('s', [origin.connectUrl('s-both')])
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the pull', () => origin.relay.sessions().length === 1)
    expect(origin.relay.sessions()).toEqual([{ scopeId: 's', publish: false, subscribe: true, upstream: false }])
    expect(edge.relay.sessions()).toContainEqual({ scopeId: 's', publish: true, subscribe: false, upstream: true })
    expect(subscriber.announcements).toEqual([])
  })

  it('stops pulling when the scope is dropped and when it goes down', async () => {
    const dropped = await connectClient(edge.connectUrl('s-sub'))
    await until('the pull', () => origin.relay.sessions().length === 1)
    edge.relay.drop('s')
    await dropped.session.closed
    await until('the end of the pull', () => origin.relay.sessions().length === 0)
    await connectClient(edge.connectUrl('s-sub'))
    await until('the next pull', () => origin.relay.sessions().length === 1)
    await edge.relay.setDown(true)
    await until('the end of the next pull', () => origin.relay.sessions().length === 0)
    expect(edge.relay.sessions()).toEqual([])
  })

  it('logs neither tokens nor URLs', async () => {
    edge.upstreams.set('s', [origin.connectUrl('secret-token'), origin.connectUrl('s-sub')])
    await using subscriber = await connectClient(edge.connectUrl('s-sub'))
    await until('the pull', () => edge.upstreamSessions() === 1)
    await until('the session', () => edge.count('relay.session.opened') === 1)
    await subscriber.session.close()
    await until('the end', () => edge.count('relay.session.closed') === 1)
    expect(edge.events).toContainEqual({
      event: 'relay.upstream.failed',
      fields: { scopeId: 's', upstream: 0, reason: 'refused' },
    })
    expect(JSON.stringify(edge.events)).not.toMatch(/secret|s-sub|127\.0\.0\.1/)
  })
})
