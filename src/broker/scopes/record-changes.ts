import type { Change } from '../store/store.ts'
import { type Failure, placementError } from './failure.ts'
import type { Bookkeeping, Call } from './next-actions.ts'
import type { Orphan } from './operation.ts'
import type { CallResult } from './provider-calls.ts'
import {
  type CredentialRef,
  type Placement,
  placementOf,
  type Remote,
  type ScopeRecord,
  type Wiring,
  withPlacement,
} from './scope-record.ts'
import { putRecord } from './scope-store.ts'
import type { Vault } from './vault.ts'

/** A new record, what else is to be written with it, and what is to be told. */
export interface RecordChange {
  readonly record: ScopeRecord
  readonly changes: readonly Change[]
  readonly events: readonly { readonly type: string; readonly detail: string; readonly provider?: string }[]
}

interface Tools {
  readonly now: number
  readonly newId: () => string
  readonly vault: Vault
}

export function applyBookkeeping(record: ScopeRecord, entry: Bookkeeping, tools: Tools): RecordChange {
  switch (entry.kind) {
    case 'promote': {
      const { promoting: _done, ...rest } = record
      return {
        record: { ...rest, primary: entry.provider },
        changes: [],
        events: [
          {
            type: 'failover.promoted',
            provider: entry.provider,
            detail: `${entry.provider} is primary instead of ${record.primary}`,
          },
        ],
      }
    }
    case 'forget':
      return {
        record: {
          ...record,
          placements: record.placements.filter((placement) => placement.provider !== entry.provider),
        },
        changes: [],
        events: [],
      }
    case 'give-up':
      return giveUp(record, entry, tools)
  }
}

function giveUp(record: ScopeRecord, entry: Extract<Bookkeeping, { kind: 'give-up' }>, tools: Tools): RecordChange {
  const placement = placementOf(record, entry.provider)
  if (placement === undefined) return { record, changes: [], events: [] }
  const suspected = entry.what === 'unresolved'
  const orphan: Orphan = {
    v: 1,
    id: tools.newId(),
    provider: entry.provider,
    scope: record.id,
    label: entry.label,
    ...(entry.scopeId === undefined ? {} : { scopeId: entry.scopeId }),
    kind: suspected ? 'suspected' : 'abandoned',
    detail: suspected
      ? 'the answer to its creation was lost and the provider offers no way to find it; look for it there by hand'
      : 'the provider offers no deletion; remove it there by hand',
    since: tools.now,
  }
  return {
    record: withPlacement(record, relinquish(placement, entry)),
    changes: [putRecord('orphans', orphan.id, orphan, 'absent'), ...discards(placement, entry, tools.vault)],
    events: [{ type: 'orphan.listed', provider: entry.provider, detail: orphanInWords(orphan) }],
  }
}

/** Names what somebody has to look for at the provider. */
function orphanInWords({ kind, label, scopeId, detail }: Orphan): string {
  return `${kind}: ${scopeId === undefined ? 'a scope' : `scope ${scopeId}`} with label ${label}; ${detail}`
}

function discards(placement: Placement, entry: Extract<Bookkeeping, { kind: 'give-up' }>, vault: Vault): Change[] {
  switch (entry.what) {
    case 'unresolved':
      return []
    case 'remote':
      return forgetCredentials(placement.remote?.credentials ?? [], vault)
    case 'retired':
      return forgetCredentials(placement.retired.find((one) => one.scopeId === entry.scopeId)?.credentials ?? [], vault)
  }
}

function forgetCredentials(credentials: readonly CredentialRef[], vault: Vault): Change[] {
  return credentials.flatMap((credential) => [
    vault.discard(credential.id),
    { kind: 'delete', collection: 'meta', id: credential.index, expect: 'any' } as const,
  ])
}

function relinquish(placement: Placement, entry: Extract<Bookkeeping, { kind: 'give-up' }>): Placement {
  switch (entry.what) {
    case 'unresolved': {
      const { unresolved: _lost, ...rest } = placement
      return rest
    }
    case 'remote': {
      const { remote: _left, ...rest } = placement
      return rest
    }
    case 'retired':
      return { ...placement, retired: placement.retired.filter((retired) => retired.scopeId !== entry.scopeId) }
  }
}

/**
 * A call is about to be sent. The record says so before, so that whoever finds it after a crash knows what may have
 * happened: a scope may exist under the label, an upstream may be either the old or the new one.
 */
export function applyIntent(record: ScopeRecord, call: Call, now: number): ScopeRecord {
  const placement: Placement = placementOf(record, call.provider) ?? { provider: call.provider, retired: [] }
  switch (call.kind) {
    case 'create':
      return withPlacement(record, {
        ...placement,
        unresolved: { label: call.label ?? '', since: now, wiring: call.wiring },
      })
    case 'wire':
      if (placement.remote === undefined) return record
      return withPlacement(record, { ...placement, remote: { ...placement.remote, wiring: { to: 'unknown' } } })
    case 'delete': {
      const { remote, ...rest } = placement
      // From here on it may be gone, so it must not be used again, even if the provider is wanted again later.
      return remote?.scopeId === call.scopeId
        ? withPlacement(record, { ...rest, retired: [...rest.retired, retire(remote, now)] })
        : record
    }
    case 'adopt':
      return record
  }
}

function retire(remote: Remote, now: number): Placement['retired'][number] {
  return { scopeId: remote.scopeId, label: remote.label, since: now, credentials: remote.credentials }
}

