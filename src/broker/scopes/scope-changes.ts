import type { HeldScope } from './scope-directory.ts'

/** Told of every scope that this process writes; `undefined`: deleted. Listeners must not throw. */
export type ScopeListener = (id: string, scope: HeldScope | undefined) => void

export interface ScopeChanges {
  /** The result stops it. */
  subscribe(listener: ScopeListener): () => void
  publish: ScopeListener
}

export function createScopeChanges(): ScopeChanges {
  const listeners = new Set<ScopeListener>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish(id, scope) {
      for (const listener of listeners) listener(id, scope)
    },
  }
}
