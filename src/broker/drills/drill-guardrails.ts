import type { AdministrativeState } from '../../routing/decision.ts'
import type { ProviderHealth } from '../health/health-board.ts'
import type { PlacementView, ScopeView } from '../scopes/scope-service.ts'
import type { DrillMethod } from './drill-service.ts'

export interface GuardrailFacts {
  readonly provider: string
  readonly method: DrillMethod
  readonly scope: ScopeView
  readonly administrative: (provider: string) => AdministrativeState
  readonly health: (provider: string) => ProviderHealth
  /** The provider has a fault dial. */
  readonly hasFaultDial: boolean
}

/** Why the drill must not begin, or `undefined` when nothing speaks against it. Pure. */
export function findObstacle(facts: GuardrailFacts): string | undefined {
  const { provider, method, scope } = facts
  const state = facts.administrative(provider)
  if (state !== 'enabled') return `"${provider}" is ${state}, so losing it would change nothing`
  const health = facts.health(provider)
  if (health.state === 'down') return `"${provider}" is down already: ${health.reason}`
  if (method === 'fault' && !facts.hasFaultDial) {
    return `"${provider}" has no fault_url: only lab providers can be broken for real; use the method drain`
  }
  if (scope.operation !== undefined) {
    return `operation ${scope.operation} is at work on scope ${scope.id}; try again when it has ended`
  }
  const placement = scope.placements.find((one) => one.provider === provider)
  if (placement === undefined || !serves(placement)) return `"${provider}" does not hold scope ${scope.id}`
  const others = scope.placements.filter((one) => one.provider !== provider)
  if (others.some((one) => canTakeOver(one, facts))) return undefined
  const why = others.map((one) => `${one.provider}: ${whyNot(one, facts)}`).join('; ')
  return `nobody could take over scope ${scope.id}${why === '' ? '' : ` (${why})`}`
}

function serves({ state }: PlacementView): boolean {
  return state === 'ready' || state === 'unwired'
}

function canTakeOver(placement: PlacementView, facts: GuardrailFacts): boolean {
  return (
    placement.state === 'ready' &&
    facts.administrative(placement.provider) === 'enabled' &&
    facts.health(placement.provider).state !== 'down'
  )
}

function whyNot(placement: PlacementView, facts: GuardrailFacts): string {
  const state = facts.administrative(placement.provider)
  if (state !== 'enabled') return state
  return placement.state === 'ready' ? facts.health(placement.provider).state : `placement ${placement.state}`
}
