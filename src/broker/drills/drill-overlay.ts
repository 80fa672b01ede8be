import { z } from 'zod'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Lease, Store } from '../store/store.ts'

/** Providers that a drill pretends to have lost. Read on every look-up: answers from memory. */
export interface DrillOverlay {
  /** The drill that took this provider out, or `undefined`. */
  drilled(provider: string): string | undefined
}

/** The overlay that all replicas share through the store. */
export interface StoredDrillOverlay extends DrillOverlay {
  /** Takes over what is stored; every replica calls it about once a second. Throws `StoreError`. */
  refresh(): Promise<void>
  /** Takes a provider out, or keeps it out for longer. Throws `StoreError`; `fenced` when the drill's lease is lost. */
  take(entry: { readonly drill: string; readonly provider: string }, fence: Lease): Promise<void>
  /** Lets the provider back in, unless another drill has taken one out since. Throws `StoreError`. */
  clear(drill: string): Promise<void>
}

export interface DrillOverlayDeps {
  readonly store: Pick<Store, 'get' | 'commit'>
  /** An entry that is not renewed for this long is void: the broker that made it is dead. */
  readonly ttlMs: number
  readonly now: () => number
}

const META_ID = 'drill-overlay'
const EntrySchema = z.object({ v: z.literal(1), drill: z.string(), provider: z.string() })

/** An overlay that is empty until its first `refresh` or `take`. */
export function createDrillOverlay(deps: DrillOverlayDeps): StoredDrillOverlay {
  const { store, ttlMs, now } = deps
  let held: { readonly drill: string; readonly provider: string; readonly until: number } | undefined

  return {
    drilled(provider) {
      // While the store is away nothing is refreshed, and the entry dies here as it dies there.
      return held !== undefined && held.provider === provider && now() < held.until ? held.drill : undefined
    },

    async refresh() {
      const at = now()
      const stored = await store.get('meta', META_ID)
      if (stored === undefined) {
        held = undefined
        return
      }
      const { drill, provider } = decodeRecord(EntrySchema, 'meta', META_ID, stored.value)
      held = { drill, provider, until: at + ttlMs }
    },

    async take(entry, fence) {
      const at = now()
      await store.commit([putRecord('meta', META_ID, { v: 1, ...entry }, 'any', ttlMs)], { fence })
      held = { ...entry, until: at + ttlMs }
    },

    async clear(drill) {
      if (held?.drill === drill) held = undefined
      const stored = await store.get('meta', META_ID)
      if (stored === undefined || decodeRecord(EntrySchema, 'meta', META_ID, stored.value).drill !== drill) return
      await store.commit([{ kind: 'delete', collection: 'meta', id: META_ID, expect: { revision: stored.revision } }])
    },
  }
}
