import type { Capabilities } from '../../src/adapters/capabilities.ts'
import { NO_CAPABILITIES } from '../../src/adapters/capabilities.ts'
import type { Call } from '../../src/broker/scopes/next-actions.ts'
import type { CallResult } from '../../src/broker/scopes/provider-calls.ts'
import { placementOf, type ScopeRecord, type Wiring } from '../../src/broker/scopes/scope-record.ts'

export type SimulatedKind = 'draft' | 'extended' | 'idempotent' | 'update-only'

/** A scope as it stands at a simulated CDN, with the scope that it pulls from. */
export interface SimulatedScope {
  readonly id: string
  readonly provider: string
  readonly label: string
  pullsFrom: string | undefined
}

const BASE: Capabilities = {
  ...NO_CAPABILITIES,
  maxUpstreams: 1,
  upstreamSchemes: ['moqt'],
  credentialsAtCreate: [['publish', 'subscribe'], ['subscribe']],
  originFallback: 'native',
}

export const SIMULATED_CAPABILITIES: Readonly<Record<SimulatedKind, Capabilities>> = {
  draft: { ...BASE, configAtCreate: true },
  extended: {
    ...BASE,
    configAtCreate: true,
    updateConfig: true,
    delete: true,
    list: true,
    get: true,
    adoptByLabel: true,
  },
  idempotent: { ...BASE, configAtCreate: true, updateConfig: true, delete: true, idempotentCreate: true },
  'update-only': { ...BASE, updateConfig: true, delete: true, list: true, get: true, adoptByLabel: true },
}

/** What really exists out there, as opposed to what the broker believes. */
export class SimulatedCdns {
  readonly scopes = new Map<string, SimulatedScope>()
  #made = 0

  /** Carries a call out for real. Whether the broker hears of it is another matter. */
  perform(call: Call, record: ScopeRecord): CallResult {
    switch (call.kind) {
      case 'create': {
        const known = [...this.scopes.values()].find((scope) => scope.label === call.label)
        const scope = known ?? this.#create(call.provider, call.label ?? '', this.#target(call.wiring, record))
        return { kind: 'provisioned', scope: answer(scope) }
      }
      case 'adopt': {
        const found = [...this.scopes.values()].find((scope) => scope.label === call.label)
        return found === undefined ? { kind: 'absent' } : { kind: 'provisioned', scope: answer(found) }
      }
      case 'wire': {
        const remote = placementOf(record, call.provider)?.remote
        const scope = remote === undefined ? undefined : this.scopes.get(remote.scopeId)
        if (scope === undefined) throw new Error('wired a scope that is not there')
        scope.pullsFrom = this.#target(call.wiring, record)
        return { kind: 'done' }
      }
      case 'delete':
        this.scopes.delete(call.scopeId)
        return { kind: 'done' }
    }
  }

  /** A path of pulls that comes back to its start, or `undefined`. */
  cycle(): readonly string[] | undefined {
    for (const start of this.scopes.keys()) {
      const path = [start]
      let next = this.scopes.get(start)?.pullsFrom
      while (next !== undefined && this.scopes.has(next)) {
        if (path.includes(next)) return [...path, next]
        path.push(next)
        next = this.scopes.get(next)?.pullsFrom
      }
    }
    return undefined
  }

  /** Scopes that pull from one that is gone. */
  dangling(): readonly SimulatedScope[] {
    return [...this.scopes.values()].filter(
      (scope) => scope.pullsFrom !== undefined && !this.scopes.has(scope.pullsFrom),
    )
  }

  #create(provider: string, label: string, pullsFrom: string | undefined): SimulatedScope {
    this.#made += 1
    const scope = { id: `${provider}-${this.#made}`, provider, label, pullsFrom }
    this.scopes.set(scope.id, scope)
    return scope
  }

  #target(wiring: Wiring, record: ScopeRecord): string | undefined {
    if (wiring.to !== 'provider') return undefined
    const target = placementOf(record, wiring.provider)?.remote
    if (target === undefined) throw new Error('pointed at a placement that is not there')
    return target.scopeId
  }
}

function answer(scope: SimulatedScope) {
  return {
    scopeId: scope.id,
    url: `moqt://${scope.provider}.example`,
    credentials: [
      { rights: ['publish', 'subscribe'] as const, secret: `full-${scope.id}` },
      { rights: ['subscribe'] as const, secret: `pull-${scope.id}` },
    ],
  }
}
