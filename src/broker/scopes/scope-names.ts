import type { ScopeChanges } from './scope-changes.ts'
import type { ScopeService } from './scope-service.ts'

/** Names that clients use instead of the ids of scopes. */
export interface ScopeNames {
  /** The id of the scope that is called so; any other text comes back as it is. */
  idOf(reference: string): string
}

export interface ScopeNamesDeps {
  /** The names that are known; scopes called anything else go by their ids. */
  readonly names: readonly string[]
  readonly scopes: Pick<ScopeService, 'list'>
  readonly changes: ScopeChanges
}

/** Names that are looked up with `refresh`, and followed as this process changes scopes. */
export interface FollowedScopeNames extends ScopeNames {
  /** Finds what other replicas made, too. Throws `BrokerError`. */
  refresh(): Promise<void>
}

const MANY = 200

/** Where several scopes have one name, the oldest that is not going away has it. */
export function createScopeNames(deps: ScopeNamesDeps): FollowedScopeNames {
  const known = new Set(deps.names)
  const ids = new Map<string, string>()

  function forget(id: string): void {
    for (const [name, held] of ids) if (held === id) ids.delete(name)
  }

  function learn(name: string | undefined, id: string): void {
    if (name === undefined || !known.has(name)) return
    const held = ids.get(name)
    // Ids sort by the time of their making.
    if (held === undefined || id < held) ids.set(name, id)
  }

  if (known.size > 0) {
    deps.changes.subscribe((id, scope) => {
      if (scope === undefined || scope.record.deleting || ids.get(scope.record.name ?? '') !== id) forget(id)
      if (scope !== undefined && !scope.record.deleting) learn(scope.record.name, id)
    })
  }

  return {
    idOf: (reference) => ids.get(reference) ?? reference,
    async refresh() {
      for (const name of known) {
        const { scopes } = await deps.scopes.list({ name, limit: MANY })
        const oldest = scopes.findLast(({ state }) => state !== 'deleting')
        if (oldest === undefined) ids.delete(name)
        else ids.set(name, oldest.id)
      }
    },
  }
}
