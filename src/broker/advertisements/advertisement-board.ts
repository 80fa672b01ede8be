import { AdvertisementError } from '../../fci/advertisement-error.ts'
import type { HeldAdvertisement } from '../../routing/decision.ts'
import { BrokerError } from '../broker-error.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { GuardedFetcher } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { type Store, StoreError } from '../store/store.ts'
import {
  type AdvertisementComparison,
  AdvertisementIntake,
  type HeldBackAdvertisement,
} from './advertisement-intake.ts'
import { type AdvertisementLimits, advertisementLimits } from './advertisement-limits.ts'
import { type LoadDeps, loadAdvertisement } from './advertisement-load.ts'
import { type AdvertisementChange, createAdvertisementRecords } from './advertisement-records.ts'
import { versionOfAlto } from './alto-document.ts'
import { followAltoUpdates } from './alto-updates.ts'
import { readNotification } from './notification-document.ts'
import { isSecret, notificationTarget } from './notification-target.ts'
import { keepSubscription } from './svta-subscription.ts'

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
  /** Keeps subscriptions and update streams, until the signal ends it and subscriptions are deleted. */
  follow(): Promise<void>
}

export interface AdvertisementBoardDeps {
  readonly store: Store
  readonly fetcher: GuardedFetcher
  readonly providers: readonly ProviderConfig[]
  readonly tokens: ReadonlyMap<string, string>
  readonly compare: (before: HeldAdvertisement['model'], after: HeldAdvertisement['model']) => AdvertisementComparison
  /** Where others reach this broker. */
  readonly publicUrl?: string
  /** The last segment of the address that a provider's changes are sent to. */
  readonly notificationSecret: (provider: string) => string
  readonly instance: string
  readonly now: () => number
  readonly random: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

const JITTER = 0.1
/** While a stream tells of every change, a poll only guards against what it may have missed. */
const POLL_BESIDE_STREAM_MS = 900_000

interface Slot {
  readonly config: ProviderConfig
  readonly intake: AdvertisementIntake
  readonly load: LoadDeps
  error?: string
  dueAt: number
  following: 'on' | 'off' | undefined
  resourceId?: string
  /** The end of what is at work: arrivals of one provider come one after the other. */
  turn: Promise<void>
}

export function createAdvertisementBoard(deps: AdvertisementBoardDeps): AdvertisementBoard {
  const records = createAdvertisementRecords(deps.store)
  const listeners = new Set<(provider: string) => void>()
  const slots = new Map<string, Slot>()
  for (const config of deps.providers) {
    const token = deps.tokens.get(config.id)
    const changed = (): void => {
      for (const listener of listeners) listener(config.id)
    }
    slots.set(config.id, {
      config,
      intake: new AdvertisementIntake(config, { ...deps, records, changed }),
      load: { fetcher: deps.fetcher, signal: deps.signal, ...(token === undefined ? {} : { token }) },
      dueAt: 0,
      following: config.fci?.subscribe === true || config.fci?.alto?.updates_url !== undefined ? 'off' : undefined,
      turn: Promise.resolve(),
    })
  }

  function limitsOf(slot: Slot | undefined): AdvertisementLimits {
    return advertisementLimits(slot?.config.fci, slot?.intake.inUse?.freshness)
  }

  function slotOf(provider: string): Slot {
    const slot = slots.get(provider)
    if (slot === undefined) throw new BrokerError('not_found', `there is no provider "${provider}"`)
    return slot
  }

  function inTurn<T>(slot: Slot, task: () => Promise<T>): Promise<T> {
    const run = slot.turn.then(task)
    slot.turn = run.then(
      () => undefined,
      () => undefined,
    )
    return run
  }

  async function fetchOnce(slot: Slot): Promise<void> {
    const loaded = await loadAdvertisement(slot.config, slot.intake.validators, slot.load)
    if (loaded === undefined) return
    if (loaded.kind === 'unchanged') await slot.intake.confirmed(loaded.freshness)
    else {
      await slot.intake.arrived({ ...loaded, via: slot.config.fci === undefined ? 'file' : 'poll' })
      if (slot.config.fci?.alto?.updates_url !== undefined) noteResource(slot, loaded.text)
    }
  }

  async function refresh(slot: Slot): Promise<void> {
    const provider = slot.config.id
    try {
      await inTurn(slot, () => fetchOnce(slot))
      delete slot.error
    } catch (error) {
      const reason = whyNot(error)
      if (slot.error !== reason) deps.log('advertisement.failed', { provider, error: reason })
      slot.error = reason
    }
    const pauseMs = isStreaming(slot) ? POLL_BESIDE_STREAM_MS : limitsOf(slot).pollSeconds * 1000
    slot.dueAt = deps.now() + pauseMs * (1 + JITTER * (deps.random() * 2 - 1))
  }

  function follow(slot: Slot): Promise<void> {
    const { config, intake } = slot
    const { fci } = config
    if (fci === undefined) return Promise.resolve()
    const shared = { ...deps, ...slot.load, provider: config.id, fci }
    if (fci.subscribe && deps.publicUrl !== undefined) {
      return keepSubscription({
        ...shared,
        notificationTarget: notificationTarget(deps.publicUrl, config.id, deps.notificationSecret(config.id)),
        onState: (state) => {
          slot.following = state === 'active' ? 'on' : 'off'
        },
      })
    }
    if (fci.alto?.updates_url === undefined) return Promise.resolve()
    return followAltoUpdates({
      ...shared,
      updatesUrl: fci.alto.updates_url,
      resourceId: () => slot.resourceId,
      arrived: (text) => inTurn(slot, () => intake.arrived({ text, via: 'stream' })),
      alive: () => inTurn(slot, () => intake.confirmed(intake.inUse?.freshness ?? {})),
      refetch: () => refresh(slot),
      onState: (state) => {
        slot.following = state === 'open' ? 'on' : 'off'
        // A stream that ended is no reason to wait for the rare poll.
        if (state === 'closed') slot.dueAt = Math.min(slot.dueAt, deps.now() + fci.poll_seconds * 1000)
      },
    })
  }

  return {
    get(provider) {
      const slot = slots.get(provider)
      const used = slot?.intake.inUse
      if (slot === undefined || used === undefined) return undefined
      const ageSeconds = (deps.now() - used.confirmedAt) / 1000
      const limits = limitsOf(slot)
      return {
        model: used.model,
        version: used.version,
        fetchedAt: used.fetchedAt,
        confirmedAt: used.confirmedAt,
        stale: ageSeconds > limits.staleSeconds,
        expired: ageSeconds > limits.expireSeconds,
      }
    },
    error: (provider) => slots.get(provider)?.error,
    heldBack: (provider) => slots.get(provider)?.intake.heldBack,
    following: (provider) => slots.get(provider)?.following,
    limits: (provider) => limitsOf(slots.get(provider)),
    history: (provider) => records.history(provider),
    async restore() {
      for (const slot of slots.values()) await slot.intake.restore()
    },
    async refresh(provider) {
      const slot = slots.get(provider)
      if (slot !== undefined) await refresh(slot)
    },
    dueAt: (provider) => slots.get(provider)?.dueAt ?? 0,
    notificationLimit(provider) {
      const fci = slots.get(provider)?.config.fci
      return fci?.subscribe === true ? fci.max_bytes : undefined
    },
    async notified(provider, secret, text) {
      const slot = slots.get(provider)
      const fci = slot?.config.fci
      if (slot === undefined || fci?.subscribe !== true || !isSecret(secret, deps.notificationSecret(provider))) {
        throw new BrokerError('not_found', 'nobody is subscribed here')
      }
      try {
        const advertisement = readNotification(text, fci.max_bytes)
        if (advertisement === undefined) {
          slot.dueAt = 0
          return
        }
        await inTurn(slot, () => slot.intake.arrived({ text: advertisement, via: 'notification' }))
        delete slot.error
      } catch (error) {
        if (!(error instanceof AdvertisementError)) throw error
        const detail = `the notification is no advertisement: ${error.message}`
        deps.log('advertisement.failed', { provider, error: detail })
        throw new BrokerError('invalid_request', detail, {
          faults: [{ detail: error.message, pointer: error.pointer }],
        })
      }
    },
    async confirm(provider, by) {
      const slot = slotOf(provider)
      const accepted = await inTurn(slot, () => slot.intake.accept(by))
      if (!accepted) {
        throw new BrokerError(
          'invalid_state',
          `no advertisement of "${provider}" is held back; there is nothing to confirm`,
        )
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async follow() {
      await Promise.all([...slots.values()].map((slot) => follow(slot)))
    },
  }
}

function isStreaming({ config, following }: Slot): boolean {
  return config.fci?.alto?.updates_url !== undefined && following === 'on'
}

function noteResource(slot: Slot, text: string): void {
  // It was read as an advertisement a moment ago, so it is JSON.
  const { resourceId } = versionOfAlto(JSON.parse(text))
  if (resourceId !== undefined) slot.resourceId = resourceId
}

function whyNot(error: unknown): string {
  if (error instanceof OutboundError || error instanceof AdvertisementError) return error.message
  if (error instanceof StoreError) return `the store could not keep it (${error.code})`
  if (error instanceof TypeError) return 'its file is not UTF-8'
  if (error instanceof Error && 'code' in error) return `its file cannot be read (${String(error.code)})`
  return 'an unexpected error; see the log'
}
