import type { Diagnostic } from '../../fci/advertisement.ts'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import type { Unresolved } from '../../fci/named/resolve-named.ts'
import type { HeldAdvertisement } from '../../routing/decision.ts'
import { BrokerError } from '../broker-error.ts'
import { ThreadError } from '../call-thread.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import { ProviderFootprints } from '../named-footprints/provider-footprints.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { type Store, StoreError } from '../store/store.ts'
import { AdvertisementIntake, type AdvertisementInUse, type HeldBackAdvertisement } from './advertisement-intake.ts'
import { type AdvertisementLimits, advertisementLimits } from './advertisement-limits.ts'
import { type LoadDeps, loadAdvertisement } from './advertisement-load.ts'
import type { AdvertisementReader } from './advertisement-reader.ts'
import type { AdvertisementRecords } from './advertisement-records.ts'
import { followAltoUpdates } from './alto-updates.ts'
import { isSecret, notificationTarget } from './notification-target.ts'
import { keepSubscription } from './svta-subscription.ts'

type Model = HeldAdvertisement['model']

/** What was advertised, before references are replaced by what they refer to. */
export interface UnresolvedAdvertisement {
  readonly model: HeldAdvertisement['model']
  readonly version: string
  /** References that match nobody, and why. */
  readonly unresolved: readonly Unresolved[]
  /** Why a footprint could not be fetched, if so. */
  readonly footprintError?: string
  readonly footprintDiagnostics: readonly Diagnostic[]
}

export interface ProviderAdvertisementDeps extends LoadDeps {
  readonly store: Store
  readonly records: AdvertisementRecords
  readonly reader: AdvertisementReader
  /** Where others reach this broker. */
  readonly publicUrl?: string
  /** The last segment of the address that a provider's changes are sent to. */
  readonly notificationSecret: (provider: string) => string
  /** Our CDN Provider ID, where we republish. */
  readonly ownId?: string
  readonly instance: string
  /** Called when `held` has another model. */
  readonly changed: () => void
  readonly now: () => number
  readonly random: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

const JITTER = 0.1
/** While a stream tells of every change, a poll only guards against what it may have missed. */
const POLL_BESIDE_STREAM_MS = 900_000

interface Shown {
  readonly of: AdvertisementInUse
  readonly staleAt: number
  readonly expiresAt: number
  readonly as: HeldAdvertisement
}

/** Everything about one provider's advertisement: how it is had, what is held of it, and what is wrong. */
export class ProviderAdvertisement {
  readonly #config: ProviderConfig
  readonly #deps: ProviderAdvertisementDeps
  readonly #intake: AdvertisementIntake
  /** Absent for an advertisement from a file, which has nobody to ask. */
  readonly #footprints: ProviderFootprints | undefined
  #error: string | undefined
  #shown: Shown | undefined
  #dueAt = 0
  #following: 'on' | 'off' | undefined
  #resourceId: string | undefined
  /** The end of what is at work: arrivals come one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(config: ProviderConfig, deps: ProviderAdvertisementDeps) {
    const { fci, id: provider } = config
    this.#config = config
    this.#deps = deps
    this.#following = fci?.subscribe === true || fci?.alto?.updates_url !== undefined ? 'off' : undefined
    const lostShare = async (before: Model, after: Model): Promise<number> =>
      (await deps.reader.compare(before, after)).lostShare
    const footprints = fci === undefined ? undefined : new ProviderFootprints({ ...deps, provider, fci, lostShare })
    this.#footprints = footprints
    const resolve = (model: Model): Model => footprints?.resolve(model) ?? model
    this.#intake = new AdvertisementIntake(config, {
      ...deps,
      compare: (before, after) => deps.reader.compare(resolve(before), resolve(after)),
      changed: () => {
        footprints?.update(this.#intake.inUse)
        deps.changed()
      },
    })
  }

  /** The same object until something about it changes: every look-up asks for it. */
  get held(): HeldAdvertisement | undefined {
    const used = this.#intake.inUse
    if (used === undefined) return undefined
    const model = this.#footprints?.model ?? used.model
    let shown = this.#shown
    if (shown?.of !== used || shown.as.model !== model) {
      const { staleSeconds, expireSeconds } = this.limits
      const { fetchedAt, confirmedAt } = used
      const version = this.#footprints?.version ?? used.version
      shown = {
        of: used,
        staleAt: confirmedAt + staleSeconds * 1000,
        expiresAt: confirmedAt + expireSeconds * 1000,
        as: { model, version, fetchedAt, confirmedAt, stale: false, expired: false },
      }
    }
    const now = this.#deps.now()
    const stale = now > shown.staleAt
    const expired = now > shown.expiresAt
    if (shown.as.stale !== stale || shown.as.expired !== expired) {
      shown = { ...shown, as: { ...shown.as, stale, expired } }
    }
    this.#shown = shown
    return shown.as
  }

  /** The model in use without what refers to resource footprints; undefined if nothing does. */
  get withoutResources(): Model | undefined {
    return this.#footprints?.withoutResources
  }

  get error(): string | undefined {
    return this.#error
  }

  get heldBack(): HeldBackAdvertisement | undefined {
    return this.#intake.heldBack ?? this.#footprints?.heldBack
  }

  get following(): 'on' | 'off' | undefined {
    return this.#following
  }

