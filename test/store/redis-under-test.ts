import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster, Redis } from 'ioredis'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { RedisStoreOptions, RedisTopology } from '../../src/broker/store/redis-options.ts'
import type { Store } from '../../src/broker/store/store.ts'
import type { StoreUnderTest } from '../conformance/store.ts'

/** A warning that a store logged. */
export interface Warning {
  readonly details: Readonly<Record<string, unknown>>
  readonly message: string
}

export function openRedis(
  options: RedisTopology & Partial<Omit<RedisStoreOptions, 'kind'>>,
  warnings: Warning[] = [],
): Promise<Store> {
  const log = { warn: (details: Warning['details'], message: string) => warnings.push({ details, message }) }
  return openStore({ prefix: 'test', ...options, kind: 'redis' }, { now: () => Date.now(), log })
}

const EVENTUALLY_WITHIN_MS = 20_000

/** Tries again until it succeeds; throws what the last try threw when that takes too long. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = AbortSignal.timeout(EVENTUALLY_WITHIN_MS)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (deadline.aborted) throw error
      await pause(20)
    }
  }
}

/** Ends when a key of the same age, asked for again and again, has run out on the server's clock. */
async function elapse(redis: Redis | Cluster, ms: number): Promise<void> {
  const key = `elapse:${randomUUID()}`
  await redis.set(key, '', 'PX', ms)
  while ((await redis.exists(key)) === 1) await pause(5)
}

/** A store under a prefix of its own. `redis` is a client of the same Redis. */
export async function openRedisUnderTest(topology: RedisTopology, redis: Redis | Cluster): Promise<StoreUnderTest> {
  const options = { ...topology, kind: 'redis', prefix: randomUUID() } as const
  let store = await openRedis(options)
  return {
    options,
    get store() {
      return store
    },
    close: async () => store[Symbol.asyncDispose](),
    async reopen() {
      await store[Symbol.asyncDispose]()
      store = await openRedis(options)
      return store
    },
    elapse: (ms) => elapse(redis, ms),
    [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose](),
  }
}
