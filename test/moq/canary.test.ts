import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type PublishCanary, publishCanary, type SubscribeCanary, subscribeCanary } from '../../src/moq/canary.ts'
import type { CanaryObject } from '../../src/moq/canary-object.ts'
import { MoqError } from '../../src/moq/moq-error.ts'
import { connectClient, until } from '../support/moq-client.ts'
import { startTestRelay, type TestRelay } from '../support/moq-relay.ts'
import { startSilentServer } from '../support/silent-server.ts'

const BROADCAST = 'moq-broker/canary'

describe('the canary', () => {
  let origin: TestRelay
  let edge: TestRelay
  beforeEach(async () => {
    origin = await startTestRelay(['s'])
    edge = await startTestRelay(['s'])
    edge.upstreams.set('s', [origin.connectUrl('s-sub')])
  })
  afterEach(async () => {
    await Promise.all([origin, edge].map((relay) => relay[Symbol.asyncDispose]()))
  })

  const publish = (options: Partial<PublishCanary> = {}) =>
    publishCanary({
      connectUrl: origin.connectUrl('s-pub'),
      broadcast: BROADCAST,
      run: 'run-1',
      intervalMs: 20,
      connectTimeoutMs: 10_000,
      signal: new AbortController().signal,
      now: Date.now,
      ...options,
    })

  const subscribe = async (options: Partial<SubscribeCanary> = {}) => {
    const objects: CanaryObject[] = []
    const subscriber = await subscribeCanary({
      connectUrl: edge.connectUrl('s-sub'),
      broadcast: BROADCAST,
      connectTimeoutMs: 10_000,
      signal: new AbortController().signal,
      now: Date.now,
      onObject: (object) => objects.push(object),
      ...options,
    })
    return { objects, ...subscriber }
  }

  it('flies from a publisher through an edge to a subscriber, in order and within a fraction of a second', async () => {
    await using publisher = await publish()
    await using subscriber = await subscribe()
    await until('twenty objects', () => subscriber.objects.length >= 20)
    const sequences = subscriber.objects.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index))
    expect(new Set(subscriber.objects.map(({ run }) => run))).toEqual(new Set(['run-1']))
    expect(publisher.lastSequence()).toBeGreaterThanOrEqual(sequences.at(-1) ?? Infinity)
    const latencies = subscriber.objects.slice(1).map(({ publishedAt, receivedAt }) => receivedAt - publishedAt)
    expect(Math.min(...latencies)).toBeGreaterThanOrEqual(0)
    expect(latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length / 2)]).toBeLessThan(100)
  })

  it('is connected before its broadcast exists, and receives it once somebody publishes', async () => {
    await using subscriber = await subscribe()
    expect(subscriber.objects).toEqual([])
    await using publisher = await publish()
    await until('an object', () => subscriber.objects.length > 0)
    expect(publisher.lastSequence()).toBeGreaterThanOrEqual(0)
  })

  it('follows the broadcast on one session when another publisher takes it over', async () => {
    const first = await publish()
    await using subscriber = await subscribe()
    await until('the first run', () => subscriber.objects.some(({ run }) => run === 'run-1'))
    await first[Symbol.asyncDispose]()
    await using second = await publish({ run: 'run-2' })
    await until('the second run', () => subscriber.objects.some(({ run }) => run === 'run-2'))
    await using third = await publish({ run: 'run-3', connectUrl: edge.connectUrl('s-pub') })
    await until('the local run', () => subscriber.objects.some(({ run }) => run === 'run-3'))
    const runs = subscriber.objects.map(({ run }) => run)
    expect(runs).toEqual(runs.toSorted())
    expect([second.lastSequence() > 0, third.lastSequence() >= 0]).toEqual([true, true])
  })

  it('survives the loss of the edge’s upstream', async () => {
    await using publisher = await publish()
    await using subscriber = await subscribe()
    await until('objects', () => subscriber.objects.length > 0)
    await origin.relay.setDown(true)
    expect(await publisher.closed).toBe('the connection was lost')
    await origin.relay.setDown(false)
    await using again = await publish({ run: 'run-2' })
    await until('objects of the new run', () => subscriber.objects.some(({ run }) => run === 'run-2'))
    expect(again.lastSequence()).toBeGreaterThanOrEqual(0)
  })

  it('ignores payloads that are not its own', async () => {
    await using foreign = await connectClient(origin.connectUrl('s-pub'))
    await using subscriber = await subscribe({ connectUrl: origin.connectUrl('s-sub') })
    const track = foreign.publish(BROADCAST, 'canary').track
    await until('the subscription', () => origin.relay.sessions().length === 2)
    const good = { sequence: 7, publishedAt: 1, run: 'run-1' }
    track.writeString('not json')
    track.writeJson(null)
    track.writeJson({ ...good, sequence: -1 })
    track.writeJson({ ...good, run: '' })
    track.writeJson({ ...good, publishedAt: 'now' })
    track.writeString(' '.repeat(5_000) + JSON.stringify(good))
    track.writeJson({ ...good, extra: true })
    await until('the object', () => subscriber.objects.length > 0)
    expect(subscriber.objects.map(({ receivedAt, ...object }) => ({ ...object, known: receivedAt > 0 }))).toEqual([
      { ...good, known: true },
    ])
  })

  it('ignores broadcasts below its own name', async () => {
    await using publisher = await publish({ broadcast: `${BROADCAST}/below` })
    await using subscriber = await subscribe({ connectUrl: origin.connectUrl('s-sub') })
    await until('objects that it must not see', () => publisher.lastSequence() > 10)
    expect(subscriber.objects).toEqual([])
  })

  it('ends when it is disposed, when its signal says so and when the relay goes away', async () => {
    const disposed = await publish()
    await disposed[Symbol.asyncDispose]()
    expect(await disposed.closed).toBe('closed by this side')
    const last = disposed.lastSequence()
    const controller = new AbortController()
    const aborted = [await publish({ signal: controller.signal }), await subscribe({ signal: controller.signal })]
    controller.abort()
    expect(await Promise.all(aborted.map(({ closed }) => closed))).toEqual([
      'closed by this side',
      'closed by this side',
    ])
    const dropped = await subscribe()
    edge.relay.drop('s')
    expect(await dropped.closed).toBe('the peer closed the session with code 0')
    const lost = await subscribe()
    await edge.relay.setDown(true)
    expect(await lost.closed).toBe('the connection was lost')
    expect(disposed.lastSequence()).toBe(last)
  })

  it('says what is wrong with a connection, and nothing about the URL', async () => {
    const port = origin.relay.port
    const free = await startTestRelay([])
    const freePort = free.relay.port
    await free[Symbol.asyncDispose]()
    const failures = [
      [`ws://127.0.0.1:${port}/secret-token`, 'refused'],
      [`ws://127.0.0.1:${freePort}/secret-token`, 'unreachable'],
      [`moqt://127.0.0.1:${freePort}/secret-token`, 'unreachable'],
      [`wss://127.0.0.1:${port}/secret-token`, 'unreachable'],
      ['gopher://127.0.0.1/secret-token', 'unsupported'],
    ] as const
    for (const [connectUrl, code] of failures) {
      for (const attempt of [publish({ connectUrl }), subscribe({ connectUrl })]) {
        const failure = await attempt.catch((error: unknown) => error)
        expect(failure).toBeInstanceOf(MoqError)
        expect(failure).toMatchObject({ code })
        expect(String(failure)).not.toMatch(/secret|127\.0\.0\.1/)
      }
    }
  })

  it('times out at a relay that does not answer, and stops at once when its caller gives up', async () => {
    await using silent = await startSilentServer()
    const connectUrl = `ws://127.0.0.1:${silent.port}/secret-token`
    await expect(publish({ connectUrl, connectTimeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    const reason = new Error('the drill was aborted')
    await expect(subscribe({ connectUrl, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const attempt = subscribe({ connectUrl, signal: controller.signal, connectTimeoutMs: 60_000 })
    await until('the attempt', () => silent.connections() === 2)
    controller.abort(reason)
    await expect(attempt).rejects.toBe(reason)
  })
})
