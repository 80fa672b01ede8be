import type { Capabilities } from '../../adapters/capabilities.ts'
import {
  type Placement,
  placementOf,
  type Remote,
  type ScopeRecord,
  sameWiring,
  type Wiring,
  wantedWiring,
} from './scope-record.ts'

/** A call to a provider that may be made now. */
export type Call =
  /**
   * `wiring`: what to configure at creation. `replaces`: the scope there cannot be re-wired, so a new one takes its
   * place. `label`: this sends a creation again whose answer was lost; a refusal then tells nothing about the first.
   */
  | {
      readonly kind: 'create'
      readonly provider: string
      readonly wiring: Wiring
      readonly replaces: boolean
      readonly label?: string
      readonly resend?: true
    }
  | { readonly kind: 'adopt'; readonly provider: string; readonly label: string }
  | { readonly kind: 'wire'; readonly provider: string; readonly wiring: Wiring }
  | { readonly kind: 'delete'; readonly provider: string; readonly scopeId: string; readonly label: string }

/** A change of the record that needs no call. */
export type Bookkeeping =
  /** The promoted provider is ready to be the primary. */
  | { readonly kind: 'promote'; readonly provider: string }
  /** Nobody can find out or delete: list it as an orphan and go on. */
  | {
      readonly kind: 'give-up'
      readonly provider: string
      readonly label: string
      readonly scopeId?: string
      readonly what: 'unresolved' | 'remote' | 'retired'
    }
  /** Nothing is left of a placement that is not wanted. */
  | { readonly kind: 'forget'; readonly provider: string }

export interface Situation {
  readonly record: ScopeRecord
  readonly capabilities: (provider: string) => Capabilities | undefined
  /** A call to it is under way. */
  readonly busy: (provider: string) => boolean
  /** It failed and is not to be called again in this operation. */
  readonly blocked: (provider: string) => boolean
  /** It takes new placements. */
  readonly open: (provider: string) => boolean
}

/**
 * What can be done now to bring a scope from what there is to what is wanted, in an order that never leaves a
 * cycle or an edge to a scope that is gone:
 * - a secondary is pointed at the primary only after the primary itself points at no provider;
 * - a placement is deleted only after nobody points at it any more (or whoever does cannot be reached);
 * - a provider whose scopes cannot be re-wired gets a new scope first and loses the old one after.
 *
 * Pure. Called again after every outcome, so it holds no plan that could go stale: a crash at any point leaves a
 * record from which the same function goes on.
 */
export function nextActions(situation: Situation): {
  readonly calls: readonly Call[]
  readonly bookkeeping: readonly Bookkeeping[]
} {
  const calls: Call[] = []
  const bookkeeping: Bookkeeping[] = []
  const { record } = situation
  if (record.promoting !== undefined && isSettled(record, record.promoting)) {
    return { calls: [], bookkeeping: [{ kind: 'promote', provider: record.promoting }] }
  }
  const providers = new Set([...record.providers, ...record.placements.map((placement) => placement.provider)])
  for (const provider of providers) {
    if (situation.busy(provider)) continue
    const placement = placementOf(record, provider) ?? { provider, retired: [] }
    const capabilities = situation.capabilities(provider)
    if (capabilities === undefined) continue
    const leaving = record.deleting || !record.providers.includes(provider)
    const next = leaving
      ? nextForLeaving(situation, placement, capabilities)
      : nextForWanted(situation, placement, capabilities)
    if (next === undefined) continue
    switch (next.kind) {
      case 'promote':
      case 'give-up':
      case 'forget':
        bookkeeping.push(next)
        break
      case 'create':
      case 'adopt':
      case 'wire':
      case 'delete':
        if (!situation.blocked(provider)) calls.push(next)
        break
    }
  }
  return { calls, bookkeeping }
}

