import { sleep } from '../repeat.ts'
import type { Store } from '../store/store.ts'
import type { ScopeRecord } from './scope-record.ts'
import { readScope } from './scope-store.ts'

export interface HeldScope {
  readonly revision: number
  readonly record: ScopeRecord
}

/**
 * Scopes in memory, so that a look-up needs no store. What this process writes is seen at once; what another replica
 * writes, after twice `maxAgeMs` at the latest. While the store is away, what is held goes on serving.
 */
export interface ScopeDirectory {
  get(id: string): Promise<HeldScope | undefined>
  /** What `get` would answer without waiting: `scope` undefined: there is none. Undefined where `get` would wait. */
  held(id: string): { readonly scope: HeldScope | undefined } | undefined
  /** Takes over what was just written; `undefined`: deleted. */
  note(id: string, scope: HeldScope | undefined): void
}

export interface ScopeDirectoryOptions {
  readonly store: Pick<Store, 'get'>
  readonly now: () => number
  /** An older copy is read anew: behind the answer up to twice this age, before it beyond that. */
  readonly maxAgeMs: number
  /** Scopes held at most. */
  readonly capacity: number
}

interface Held {
  readonly scope: HeldScope | undefined
  readonly readAt: number
}

/** Ids without a scope that are remembered: a few, since anybody can make them up. */
const MAX_MISSING = 10_000
/** A look-up waits no longer than this for a newer copy of what it has. */
const PATIENCE_MS = 250

export function createScopeDirectory(options: ScopeDirectoryOptions): ScopeDirectory {
  const { now, maxAgeMs, capacity } = options
  const known = new Map<string, Held>()
  /** Apart from the known ones, so that somebody who guesses ids cannot push those out. */
  const missing = new Map<string, Held>()
  const loading = new Map<string, Promise<HeldScope | undefined>>()
  let storeAnswers = true

  function keep(id: string, scope: HeldScope | undefined): void {
    known.delete(id)
    missing.delete(id)
    const [holder, most] = scope === undefined ? [missing, MAX_MISSING] : [known, capacity]
    const oldest = holder.size >= most ? holder.keys().next().value : undefined
    if (oldest !== undefined) holder.delete(oldest)
    holder.set(id, { scope, readAt: now() })
  }

  async function read(id: string): Promise<HeldScope | undefined> {
    try {
      const found = await readScope(options.store, id)
      storeAnswers = true
      return found === undefined ? undefined : { revision: found.revision, record: found.value }
    } catch (error) {
      storeAnswers = false
      throw error
    }
  }

  function load(id: string): Promise<HeldScope | undefined> {
    const running = loading.get(id)
    if (running !== undefined) return running
    const started = read(id)
      .then((scope) => {
        // What was written here meanwhile is newer than what this read may have seen.
        if (loading.get(id) !== started) return known.get(id)?.scope
        const before = known.get(id)?.scope
        // The same object while it is the same revision: what others worked out from it stays right.
        const same = before !== undefined && scope !== undefined && before.revision === scope.revision ? before : scope
        keep(id, same)
        return same
      })
      .finally(() => {
        if (loading.get(id) === started) loading.delete(id)
      })
    loading.set(id, started)
    return started
  }

  /** A newer copy if one comes soon, else the one at hand. */
  async function renewed(id: string, scope: HeldScope): Promise<HeldScope | undefined> {
    const cancel = new AbortController()
    const late = sleep(PATIENCE_MS, cancel.signal).then(() => {
      if (!cancel.signal.aborted) storeAnswers = false
      return scope
    })
    try {
      return await Promise.race([load(id), late])
    } catch {
      return scope
    } finally {
      cancel.abort()
    }
  }

  return {
    async get(id) {
      const held = known.get(id) ?? missing.get(id)
      const age = held === undefined ? Number.POSITIVE_INFINITY : now() - held.readAt
      if (held !== undefined && age <= maxAgeMs) return held.scope
      if (held?.scope === undefined) return load(id)
      if (age > 2 * maxAgeMs && storeAnswers) return renewed(id, held.scope)
      // The answer does not wait for it; a store that is away leaves what is held as it is.
      void load(id).catch(() => undefined)
      return held.scope
    },
    held(id) {
      const held = known.get(id) ?? missing.get(id)
      if (held === undefined) return undefined
      const age = now() - held.readAt
      if (age <= maxAgeMs) return held
      if (held.scope === undefined || (age > 2 * maxAgeMs && storeAnswers)) return undefined
      void load(id).catch(() => undefined)
      return held
    },
    note(id, scope) {
      loading.delete(id)
      keep(id, scope)
    },
  }
}
