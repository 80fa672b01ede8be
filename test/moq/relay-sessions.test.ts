import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MoqError } from '../../src/moq/moq-error.ts'
import { probeRelay } from '../../src/moq/open-session.ts'
import { MOQ_VERSIONS } from '../../src/moq/subprotocols.ts'
import { connectClient, until } from '../support/moq-client.ts'
import { startTestRelay, type TestRelay } from '../support/moq-relay.ts'

const probe = (connectUrl: string) =>
  probeRelay({ connectUrl, timeoutMs: 2_000, signal: new AbortController().signal, now: () => performance.now() })

describe('a relay without upstreams', () => {
  let at: TestRelay
  beforeEach(async () => {
    at = await startTestRelay(['one', 'two'])
  })
  afterEach(async () => {
    await at[Symbol.asyncDispose]()
  })

  it('carries objects to every subscriber of the scope, to late ones from the latest group on', async () => {
    await using publisher = await connectClient(at.connectUrl('one-pub'))
    const { track, subscriptions } = publisher.publish('live')
    track.writeString('first')
    track.writeString('second')
    await using early = await connectClient(at.connectUrl('one-sub'))
    await until('the announcement', () => early.announced.has('live'))
    const before = early.read('live')
    await until('the latest object', () => before.texts.includes('second'))
    await using late = await connectClient(at.connectUrl('one-sub'))
    await until('the announcement', () => late.announced.has('live'))
    const after = late.read('live')
    await until('the latest object for the late one', () => after.texts.length > 0)
    track.writeString('third')
    await until('the new object', () => before.texts.includes('third') && after.texts.includes('third'))
    expect(before.texts).toEqual(['second', 'third'])
    expect(after.texts).toEqual(['second', 'third'])
    expect(subscriptions()).toBe(1)
  })

  it('subscribes at the publisher only while somebody reads, and anew for the next reader', async () => {
    await using publisher = await connectClient(at.connectUrl('one-pub'))
    const { track, subscriptions } = publisher.publish('live')
    track.writeString('first')
    await using first = await connectClient(at.connectUrl('one-sub'))
    await until('the announcement', () => first.announced.has('live'))
    expect(subscriptions()).toBe(0)
    const reading = first.read('live')
    await until('the object', () => reading.texts.length === 1)
    await first.session.close()
    await until('the end of the session', () => at.relay.sessions().length === 1)
    await using second = await connectClient(at.connectUrl('one-sub'))
    await until('the announcement', () => second.announced.has('live'))
    const again = second.read('live')
    await until('the object', () => again.texts.length === 1)
    expect(subscriptions()).toBe(2)
  })

  it('learns of every broadcast that is published in the moment of connecting', async () => {
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    const names = Array.from({ length: 60 }, (_, index) => `live/${index}`)
    const publishers = await Promise.all(
      names.map(async (name) => {
        const publisher = await connectClient(at.connectUrl('one-pub'))
        publisher.publish(name)
        return publisher
      }),
    )
    await until('all announcements', () => watcher.announced.size === names.length)
    await Promise.all(publishers.map(({ session }) => session.close()))
    await until('all ends', () => watcher.announced.size === 0)
  })

  it('keeps scopes apart', async () => {
    await using ours = await connectClient(at.connectUrl('one-both'))
    await using theirs = await connectClient(at.connectUrl('two-both'))
    await using watcher = await connectClient(at.connectUrl('two-sub'))
    ours.publish('live').track.writeString('ours')
    theirs.publish('other').track.writeString('theirs')
    await until('their own announcement', () => watcher.announced.has('other'))
    const stolen = watcher.read('live')
    await until('the refusal', () => stolen.ended())
    expect(stolen.texts).toEqual([])
    expect(watcher.announcements).toEqual(['+other'])
  })

  it('ignores what a session without the right to publish announces', async () => {
    await using silent = await connectClient(at.connectUrl('one-sub'))
    await using speaker = await connectClient(at.connectUrl('one-pub'))
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    silent.publish('forged').track.writeString('forged')
    silent.publish('live').track.writeString('forged')
    speaker.publish('live').track.writeString('genuine')
    await until('the announcement', () => watcher.announced.has('live'))
    const genuine = watcher.read('live')
    const forged = watcher.read('forged')
    await until('the object and the refusal', () => genuine.texts.length > 0 && forged.ended())
    expect(genuine.texts).toEqual(['genuine'])
    expect(watcher.announcements).toEqual(['+live'])
  })

  it('tells and gives nothing to a session without the right to subscribe', async () => {
    await using speaker = await connectClient(at.connectUrl('one-pub'))
    await using deaf = await connectClient(at.connectUrl('one-pub'))
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    speaker.publish('live').track.writeString('text')
    await until('the announcement to others', () => watcher.announced.has('live'))
    const refused = deaf.read('live')
    await until('the refusal', () => refused.ended())
    expect(refused.texts).toEqual([])
    expect(deaf.announcements).toEqual([])
  })

  it('does not offer a session its own broadcast', async () => {
    await using both = await connectClient(at.connectUrl('one-both'))
    await using other = await connectClient(at.connectUrl('one-both'))
    both.publish('mine')
    other.publish('yours')
    await until('the others’ announcements', () => both.announced.has('yours') && other.announced.has('mine'))
    expect(both.announcements).toEqual(['+yours'])
  })

  it('prefers the newest publisher of a broadcast and returns to the older one after it', async () => {
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    await using older = await connectClient(at.connectUrl('one-pub'))
    older.publish('live').track.writeString('older')
    await until('the announcement', () => watcher.announced.has('live'))
    const first = watcher.read('live')
    await until('the older object', () => first.texts.includes('older'))
    const newer = await connectClient(at.connectUrl('one-pub'))
    newer.publish('live').track.writeString('newer')
    await until('the switch', () => first.ended() && watcher.announcements.length === 3)
    const second = watcher.read('live')
    await until('the newer object', () => second.texts.includes('newer'))
    await newer.session.close()
    await until('the way back', () => second.ended() && watcher.announcements.length === 5)
    const third = watcher.read('live')
    await until('the older object again', () => third.texts.includes('older'))
    expect(watcher.announcements).toEqual(['+live', '-live', '+live', '-live', '+live'])
  })

  it('refuses unknown tokens with 403, and reports neither them nor the URL', async () => {
    for (const token of ['unknown', '%FF', '.', '']) {
      const failure = await probe(at.connectUrl(token)).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(MoqError)
      expect(failure).toMatchObject({ code: 'refused', cause: { status: 403 } })
      expect(String(failure)).not.toContain('127.0.0.1')
    }
    expect(at.events.map(({ event }) => event)).toEqual(['relay.up'])
  })

  it('decodes the token once and ignores what follows it', async () => {
    const grant = { scopeId: 'one', publish: true, subscribe: true }
    for (const token of ['a.b-c_d~e', 'a/b', 'a%2Fb', 'ü €']) at.grants.set(token, grant)
    for (const path of ['a.b-c_d~e', 'a%2Fb', 'a%252Fb', '%C3%BC%20%E2%82%AC', 'a%2fb/more/path?query=1']) {
      await expect(probe(at.connectUrl(path))).resolves.toHaveProperty('connectMs')
    }
    await expect(probe(at.connectUrl('a/b'))).rejects.toMatchObject({ code: 'refused' })
  })

  it('refuses a revoked token and leaves the sessions that it opened', async () => {
    await using publisher = await connectClient(at.connectUrl('one-pub'))
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    at.grants.delete('one-sub')
    await expect(probe(at.connectUrl('one-sub'))).rejects.toMatchObject({ code: 'refused' })
    publisher.publish('live').track.writeString('still here')
    await until('the announcement', () => watcher.announced.has('live'))
    const reading = watcher.read('live')
    await until('the object', () => reading.texts.includes('still here'))
  })

  it('drops the sessions of a deleted scope and no others', async () => {
    const gone = await connectClient(at.connectUrl('one-both'))
    await using stays = await connectClient(at.connectUrl('two-both'))
    await until('both sessions', () => at.relay.sessions().length === 2)
    at.relay.drop('one')
    await gone.session.closed
    await until('the end of the session', () => at.relay.sessions().length === 1)
    expect(at.relay.sessions()).toEqual([{ scopeId: 'two', publish: true, subscribe: true, upstream: false }])
    stays.publish('live')
  })

  it('cuts everything when it goes down, and serves on the same port when it comes back', async () => {
    const { port } = at.relay
    const lost = await connectClient(at.connectUrl('one-both'))
    await at.relay.setDown(true)
    expect(await lost.session.closed).toBe('the connection was lost')
    expect(at.relay.sessions()).toEqual([])
    await expect(probe(at.connectUrl('one-both'))).rejects.toMatchObject({ code: 'unreachable' })
    await Promise.all([
      at.relay.setDown(true),
      at.relay.setDown(false),
      at.relay.setDown(true),
      at.relay.setDown(false),
    ])
    expect(at.relay.port).toBe(port)
    await using publisher = await connectClient(at.connectUrl('one-pub'))
    publisher.publish('live').track.writeString('back')
    await using watcher = await connectClient(at.connectUrl('one-sub'))
    await until('the announcement', () => watcher.announced.has('live'))
  })

  it('reports a port that is in use', async () => {
    await expect(startTestRelay([], { port: at.relay.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('a relay between clients of different MoQ versions', () => {
  const lite = ['moq-lite-05', 'moq-lite-04'] as const
  const drafts = ['moqt-16', 'moqt-18'] as const
  const pairs = [
    ...MOQ_VERSIONS.map((version) => [version, version] as const),
    ...lite.flatMap((a) => drafts.flatMap((b) => [[a, b] as const, [b, a] as const])),
    ['moqt-16', 'moqt-18'] as const,
    ['moqt-18', 'moqt-16'] as const,
    ['moq-lite-04', 'moq-lite-05'] as const,
    ['moq-lite-05', 'moq-lite-04'] as const,
  ]

  it.each(pairs)('carries objects from %s to %s, also to a subscriber that does not wait', async (from, to) => {
    await using at = await startTestRelay(['one'])
    await using publisher = await connectClient(at.connectUrl('one-pub'), { versions: [from] })
    const { track, readers } = publisher.publish('live/camera')
    track.writeString('first')
    await using watcher = await connectClient(at.connectUrl('one-sub'), { versions: [to] })
    await until('the announcement', () => watcher.announced.has('live/camera'))
    const reading = watcher.read('live/camera')
    await until('the first object', () => reading.texts.includes('first'))
    track.writeString('second')
    await until('the second object', () => reading.texts.includes('second'))
    await using blind = await connectClient(at.connectUrl('one-sub'), { versions: [to] })
    const blindly = blind.read('live/camera')
    await until('the latest object', () => blindly.texts.includes('second'))
    blindly.stop()
    reading.stop()
    await until('the end of the subscription at the publisher', () => readers() === 0)
    await publisher.session.close()
    await until('the end of the announcement', () => watcher.announced.size === 0)
    expect(reading.texts).toEqual(['first', 'second'])
  })
})
