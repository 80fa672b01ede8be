import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { openStore } from '../../src/broker/store/open-store.ts'
import { storeConformance, type StoreUnderTest } from '../conformance/store.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'

const deps = { now: () => Date.now(), log: { warn: () => {} } }

describeRedis('one Redis server', () => {
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

  /** Ends when a key of the same age, asked for again and again, has run out on the server's clock. */
  async function elapse(ms: number): Promise<void> {
    const key = `elapse:${randomUUID()}`
    await redis.set(key, '', 'PX', ms)
    while ((await redis.exists(key)) === 1) await pause(5)
  }

  async function openUnderTest(): Promise<StoreUnderTest> {
    const options = { kind: 'redis', url: server.url, prefix: randomUUID() } as const
    let store = await openStore(options, deps)
    return {
      options,
      get store() {
        return store
      },
      close: async () => store[Symbol.asyncDispose](),
      async reopen() {
        await store[Symbol.asyncDispose]()
        store = await openStore(options, deps)
        return store
      },
      elapse,
      [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose](),
    }
  }

  storeConformance({ name: 'the Redis store', open: openUnderTest })
})
