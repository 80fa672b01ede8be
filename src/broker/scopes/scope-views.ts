import type { Operation } from './operation.ts'
import {
  fullCredential,
  type Placement,
  placementOf,
  placementState,
  type ScopeRecord,
  scopeState,
} from './scope-record.ts'
import type { OperationView, PlacementView, ScopeView } from './scope-service.ts'

export function viewScope(record: ScopeRecord, revision: number): ScopeView {
  const primary = placementOf(record, record.primary)?.remote
  return {
    id: record.id,
    revision,
    ...(record.name === undefined ? {} : { name: record.name }),
    owner: record.owner,
    state: scopeState(record),
    primary: record.primary,
    ...(record.promoting === undefined ? {} : { promoting: record.promoting }),
    ...(primary === undefined ? {} : { url: primary.url }),
    ...(record.origin === undefined ? {} : { origin: record.origin.shown }),
    placements: inOrder(record).map((placement) => viewPlacement(record, placement)),
    ...(record.operation === undefined ? {} : { operation: record.operation }),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  }
}

/** Primary first, then the wanted ones in the order of preference, then those that are leaving. */
export function inOrder(record: ScopeRecord): Placement[] {
  const wanted = record.providers.map((provider) => placementOf(record, provider) ?? { provider, retired: [] })
  const leaving = record.placements.filter((placement) => !record.providers.includes(placement.provider))
  const all = [...wanted, ...leaving]
  return [
    ...all.filter((one) => one.provider === record.primary),
    ...all.filter((one) => one.provider !== record.primary),
  ]
}

function viewPlacement(record: ScopeRecord, placement: Placement): PlacementView {
  const { remote, error } = placement
  return {
    provider: placement.provider,
    role: placement.provider === record.primary ? 'primary' : 'secondary',
    state: placementState(record, placement),
    ...(remote === undefined
      ? {}
      : { scopeId: remote.scopeId, url: remote.url, fallback: viewFallback(record, remote.wiring) }),
    ...(error === undefined
      ? {}
      : {
          error: {
            code: error.code,
            detail: error.detail,
            at: error.at,
            attempts: error.attempts,
            ...(error.retryAt === undefined ? {} : { retryAt: error.retryAt }),
          },
        }),
  }
}

function viewFallback(
  record: ScopeRecord,
  wiring: NonNullable<Placement['remote']>['wiring'],
): NonNullable<PlacementView['fallback']> {
  switch (wiring.to) {
    case 'nothing':
    case 'unknown':
      return { to: wiring.to }
    case 'origin':
      return record.origin === undefined ? { to: 'origin' } : { to: 'origin', url: record.origin.shown }
    case 'provider': {
      const target = placementOf(record, wiring.provider)?.remote
      const base = { to: 'provider', provider: wiring.provider } as const
      return target === undefined ? base : { ...base, url: target.url }
    }
  }
}

export function viewOperation(operation: Operation): OperationView {
  return {
    id: operation.id,
    kind: operation.kind,
    scope: operation.scope,
    state: operation.state,
    requestedBy: operation.requestedBy,
    ...(operation.reason === undefined ? {} : { reason: operation.reason }),
    ...(operation.failover === undefined ? {} : { failover: operation.failover }),
    steps: operation.steps.map((step) => ({
      provider: step.provider,
      action: step.action,
      aim: step.aim,
      state: step.state,
      startedAt: step.startedAt,
      ...(step.endedAt === undefined ? {} : { endedAt: step.endedAt }),
      ...(step.error === undefined ? {} : { error: step.error }),
    })),
    ...(operation.outcome === undefined ? {} : { outcome: operation.outcome }),
    createdAt: operation.createdAt,
    ...(operation.endedAt === undefined ? {} : { endedAt: operation.endedAt }),
  }
}

/** The vault id of the token that the draft's answer carries. */
export function fullCredentialId(record: ScopeRecord): string | undefined {
  const primary = placementOf(record, record.primary)?.remote
  return primary === undefined ? undefined : fullCredential(primary)?.id
}

/** A URL cut to what is safe to show: scheme and host. A token may stand in its path, query or user part. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'unreadable URL'
  const parsed = new URL(url)
  return `${parsed.protocol}//${parsed.host}`
}
