import type { Store } from '../store/store.ts'
import type { ScopeRecord } from './scope-record.ts'
import { readScope } from './scope-store.ts'

export interface HeldScope {
  readonly revision: number
  readonly record: ScopeRecord
}

/**
 * Scopes in memory, so that a look-up needs no store. What this process writes is seen at once; what another
 * replica writes, after `maxAgeMs` at the latest. While the store is away, what is held goes on serving.
 */
export interface ScopeDirectory {
  get(id: string): Promise<HeldScope | undefined>
  /** Takes over what was just written; `undefined`: deleted. */
  note(id: string, scope: HeldScope | undefined): void
}

export interface ScopeDirectoryOptions {
  readonly store: Store
  readonly now: () => number
  readonly maxAgeMs: number
  readonly capacity: number
}

interface Entry {
  scope: HeldScope | undefined
  readAt: number
  refreshing: boolean
}

export function createScopeDirectory(options: ScopeDirectoryOptions): ScopeDirectory {
  const entries = new Map<string, Entry>()

  function keep(id: string, scope: HeldScope | undefined): void {
    entries.delete(id)
    if (entries.size >= options.capacity) {
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    }
    entries.set(id, { scope, readAt: options.now(), refreshing: false })
  }

  async function load(id: string): Promise<HeldScope | undefined> {
    const read = await readScope(options.store, id)
    const scope = read === undefined ? undefined : { revision: read.revision, record: read.value }
    const held = entries.get(id)?.scope
    // A read may have started before a write of ours ended.
    if (scope !== undefined && held !== undefined && held.revision > scope.revision) return held
    keep(id, scope)
    return scope
  }

  return {
    async get(id) {
      const entry = entries.get(id)
      if (entry === undefined) return load(id)
      if (options.now() - entry.readAt <= options.maxAgeMs) return entry.scope
      if (entry.scope === undefined) return load(id)
      if (!entry.refreshing) {
        entry.refreshing = true
        // The answer does not wait for it; a store that is away leaves the entry as it is.
        void load(id).catch(() => {
          entry.refreshing = false
          entry.readAt = options.now()
        })
      }
      return entry.scope
    },
    note(id, scope) {
      keep(id, scope)
    },
  }
}