  get limits(): AdvertisementLimits {
    return advertisementLimits(this.#config.fci, this.#intake.inUse?.freshness)
  }

  get dueAt(): number {
    return this.#dueAt
  }

  get notificationLimit(): number | undefined {
    const { fci } = this.#config
    return fci?.subscribe === true ? fci.max_bytes : undefined
  }

  get unresolved(): UnresolvedAdvertisement | undefined {
    const used = this.#intake.inUse
    if (used === undefined) return undefined
    const footprints = this.#footprints
    return {
      model: used.model,
      version: used.version,
      unresolved: footprints?.unresolved ?? [],
      ...(footprints?.error === undefined ? {} : { footprintError: footprints.error }),
      footprintDiagnostics: footprints?.diagnostics ?? [],
    }
  }

  async restore(): Promise<void> {
    await this.#footprints?.restore()
    await this.#intake.restore()
    this.#footprints?.update(this.#intake.inUse)
  }

  async refresh(): Promise<void> {
    const { log, now, random } = this.#deps
    const provider = this.#config.id
    try {
      await this.#inTurn(() => this.#fetchOnce())
      this.#error = undefined
    } catch (error) {
      const reason = whyNot(error)
      if (this.#error !== reason) log('advertisement.failed', { provider, error: reason })
      this.#error = reason
    }
    const pauseMs = this.#isStreaming() ? POLL_BESIDE_STREAM_MS : this.limits.pollSeconds * 1000
    this.#dueAt = now() + pauseMs * (1 + JITTER * (random() * 2 - 1))
  }

  async notified(secret: string, text: string): Promise<void> {
    const { id: provider, fci } = this.#config
    const { notificationSecret, log } = this.#deps
    if (fci?.subscribe !== true || !isSecret(secret, notificationSecret(provider))) {
      throw new BrokerError('not_found', 'nobody is subscribed here')
    }
    try {
      const advertisement = await this.#deps.reader.openNotification(text, fci.max_bytes)
      if (advertisement === undefined) {
        this.#dueAt = 0
        return
      }
      await this.#inTurn(() => this.#intake.arrived({ text: advertisement, via: 'notification' }))
      this.#error = undefined
    } catch (error) {
      if (!(error instanceof AdvertisementError)) throw error
      const detail = `the notification is no advertisement: ${error.message}`
      log('advertisement.failed', { provider, error: detail })
      throw new BrokerError('invalid_request', detail, { faults: [{ detail: error.message, pointer: error.pointer }] })
    }
  }

  async confirm(by: string): Promise<void> {
    const accepted = await this.#inTurn(() => this.#intake.accept(by))
    if (accepted) return
    if (this.#footprints?.confirm() === true) {
      await this.tend()
      return
    }
    const detail = `no advertisement of "${this.#config.id}" is held back; there is nothing to confirm`
    throw new BrokerError('invalid_state', detail)
  }

  async tend(): Promise<void> {
    const footprints = this.#footprints
    const intake = this.#intake
    const { id: provider, fci } = this.#config
    if (footprints === undefined || fci === undefined) return
    try {
      const models = [intake.inUse?.model, intake.heldBack?.model]
      const isNew = await footprints.refresh(models, fci.footprints_per_second)
      if (isNew) await this.#inTurn(() => intake.reconsider())
    } catch (error) {
      this.#deps.log('footprint.failed', { provider, error: whyNot(error) })
    }
    if (footprints.update(intake.inUse)) this.#deps.changed()
  }

  follow(): Promise<void> {
    const { id: provider, fci } = this.#config
    const deps = this.#deps
    if (fci === undefined) return Promise.resolve()
    if (fci.subscribe && deps.publicUrl !== undefined) {
      return keepSubscription({
        ...deps,
        provider,
        fci,
        notificationTarget: notificationTarget(deps.publicUrl, provider, deps.notificationSecret(provider)),
        onState: (state) => {
          this.#following = state === 'active' ? 'on' : 'off'
        },
      })
    }
    const updatesUrl = fci.alto?.updates_url
    if (updatesUrl === undefined) return Promise.resolve()
    const intake = this.#intake
    return followAltoUpdates({
      ...deps,
      provider,
      fci,
      updatesUrl,
      resourceId: () => this.#resourceId,
      arrived: (text) => this.#inTurn(() => intake.arrived({ text, via: 'stream' })),
      alive: () => this.#inTurn(() => intake.confirmed(intake.inUse?.freshness ?? {})),
      refetch: () => this.refresh(),
      onState: (state) => {
        this.#following = state === 'open' ? 'on' : 'off'
        // A stream that ended is no reason to wait for the rare poll.
        if (state === 'closed') this.#dueAt = Math.min(this.#dueAt, deps.now() + fci.poll_seconds * 1000)
      },
    })
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(task)
    this.#turn = run.then(
      () => undefined,
      () => undefined,
    )
    return run
  }

  async #fetchOnce(): Promise<void> {
    const { fci } = this.#config
    const loaded = await loadAdvertisement(this.#config, this.#intake.validators, this.#deps)
    if (loaded === undefined) return
    if (loaded.kind === 'unchanged') {
      await this.#intake.confirmed(loaded.freshness)
      return
    }
    await this.#intake.arrived({ ...loaded, via: fci === undefined ? 'file' : 'poll' })
    // It was read as an advertisement a moment ago, so it is JSON.
    if (fci?.alto?.updates_url !== undefined) this.#resourceId = await this.#deps.reader.resourceIdOf(loaded.text)
  }

  #isStreaming(): boolean {
    return this.#config.fci?.alto?.updates_url !== undefined && this.#following === 'on'
  }
}

function whyNot(error: unknown): string {
  if (error instanceof OutboundError || error instanceof AdvertisementError || error instanceof ThreadError) {
    return error.message
  }
  if (error instanceof StoreError) return `the store could not keep it (${error.code})`
  if (error instanceof TypeError) return 'its file is not UTF-8'
  if (error instanceof Error && 'code' in error) return `its file cannot be read (${String(error.code)})`
  return 'an unexpected error; see the log'
}
