import type { Advertisement } from '../../fci/advertisement.ts'
import type { HeldAdvertisement } from '../../routing/decision.ts'
import { BrokerError } from '../broker-error.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { HeldBackAdvertisement } from './advertisement-intake.ts'
import { type AdvertisementLimits, advertisementLimits } from './advertisement-limits.ts'
import { type AdvertisementChange, createAdvertisementRecords } from './advertisement-records.ts'
import {
  ProviderAdvertisement,
  type ProviderAdvertisementDeps,
  type UnresolvedAdvertisement,
} from './provider-advertisement.ts'

/** The last good advertisement of each provider, with its age; kept in the store so that a restart can answer at once. */
export interface AdvertisementBoard {
  get(provider: string): HeldAdvertisement | undefined
  /** Why the last fetch failed, or `undefined`. */
  error(provider: string): string | undefined
  /** The one that the guard does not let in, if there is one. */
  heldBack(provider: string): HeldBackAdvertisement | undefined
  /** Whether changes come by themselves; `undefined` where that is not asked for. */
  following(provider: string): 'on' | 'off' | undefined
  /** For how long it may be used unconfirmed. */
  limits(provider: string): AdvertisementLimits
  /** The advertisement in use with its references, which `get` answers resolved. */
  unresolved(provider: string): UnresolvedAdvertisement | undefined
  /** What `get` answers without what refers to resource footprints; `undefined` if nothing does. */
  withoutResources(provider: string): Advertisement | undefined
  /** Newest first. Throws `StoreError`. */
  history(provider: string): Promise<readonly AdvertisementChange[]>
  /** Brings back what was kept. */
  restore(): Promise<void>
  /** Fetches one provider's anew. Never throws: a failure keeps the last good one. */
  refresh(provider: string): Promise<void>
  /** When the next refresh is due, milliseconds since the epoch. */
  dueAt(provider: string): number
  /**
   * Takes what a provider sent on its own. Throws `BrokerError` `not_found` for a wrong secret and `invalid_request` for
   * what is no advertisement; then the last good one stays.
   */
  notified(provider: string, secret: string, text: string): Promise<void>
  /** Largest body of a notification in bytes; `undefined` if this provider sends none. */
  notificationLimit(provider: string): number | undefined
  /** Uses the one held back. Throws `BrokerError` `invalid_state` if there is none. */
  confirm(provider: string, by: string): Promise<void>
  /** Calls the listener whenever `get(provider)` has another model. Returns how to stop that. */
  onChange(listener: (provider: string) => void): () => void
  /** Fetches named footprints that are due, and puts them into use. To be called every second. Never throws. */
  tend(provider: string): Promise<void>
  /** Keeps subscriptions and update streams, until the signal ends it and subscriptions are deleted. */
  follow(): Promise<void>
}

export interface AdvertisementBoardDeps extends Omit<ProviderAdvertisementDeps, 'records' | 'changed' | 'token'> {
  readonly providers: readonly ProviderConfig[]
  readonly tokens: ReadonlyMap<string, string>
}

export function createAdvertisementBoard(deps: AdvertisementBoardDeps): AdvertisementBoard {
  const records = createAdvertisementRecords(deps.store)
  const listeners = new Set<(provider: string) => void>()
  const providers = new Map<string, ProviderAdvertisement>()
  for (const config of deps.providers) {
    const token = deps.tokens.get(config.id)
    const changed = (): void => {
      for (const listener of listeners) listener(config.id)
    }
    const shared = { ...deps, records, changed, ...(token === undefined ? {} : { token }) }
    providers.set(config.id, new ProviderAdvertisement(config, shared))
  }

  return {
    get: (provider) => providers.get(provider)?.held,
    error: (provider) => providers.get(provider)?.error,
    heldBack: (provider) => providers.get(provider)?.heldBack,
    unresolved: (provider) => providers.get(provider)?.unresolved,
    withoutResources: (provider) => providers.get(provider)?.withoutResources,
    following: (provider) => providers.get(provider)?.following,
    limits: (provider) => providers.get(provider)?.limits ?? advertisementLimits(undefined),
    history: (provider) => records.history(provider),
    async restore() {
      for (const one of providers.values()) await one.restore()
    },
    async refresh(provider) {
      await providers.get(provider)?.refresh()
    },
    dueAt: (provider) => providers.get(provider)?.dueAt ?? 0,
    notificationLimit: (provider) => providers.get(provider)?.notificationLimit,
    async notified(provider, secret, text) {
      const one = providers.get(provider)
      if (one === undefined) throw new BrokerError('not_found', 'nobody is subscribed here')
      await one.notified(secret, text)
    },
    async confirm(provider, by) {
      const one = providers.get(provider)
      if (one === undefined) throw new BrokerError('not_found', `there is no provider "${provider}"`)
      await one.confirm(by)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async tend(provider) {
      await providers.get(provider)?.tend()
    },
    async follow() {
      await Promise.all([...providers.values()].map((one) => one.follow()))
    },
  }
}