function nextForWanted(
  situation: Situation,
  placement: Placement,
  capabilities: Capabilities,
): Call | Bookkeeping | undefined {
  const { record } = situation
  const { provider } = placement
  const unresolved = resolveLost(placement, capabilities)
  if (unresolved !== undefined) return unresolved
  const wanted = wantedWiring(record, provider)
  const permitted = wanted !== undefined && wiringPermitted(record, wanted)
  if (placement.remote === undefined) {
    if (!situation.open(provider)) return undefined
    if (permitted && (wanted.to === 'nothing' || capabilities.configAtCreate)) {
      return { kind: 'create', provider, wiring: wanted, replaces: false }
    }
    // What can be wired later is created at once: creations at different providers then run side by side.
    if (capabilities.updateConfig || (permitted && !capabilities.configAtCreate)) {
      return { kind: 'create', provider, wiring: { to: 'nothing' }, replaces: false }
    }
    return undefined
  }
  if (permitted && !sameWiring(wanted, placement.remote.wiring)) {
    if (capabilities.updateConfig) return { kind: 'wire', provider, wiring: wanted }
    if (capabilities.configAtCreate || wanted.to === 'nothing')
      return { kind: 'create', provider, wiring: wanted, replaces: true }
  }
  return nextRetired(situation, placement, capabilities)
}

function nextForLeaving(
  situation: Situation,
  placement: Placement,
  capabilities: Capabilities,
): Call | Bookkeeping | undefined {
  const { provider, remote } = placement
  const unresolved = resolveLost(placement, capabilities)
  if (unresolved !== undefined) return unresolved
  if (remote !== undefined) {
    if (isPointedAt(situation, provider, remote.scopeId)) return undefined
    if (capabilities.delete) return { kind: 'delete', provider, scopeId: remote.scopeId, label: remote.label }
    return { kind: 'give-up', provider, label: remote.label, scopeId: remote.scopeId, what: 'remote' }
  }
  if (placement.retired.length > 0) return nextRetired(situation, placement, capabilities)
  return placementOf(situation.record, provider) === undefined ? undefined : { kind: 'forget', provider }
}

/** What to do about a creation whose answer was lost. */
function resolveLost(placement: Placement, capabilities: Capabilities): Call | Bookkeeping | undefined {
  const { provider, unresolved } = placement
  if (unresolved === undefined) return undefined
  if (capabilities.adoptByLabel) return { kind: 'adopt', provider, label: unresolved.label }
  if (capabilities.idempotentCreate) {
    return {
      kind: 'create',
      provider,
      wiring: unresolved.wiring,
      replaces: placement.remote !== undefined,
      label: unresolved.label,
      resend: true,
    }
  }
  return { kind: 'give-up', provider, label: unresolved.label, what: 'unresolved' }
}

function nextRetired(
  situation: Situation,
  placement: Placement,
  capabilities: Capabilities,
): Call | Bookkeeping | undefined {
  const { provider } = placement
  const free = placement.retired.find((retired) => !isPointedAt(situation, provider, retired.scopeId))
  if (free === undefined) return undefined
  if (capabilities.delete) return { kind: 'delete', provider, scopeId: free.scopeId, label: free.label }
  return { kind: 'give-up', provider, label: free.label, scopeId: free.scopeId, what: 'retired' }
}

function isSettled(record: ScopeRecord, provider: string): boolean {
  const remote = placementOf(record, provider)?.remote
  const wanted = wantedWiring(record, provider)
  return remote !== undefined && wanted !== undefined && sameWiring(wanted, remote.wiring)
}

/** An edge to a provider may be drawn only when that provider draws none itself. */
function wiringPermitted(record: ScopeRecord, wanted: Wiring): boolean {
  return wanted.to !== 'provider' || isSettled(record, wanted.provider)
}

/** Whether a reachable placement pulls, or may pull, from this scope. One that cannot be called cannot be waited for. */
function isPointedAt(situation: Situation, provider: string, scopeId: string): boolean {
  const { record } = situation
  const points = (wiring: Wiring): boolean =>
    wiring.to === 'provider' && wiring.provider === provider && wiring.scopeId === scopeId
  return record.placements.some((other) => {
    if (other.provider === provider || situation.blocked(other.provider)) return false
    if (other.unresolved !== undefined && points(other.unresolved.wiring)) return true
    if (other.remote === undefined) return false
    // A placement that stays will be set anew, so its unknown edge is worth waiting for; one that leaves will not.
    if (other.remote.wiring.to === 'unknown') return !record.deleting && record.providers.includes(other.provider)
    return points(other.remote.wiring)
  })
}

/** Who becomes primary at creation when the chosen one failed: what is there first, then the order of preference. */
export function electPrimary(situation: Situation): string | undefined {
  const open = situation.record.providers.filter((provider) => !situation.blocked(provider) && situation.open(provider))
  const remoteOf = (provider: string): Remote | undefined => placementOf(situation.record, provider)?.remote
  return open.find((provider) => remoteOf(provider) !== undefined) ?? open[0]
}
