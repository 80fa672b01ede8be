import { type RedisCommands, RedisConnection } from './redis-connection.ts'
import { type RedisKeys, redisKeys } from './redis-keys.ts'
import type { RedisStoreOptions } from './redis-options.ts'
import { RedisReplies } from './redis-replies.ts'
import { ACQUIRE_LEASE, COMMIT, LIST, RELEASE_LEASE, RENEW_LEASE } from './redis-scripts.ts'
import { conflictError, fencedError } from './refusals.ts'
import {
  type Change,
  type Collection,
  type CommitOptions,
  type Expectation,
  type Lease,
  type ListOptions,
  type Store,
  type StoredEvent,
  type StoredRecord,
  StoreError,
} from './store.ts'
import type { StoreLog } from './store-log.ts'

const FORMAT = '1'

/**
 * A store in Redis (6.2 or later), shared by any number of brokers. A commit is as durable as Redis is told to be:
 * `appendonly yes` with `appendfsync always` keeps every acknowledged one through a crash of the server. Replication
 * is asynchronous: a failover to a replica can lose the newest commits, and the newest fencing tokens with them.
 */
export async function openRedisStore(options: RedisStoreOptions, { log }: { readonly log: StoreLog }): Promise<Store> {
  const keys = redisKeys(options.prefix)
  const connection = new RedisConnection(options)
  try {
    await checkFormat(connection, keys)
    await warnOfForgetfulness(connection, log)
    return new RedisStore(connection, keys)
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}

class RedisStore implements Store {
  readonly kind = 'redis'
  readonly #connection: RedisConnection
  readonly #keys: RedisKeys
  readonly #replies: RedisReplies

  constructor(connection: RedisConnection, keys: RedisKeys) {
    this.#connection = connection
    this.#keys = keys
    this.#replies = new RedisReplies(connection.place)
  }

  async get(collection: Collection, id: string): Promise<StoredRecord | undefined> {
    const key = this.#keys.record(collection, id)
    return this.#replies.record(id, await this.#read((redis) => redis.get(key)))
  }

  async getMany(collection: Collection, ids: readonly string[]): Promise<(StoredRecord | undefined)[]> {
    if (ids.length === 0) return []
    const wanted = ids.map((id) => this.#keys.record(collection, id))
    const found = await this.#read((redis) => redis.mget(wanted))
    return ids.map((id, index) => this.#replies.record(id, found[index] ?? null))
  }

  async list(collection: Collection, { after, limit, descending = false }: ListOptions): Promise<StoredRecord[]> {
    if (limit < 1) return []
    const range = descending
      ? [after === undefined ? '+' : `(${after}`, '-', 'down']
      : [after === undefined ? '-' : `(${after}`, '+', 'up']
    const args = [this.#keys.recordPrefix(collection), ...range, limit]
    return this.#replies.page(await this.#read((redis) => LIST.run(redis, [this.#keys.index(collection)], args)))
  }

  async commit(changes: readonly Change[], { fence }: CommitOptions = {}): Promise<number[]> {
    const keys = [
      fence === undefined ? this.#keys.format : this.#keys.lease(fence.name),
      this.#keys.sequences,
      ...changes.flatMap((change) => this.#keysOfChange(change)),
    ]
    const args = [fence === undefined ? '' : leaseValue(fence), ...changes.flatMap(argumentsOfChange)]
    const reply = this.#replies.commit(await this.#write((redis) => COMMIT.run(redis, keys, args)))
    switch (reply[0]) {
      case 'ok': {
        const [, ...revisions] = reply
        return revisions
      }
      case 'conflict':
        throw this.#conflict(changes[reply[1] - 1], reply[2])
      case 'fenced':
        throw fence === undefined ? this.#replies.corrupt('A lease') : fencedError(fence)
      case 'corrupt':
        throw this.#replies.corrupt(`The record ${keys[2 * reply[1]]} is damaged`)
    }
  }

  async readEvents(
    stream: string,
    { after = 0, limit }: { readonly after?: number; readonly limit: number },
  ): Promise<StoredEvent[]> {
    if (limit < 1) return []
    const key = this.#keys.stream(stream)
    const entries = await this.#read((redis) => redis.xrange(key, `${after + 1}-0`, '+', 'COUNT', limit))
    return entries.map((entry) => this.#replies.event(entry))
  }

  async acquireLease(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const keys = [this.#keys.lease(name), this.#keys.tokens]
    const reply = await this.#write((redis) => ACQUIRE_LEASE.run(redis, keys, [name, holder, wholeTtl(ttlMs)]))
    const token = this.#replies.integer(reply)
    return token === 0 ? undefined : { name, holder, token }
  }

  async renewLease(lease: Lease, ttlMs: number): Promise<boolean> {
    const keys = [this.#keys.lease(lease.name)]
    const reply = await this.#write((redis) => RENEW_LEASE.run(redis, keys, [leaseValue(lease), wholeTtl(ttlMs)]))
    return this.#replies.integer(reply) === 1
  }

  async releaseLease(lease: Lease): Promise<void> {
    const keys = [this.#keys.lease(lease.name)]
    await this.#write((redis) => RELEASE_LEASE.run(redis, keys, [leaseValue(lease)]))
  }

  async ping(): Promise<void> {
    await this.#read((redis) => redis.get(this.#keys.format))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  #read<T>(send: (redis: RedisCommands) => Promise<T>): Promise<T> {
    return this.#connection.run({ kind: 'read', send })
  }

  #write<T>(send: (redis: RedisCommands) => Promise<T>): Promise<T> {
    return this.#connection.run({ kind: 'write', send })
  }

  #keysOfChange(change: Change): [string, string] {
    if (change.kind !== 'event') {
      return [this.#keys.record(change.collection, change.id), this.#keys.index(change.collection)]
    }
    const stream = this.#keys.stream(change.stream)
    return [stream, stream]
  }

  #conflict(change: Change | undefined, revision: number): StoreError {
    if (change === undefined || change.kind === 'event') return this.#replies.corrupt('A commit')
    return conflictError(change, revision)
  }
}

function argumentsOfChange(change: Change): [string, string, string | number, string, string] {
  switch (change.kind) {
    case 'event':
      return ['event', '', '', change.stream, change.value]
    case 'delete':
      return ['delete', expectation(change.expect), '', change.id, '']
    case 'put': {
      const ttl = change.ttlMs === undefined ? '' : wholeTtl(change.ttlMs)
      return ['put', expectation(change.expect), ttl, change.id, change.value]
    }
  }
}

function expectation(expect: Expectation): string {
  return typeof expect === 'string' ? expect : String(expect.revision)
}

function leaseValue({ token, holder }: Lease): string {
  return `${token}:${holder}`
}

/** Redis takes whole milliseconds, at least one. */
function wholeTtl(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs))
}

async function checkFormat(connection: RedisConnection, keys: RedisKeys): Promise<void> {
  // Sent again when its answer was lost: it changes nothing the second time.
  const format = await connection.run({
    kind: 'read',
    send: async (redis) => {
      await redis.set(keys.format, FORMAT, 'NX')
      return redis.get(keys.format)
    },
  })
  if (format === FORMAT) return
  throw new StoreError(
    'corrupt',
    `The store in Redis at ${connection.place} has format ${format}, and this broker reads format ${FORMAT}. Start the broker version that wrote it, or use another prefix.`,
  )
}

/** Warns of a server that will lose or throw away what it was given. One that does not say is taken to be fine. */
async function warnOfForgetfulness(connection: RedisConnection, log: StoreLog): Promise<void> {
  const info = await connection.run({ kind: 'read', send: (redis) => redis.info() }).catch(() => '')
  if (/^aof_enabled:0/m.test(info)) {
    log.warn(
      { place: connection.place },
      'Redis keeps no append-only file: a restart of it loses commits. Set "appendonly yes" and "appendfsync always".',
    )
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  if (policy !== 'noeviction') {
    log.warn(
      { place: connection.place, policy },
      'Redis throws keys away when its memory is full, and with them records. Set "maxmemory-policy noeviction".',
    )
  }
}