export function applyCall(record: ScopeRecord, call: Call, result: CallResult, tools: Tools): RecordChange {
  const placement: Placement = placementOf(record, call.provider) ?? { provider: call.provider, retired: [] }
  const { error: _mended, ...sound } = placement
  switch (call.kind) {
    case 'create':
    case 'adopt': {
      const { unresolved, ...known } = sound
      if (result.kind !== 'provisioned') {
        // It is sure now that the lost creation made nothing.
        return { record: withPlacement(record, known), changes: [], events: [] }
      }
      const wiring: Wiring = call.kind === 'create' ? call.wiring : adoptedWiring(unresolved?.wiring)
      return install(
        record,
        known,
        result.scope,
        (call.kind === 'create' ? call.label : undefined) ?? unresolved?.label ?? '',
        wiring,
        tools,
      )
    }
    case 'wire': {
      if (placement.remote === undefined) return { record, changes: [], events: [] }
      return {
        record: withPlacement(record, { ...sound, remote: { ...placement.remote, wiring: call.wiring } }),
        changes: [],
        events: [
          {
            type: 'placement.wired',
            provider: call.provider,
            detail: `${call.provider} pulls from ${inWords(call.wiring)}`,
          },
        ],
      }
    }
    case 'delete':
      return removeScope(record, sound, call.scopeId, tools.vault)
  }
}

/** An adopted scope may or may not have been created with upstreams: only "nothing" is sure. */
function adoptedWiring(intended: Wiring | undefined): Wiring {
  return intended?.to === 'nothing' ? intended : { to: 'unknown' }
}

function install(
  record: ScopeRecord,
  placement: Placement,
  scope: {
    readonly scopeId: string
    readonly url: string
    readonly credentials: readonly {
      readonly rights: readonly ('publish' | 'subscribe')[]
      readonly secret: string
      readonly remoteId?: string
      readonly expiresAt?: string
    }[]
  },
  label: string,
  wiring: Wiring,
  tools: Tools,
): RecordChange {
  const changes: Change[] = []
  const credentials: CredentialRef[] = scope.credentials.map((credential) => {
    const id = tools.newId()
    const index = tokenIndexId(tools.vault, credential.secret)
    changes.push(tools.vault.seal(id, credential.secret))
    changes.push(putRecord('meta', index, { scope: record.id, provider: placement.provider }, 'any'))
    return {
      id,
      index,
      rights: [...credential.rights],
      ...(credential.remoteId === undefined ? {} : { remoteId: credential.remoteId }),
      ...(credential.expiresAt === undefined ? {} : { expiresAt: credential.expiresAt }),
    }
  })
  const remote: Remote = { scopeId: scope.scopeId, url: scope.url, label, credentials, wiring, createdAt: tools.now }
  const old = placement.remote
  const retired = old === undefined ? placement.retired : [...placement.retired, retire(old, tools.now)]
  return {
    record: withPlacement(record, { ...placement, remote, retired }),
    changes,
    events: [
      {
        type: old === undefined ? 'placement.created' : 'placement.replaced',
        provider: placement.provider,
        detail: `scope ${scope.scopeId} at ${placement.provider}, pulling from ${inWords(wiring)}`,
      },
    ],
  }
}

function removeScope(record: ScopeRecord, placement: Placement, scopeId: string, vault: Vault): RecordChange {
  const retired = placement.retired.find((one) => one.scopeId === scopeId)
  return {
    record: withPlacement(record, {
      ...placement,
      retired: placement.retired.filter((one) => one.scopeId !== scopeId),
    }),
    changes: forgetCredentials(retired?.credentials ?? [], vault),
    events: [
      { type: 'placement.deleted', provider: placement.provider, detail: `scope ${scopeId} at ${placement.provider}` },
    ],
  }
}

/** A call failed. `before`: the wiring that stood when a re-wiring was sent. */
export function applyFailure(
  record: ScopeRecord,
  call: Call,
  failure: Failure,
  before: Wiring | undefined,
  now: number,
): RecordChange {
  const placement: Placement = placementOf(record, call.provider) ?? { provider: call.provider, retired: [] }
  const error = placementError(failure, placement.error, now)
  const surely = failure.effect === 'none'
  let next: Placement = { ...placement, error }
  if (surely && call.kind === 'create' && call.resend !== true && placement.unresolved?.label === call.label) {
    const { unresolved: _nothing, ...rest } = next
    next = rest
  }
  if (surely && call.kind === 'wire' && before !== undefined && placement.remote !== undefined) {
    next = { ...next, remote: { ...placement.remote, wiring: before } }
  }
  const news = placement.error?.code !== error.code || placement.error.detail !== error.detail
  return {
    record: withPlacement(record, next),
    changes: [],
    events: news
      ? [
          {
            type: 'placement.failed',
            provider: call.provider,
            detail: `${call.kind}: ${failure.code}: ${failure.detail}`,
          },
        ]
      : [],
  }
}

/** Where a token's scope is looked up, so that a fallback onto one of our own scopes is recognised. */
export function tokenIndexId(vault: Vault, token: string): string {
  return `token:${vault.fingerprint(token)}`
}

function inWords(wiring: Wiring): string {
  return wiring.to === 'provider' ? wiring.provider : wiring.to === 'origin' ? 'the given origin' : wiring.to
}
