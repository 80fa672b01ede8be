import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Store, StoreError } from '../../src/broker/store/store.ts'
import { storeConformance } from '../conformance/store.ts'
import { event, ids, put } from '../conformance/store-changes.ts'
import { expectWholeCommits } from '../conformance/store-crashes.ts'
import { freePort } from '../support/free-ports.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import { plantTree } from '../support/temporary-tree.ts'
import { eventually, openRedis, openRedisUnderTest } from './redis-under-test.ts'

const LANES = 8

describeRedis('a store on one Redis server', () => {
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await startRedisServer({ appendonly: true })
    redis = new Redis(server.port, '127.0.0.1')
  })
  afterAll(async () => {
    redis.disconnect()
    await server[Symbol.asyncDispose]()
  })

  storeConformance({ name: 'the Redis store', open: () => openRedisUnderTest({ url: server.url }, redis) })

  describe('shared by two brokers', () => {
    let one: Store
    let other: Store
    beforeEach(async () => {
      await redis.flushall()
      one = await openRedis({ url: server.url })
      other = await openRedis({ url: server.url })
    })
    afterEach(async () => {
      await one[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    })

    it('shows each what the other committed, and gives a lease to one of them', async () => {
      await one.commit([put('a', '1', 'absent')])
      expect((await storeErrorOf(other.commit([put('a', '2', 'absent')]))).code).toBe('conflict')
      expect(await other.commit([put('a', '2', { revision: 1 })])).toEqual([2])
      expect((await one.get('scopes', 'a'))?.value).toBe('2')
      expect(await one.acquireLease('job', 'one', 60_000)).toBeDefined()
      expect(await other.acquireLease('job', 'other', 60_000)).toBeUndefined()
    })

    it('is apart from a store with another prefix', async () => {
      await one.commit([put('a', '1'), event('log', 'a')])
      const apart = await openRedis({ url: server.url, prefix: 'apart' })
      expect(await apart.list('scopes', { limit: 9 })).toEqual([])
      expect(await apart.readEvents('log', { limit: 9 })).toEqual([])
      await apart[Symbol.asyncDispose]()
    })

    it('goes on when the server has forgotten the scripts', async () => {
      await one.commit([put('a', '1')])
      await redis.script('FLUSH')
      expect(await one.commit([put('a', '2')])).toEqual([2])
      expect(ids(await one.list('scopes', { limit: 9 }))).toEqual(['a'])
    })

    it('keeps every key in the slot of its prefix', async () => {
      await one.commit([put('a}{b', '1'), event('log{x}', '1')])
      await one.acquireLease('job{y}', 'one', 60_000)
      const keys = await redis.keys('*')
      expect(keys.length).toBeGreaterThan(5)
      expect(keys.filter((key) => !key.startsWith('{test}:'))).toEqual([])
    })
  })
})

describeRedis('a store on a Redis server that is killed', () => {
  it('holds every acknowledged commit, and none by halves, once the server is back; without being opened again', async () => {
    using folder = plantTree({})
    const port = await freePort()
    let server = await startRedisServer({ appendonly: true, dir: folder.root, port })
    const store = await openRedis({ url: server.url })
    const acknowledged: number[] = []
    const unanswered: StoreError[] = []
    let next = 1
    let crash: Promise<void> | undefined
    const lane = async (): Promise<void> => {
      for (;;) {
        const number = next
        next += 1
        const id = `n-${number}`
        try {
          await store.commit([
            put(id, '1', 'absent'),
            event('numbers', String(number)),
            put(id, '1', 'absent', 'operations'),
          ])
        } catch (error) {
          if (error instanceof StoreError) unanswered.push(error)
          return
        }
        acknowledged.push(number)
        if (acknowledged.length === 200) crash = server.kill()
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    await crash
    expect(unanswered.map(({ code }) => code)).toEqual(Array.from({ length: LANES }, () => 'unavailable'))

    server = await startRedisServer({ appendonly: true, dir: folder.root, port })
    await eventually(() => store.ping())
    await expectWholeCommits(store, acknowledged)
    expect(acknowledged.length).toBeGreaterThanOrEqual(200)
    await store.commit([put('after', '1', 'absent', 'keys')])
    await store[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }, 30_000)
})
