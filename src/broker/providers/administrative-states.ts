import { z } from 'zod'
import type { AdministrativeState } from '../../routing/decision.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Store } from '../store/store.ts'

const StateSchema = z.object({
  v: z.literal(1),
  state: z.enum(['enabled', 'drained', 'disabled']),
  reason: z.string().optional(),
  by: z.string().optional(),
  since: z.number().optional(),
  expiresAt: z.number().optional(),
})

export interface HeldState {
  readonly state: AdministrativeState
  readonly reason?: string
  readonly by?: string
  readonly since?: number
  readonly expiresAt?: number
}

/** What operators decided about providers: kept in the store, answered from memory, expiring by themselves. */
export interface AdministrativeStates {
  get(provider: string): HeldState
  set(provider: string, state: HeldState): Promise<void>
  /** Reads all anew, so that another replica's changes are seen. */
  refresh(): Promise<void>
}

const ENABLED: HeldState = { state: 'enabled' }

export function createAdministrativeStates(
  store: Store,
  providers: readonly string[],
  now: () => number,
): AdministrativeStates {
  const held = new Map<string, HeldState>()
  return {
    get(provider) {
      const state = held.get(provider) ?? ENABLED
      return state.expiresAt !== undefined && state.expiresAt <= now() ? ENABLED : state
    },
    async set(provider, state) {
      const event = {
        at: now(),
        type: `provider.${state.state}`,
        by: state.by ?? 'broker',
        provider,
        detail: state.reason ?? '',
      }
      await store.commit([
        putRecord('providers', provider, { v: 1, ...state }, 'any'),
        { kind: 'event', stream: `provider:${provider}`, value: JSON.stringify(event) },
      ])
      held.set(provider, state)
    },
    async refresh() {
      const records = await store.getMany('providers', providers)
      records.forEach((record, index) => {
        const provider = providers[index]
        if (provider === undefined || record === undefined) return
        const { v: _version, ...state } = decodeRecord(StateSchema, 'providers', provider, record.value)
        held.set(provider, withoutAbsent(state))
      })
    },
  }
}

function withoutAbsent(state: Omit<z.infer<typeof StateSchema>, 'v'>): HeldState {
  return {
    state: state.state,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    ...(state.by === undefined ? {} : { by: state.by }),
    ...(state.since === undefined ? {} : { since: state.since }),
    ...(state.expiresAt === undefined ? {} : { expiresAt: state.expiresAt }),
  }
}
