import { type EmbeddedStoreOptions, openEmbeddedStore } from './embedded-store.ts'
import type { RedisStoreOptions } from './redis-options.ts'
import type { Store } from './store.ts'
import type { StoreLog } from './store-log.ts'

export type StoreOptions = EmbeddedStoreOptions | RedisStoreOptions

/**
 * Opens the store; dispose of it to close it. Throws `StoreError`: `locked`, `corrupt`, `full`, or `unavailable` where
 * the folder cannot be opened or Redis does not answer in time.
 */
export async function openStore(
  options: StoreOptions,
  /** `now` is in milliseconds since the epoch. */
  deps: { readonly now: () => number; readonly log: StoreLog },
): Promise<Store> {
  switch (options.kind) {
    case 'embedded':
      return openEmbeddedStore(options, deps)
    case 'redis': {
      // Its client is loaded only where there is a Redis.
      const { openRedisStore } = await import('./redis-store.ts')
      return openRedisStore(options, deps)
    }
  }
}
