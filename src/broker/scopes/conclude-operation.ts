import { PROVIDER_DISABLED, PROVIDER_DRAINED, placementError } from './failure.ts'
import type { Operation } from './operation.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import type { RecordChange } from './record-changes.ts'
import { placementOf, placementState, type ScopeRecord, scopeState, withPlacement } from './scope-record.ts'

export interface Conclusion {
  readonly record: ScopeRecord
  readonly operation: Operation
  readonly events: RecordChange['events']
  /** Nothing is left of the scope. */
  readonly gone: boolean
}

/**
 * Nothing more can be done: how does the operation end? Where something has to be undone first, the operation that
 * comes back is still `running`, and its record wants something else.
 */
export function concludeOperation(
  record: ScopeRecord,
  operation: Operation,
  providers: ProvisioningProviders,
  now: number,
): Conclusion {
  const explained = explainUntouched(record, providers, now)
  if (explained.promoting !== undefined) return abandonFailover(explained, operation, explained.promoting)
  if (
    operation.kind === 'create' &&
    !explained.deleting &&
    placementOf(explained, explained.primary)?.remote === undefined
  ) {
    const outcome = {
      code: 'provisioning_failed',
      detail: `no primary could be provisioned; ${failuresInWords(explained)}`,
    }
    return {
      record: { ...explained, deleting: true },
      operation: { ...operation, outcome },
      events: [{ type: 'scope.failed', detail: outcome.detail }],
      gone: false,
    }
  }
  const { operation: _over, ...released } = explained
  const ended: ScopeRecord = { ...released, updatedAt: now }
  const gone = ended.deleting && ended.placements.length === 0
  const state = scopeState(ended)
  const failed = operation.outcome !== undefined
  const complete = gone || state === 'ready'
  return {
    record: ended,
    operation: { ...operation, state: failed ? 'failed' : complete ? 'succeeded' : 'degraded', endedAt: now },
    events: gone
      ? [{ type: 'scope.deleted', detail: 'nothing of it is left at any provider' }]
      : failed
        ? []
        : [{ type: `scope.${state}`, detail: ended.providers.map((provider) => summary(ended, provider)).join(', ') }],
    gone,
  }
}

function abandonFailover(record: ScopeRecord, operation: Operation, target: string): Conclusion {
  const error = placementOf(record, target)?.error
  const { promoting: _given_up, ...rest } = record
  const outcome = {
    code: 'target_not_prepared',
    detail: `${target} could not be prepared as primary (${error?.code ?? 'unknown'}: ${error?.detail ?? 'no detail'}); the primary is still ${record.primary}`,
  }
  return {
    record: rest,
    operation: { ...operation, outcome },
    events: [{ type: 'failover.failed', provider: target, detail: outcome.detail }],
    gone: false,
  }
}

/** A wanted provider that must not be called says so. */
function explainUntouched(record: ScopeRecord, providers: ProvisioningProviders, now: number): ScopeRecord {
  let explained = record
  for (const provider of new Set([...record.providers, ...record.placements.map((placement) => placement.provider)])) {
    const administrative = providers.administrative(provider)
    const placement = placementOf(explained, provider) ?? { provider, retired: [] }
    if (administrative === 'enabled' || (administrative === 'drained' && placement.remote !== undefined)) continue
    const failure = administrative === 'disabled' ? PROVIDER_DISABLED : PROVIDER_DRAINED
    if (placement.error?.code === failure.code) continue
    if (placement.remote !== undefined && placementState(explained, placement) === 'ready') continue
    explained = withPlacement(explained, { ...placement, error: placementError(failure, placement.error, now) })
  }
  return explained
}

function summary(record: ScopeRecord, provider: string): string {
  const placement = placementOf(record, provider)
  const role = provider === record.primary ? 'primary' : 'secondary'
  return `${provider} ${role} ${placement === undefined ? 'failed' : placementState(record, placement)}`
}

function failuresInWords(record: ScopeRecord): string {
  const failed = record.placements.flatMap((placement) =>
    placement.error === undefined ? [] : [`${placement.provider}: ${placement.error.detail}`],
  )
  return failed.length === 0 ? 'no provider is available' : failed.join('; ')
}
