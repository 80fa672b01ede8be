import type { Diagnostic } from '../../fci/advertisement.ts'
import type { Unresolved } from '../../fci/named/resolve-named.ts'
import type { WireAdvertisement } from '../../fci/print-advertisement.ts'
import type { AdvertisementChange } from './advertisement-records.ts'

/** An advertisement that the guard does not let in. Times in milliseconds since the epoch. */
export interface HeldBackView {
  readonly version: string
  readonly since: number
  readonly lastSeenAt: number
  /** Of the coverage, 0 to 1. */
  readonly lostShare: number
  readonly because: string
  /** Then it is believed, if it is still the same. */
  readonly acceptedAt: number
}

/** An advertisement as JSON. */
export interface AdvertisementText {
  readonly text: string
}

/** What a provider advertises, as we understand it. */
export interface AdvertisementView {
  readonly provider: string
  readonly profile: 'http' | 'svta' | 'alto' | 'file'
  readonly version: string
  readonly fetchedAt: number
  readonly confirmedAt: number
  readonly stale: boolean
  readonly expired: boolean
  /** Ages at which it becomes stale and expires; absent: never. */
  readonly staleAfterSeconds?: number
  readonly expireAfterSeconds?: number
  /** Whether changes come by themselves; absent where that is not asked for. */
  readonly following?: 'on' | 'off'
  readonly error?: string
  readonly heldBack?: HeldBackView
  readonly diagnostics: readonly Diagnostic[]
  /** References to named footprints that match nobody, and why. */
  readonly unresolved: readonly Unresolved[]
  /** Why a named footprint could not be fetched. */
  readonly footprintError?: string
  /** The canonical form, without secrets; a large one as its JSON text. */
  readonly advertisement: WireAdvertisement | AdvertisementText
}

/** Methods throw `BrokerError`, or `StoreError`. */
export interface AdvertisementService {
  /** `undefined` where there is none yet. Throws `not_found` for an unknown provider. */
  get(provider: string): Promise<AdvertisementView | undefined>
  /** Newest first. */
  history(provider: string): Promise<readonly AdvertisementChange[]>
  /** Uses the one held back; `version` names the one that is meant. */
  confirm(provider: string, version: string | undefined, by: string): Promise<void>
  /** What a provider sent on its own. */
  notified(provider: string, secret: string, text: string): Promise<void>
  /** Largest body of a notification in bytes; `undefined` if this provider sends none. */
  notificationLimit(provider: string): number | undefined
}
