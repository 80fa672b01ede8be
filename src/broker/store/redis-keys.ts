import { type Collection, StoreError } from './store.ts'

/** Every key of one store. */
export interface RedisKeys {
  readonly format: string
  /** Hash: the last sequence number of every stream. */
  readonly sequences: string
  /** Hash: the last fencing token of every lease. */
  readonly tokens: string
  /** What the key of each of a collection's records begins with. */
  recordPrefix(collection: Collection): string
  record(collection: Collection, id: string): string
  /** Sorted set, all scores 0: the ids of a collection, in byte order. */
  index(collection: Collection): string
  stream(name: string): string
  lease(name: string): string
}

/**
 * Keys that begin with `{prefix}`. The braces make it a hash tag: the whole store lies in one slot of a Redis Cluster.
 * A commit that touches several records must be atomic, which Redis offers within a slot only, and that is worth more
 * here than spreading one deployment's records over several nodes. Several deployments spread by their prefixes.
 */
export function redisKeys(prefix: string): RedisKeys {
  if (!/^[\w.:-]+$/.test(prefix)) {
    throw new StoreError(
      'unavailable',
      `The prefix ${JSON.stringify(prefix)} of the Redis store may only hold letters, digits, "_", ".", ":" and "-".`,
    )
  }
  const recordPrefix = (collection: Collection) => `{${prefix}}:record:${collection}:`
  return {
    format: `{${prefix}}:format`,
    sequences: `{${prefix}}:sequences`,
    tokens: `{${prefix}}:tokens`,
    recordPrefix,
    record: (collection, id) => `${recordPrefix(collection)}${id}`,
    index: (collection) => `{${prefix}}:index:${collection}`,
    stream: (name) => `{${prefix}}:stream:${name}`,
    lease: (name) => `{${prefix}}:lease:${name}`,
  }
}
