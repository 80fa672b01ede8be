import type { Advertisement } from '../../fci/advertisement.ts'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { ThreadError } from '../call-thread.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import type { Validators } from '../outbound/guarded-fetch.ts'
import type { Freshness } from '../outbound/http-freshness.ts'
import { type GuardPolicy, judgeChange } from './advertisement-guard.ts'
import type { AdvertisementReader } from './advertisement-reader.ts'
import type { AdvertisementChange, AdvertisementRecords, KeptAdvertisement } from './advertisement-records.ts'
import type { AdvertisementComparison } from './compare-in-words.ts'
import type { ReadAdvertisement } from './read-advertisement.ts'

/** An advertisement as it came, whichever way. */
export interface Arrival {
  readonly text: string
  readonly via: 'poll' | 'notification' | 'stream' | 'file'
  /** Absent: the text cannot be asked for conditionally. */
  readonly validators?: Validators
  readonly freshness?: Freshness
}

/** The advertisement in use. Times in milliseconds since the epoch. */
export interface AdvertisementInUse {
  readonly model: Advertisement
  readonly version: string
  readonly fetchedAt: number
  readonly confirmedAt: number
  readonly freshness: Freshness
}

/** One that arrived and is not used, because the guard doubts it. */
export interface HeldBackAdvertisement {
  readonly model: Advertisement
  readonly version: string
  readonly since: number
  readonly lastSeenAt: number
  readonly lostShare: number
  readonly because: string
  /** Then it is believed if it is still the same. */
  readonly acceptedAt: number
}

export interface AdvertisementIntakeDeps {
  readonly records: AdvertisementRecords
  readonly reader: Pick<AdvertisementReader, 'read'>
  readonly compare: (before: Advertisement, after: Advertisement) => Promise<AdvertisementComparison>
  /** Our CDN Provider ID, where we republish: what leads through us is not ours to use. */
  readonly ownId?: string
  readonly now: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
  /** Called when the advertisement in use is another one. */
  readonly changed: () => void
}

/** A confirmation alone is written at most this often: it only serves the age after a restart. */
const CONFIRMATION_WRITE_MS = 60_000
/** For advertisements that come from a file: whoever writes it means it. */
const NO_GUARD: GuardPolicy = { lost_share: 1, action: 'accept', hold_seconds: 0, empty: 'accept' }

interface Received extends KeptAdvertisement, ReadAdvertisement {}

/**
 * Where every advertisement of one provider arrives: it is read, compared with the one in use, looked at by the guard,
 * kept, and told of. Calls must not overlap.
 */
export class AdvertisementIntake {
  readonly #config: ProviderConfig
  readonly #deps: AdvertisementIntakeDeps
  readonly #policy: GuardPolicy
  #inUse: Received | undefined
  #heldBack: (HeldBackAdvertisement & { readonly text: string }) | undefined
  /** Of what arrived last, whether it is in use or held back. */
  #validators: Validators = {}
  #writtenAt = 0
  #shown: { readonly of: Received; readonly as: AdvertisementInUse } | undefined

  constructor(config: ProviderConfig, deps: AdvertisementIntakeDeps) {
    this.#config = config
    this.#deps = deps
    this.#policy = config.fci?.guard ?? NO_GUARD
  }

  /** The same object until something about it changes: look-ups ask for it. */
  get inUse(): AdvertisementInUse | undefined {
    const used = this.#inUse
    if (used !== undefined && this.#shown?.of !== used) {
      const { model, version, fetchedAt, confirmedAt } = used
      this.#shown = { of: used, as: { model, version, fetchedAt, confirmedAt, freshness: freshnessOf(used) } }
    }
    return used === undefined ? undefined : this.#shown?.as
  }

  get heldBack(): HeldBackAdvertisement | undefined {
    return this.#heldBack
  }

  get validators(): Validators {
    return this.#validators
  }

  /** Brings back what was kept before the start. Throws `StoreError`. */
  async restore(): Promise<void> {
    const { records, log } = this.#deps
    const provider = this.#config.id
    try {
      const kept = await records.kept(provider)
      if (kept === undefined) return
      this.#inUse = { ...kept, ...(await this.#read(kept.text)) }
      const held = await records.heldBack(provider)
      if (held !== undefined) {
        this.#hold({ ...held, ...(await this.#read(held.text)) })
      } else this.#validators = validatorsOf(kept)
    } catch (error) {
      if (!(error instanceof AdvertisementError) && !(error instanceof ThreadError)) throw error
      log('advertisement.kept_unreadable', { provider, error: error.message })
    }
  }

  /**
   * Throws `AdvertisementError` for what is no advertisement, `ThreadError` for what could not be read, and `StoreError`
   * after it is in use but not kept.
   */
  async arrived(arrival: Arrival): Promise<void> {
    const { now } = this.#deps
    const { model, version } = await this.#read(arrival.text)
    const at = now()
    const used = this.#inUse
    this.#validators = arrival.validators ?? {}
    const received: Received = {
      text: arrival.text,
      model,
      version,
      fetchedAt: at,
      confirmedAt: at,
      ...arrival.validators,
      ...(arrival.freshness === undefined ? {} : { freshness: arrival.freshness }),
    }
    if (used?.version === version) {
      // The text may be another one; the kept one says the same.
      this.#inUse = { ...received, text: used.text, fetchedAt: used.fetchedAt }
      await this.#takeBack(arrival.via)
      await this.#keepConfirmation()
      return
    }
    const comparison = used === undefined ? undefined : await this.#deps.compare(used.model, model)
    const verdict = judgeChange(used?.model, model, this.#policy, comparison?.lostShare ?? 0)
    const change = {
      at,
      version,
      ...(used === undefined ? {} : { previousVersion: used.version }),
      via: arrival.via,
      lostShare: verdict.lostShare,
      ...(verdict.because === undefined ? {} : { because: verdict.because }),
      differences: [...(comparison?.differences ?? [])],
    }
    if (verdict.kind === 'accept') {
      await this.#use(received, { ...change, kind: 'accepted' })
    } else await this.#doubt(received, { ...change, kind: 'held_back' })
  }

  /** The peer says that what arrived last is current. */
  async confirmed(freshness: Freshness): Promise<void> {
    const at = this.#deps.now()
    if (this.#inUse === undefined) return
    this.#inUse = { ...this.#inUse, confirmedAt: at, freshness }
    if (this.#heldBack !== undefined) await this.#seenAgain(at)
    await this.#keepConfirmation()
  }

  /** Uses the one that is held back. False if there is none. */
  async accept(by: string): Promise<boolean> {
    return this.#believe('operator', `confirmed by ${by}`, by)
  }

  /** What it refers to is known better now: perhaps nothing is lost after all. */
  async reconsider(): Promise<void> {
    const held = this.#heldBack
    const used = this.#inUse
    if (held === undefined || used === undefined) return
    const { lostShare } = await this.#deps.compare(used.model, held.model)
    if (judgeChange(used.model, held.model, this.#policy, lostShare).kind === 'accept') {
      await this.#believe('time', 'with its named footprints it does not lose so much', undefined)
    }
  }

  #read(text: string): Promise<ReadAdvertisement> {
    const { reader, ownId } = this.#deps
    const combination = this.#config.fci?.footprint_combination ?? 'and'
    return reader.read(text, { combination, ...(ownId === undefined ? {} : { ownId }) })
  }

  #hold(held: Omit<HeldBackAdvertisement, 'acceptedAt'> & { readonly text: string }): void {
    this.#heldBack = { ...held, acceptedAt: held.since + this.#policy.hold_seconds * 1000 }
  }

  /** The guard doubts it: new doubts begin a wait, old ones may have waited enough. */
  async #doubt(received: Received, change: AdvertisementChange): Promise<void> {
    const { records, log } = this.#deps
    const provider = this.#config.id
    const at = received.confirmedAt
    if (this.#inUse !== undefined) this.#inUse = { ...this.#inUse, confirmedAt: at }
    if (this.#heldBack?.version === received.version) {
      await this.#seenAgain(at)
      return
    }
    const elsewhere = await records.kept(provider)
    if (elsewhere !== undefined && (await this.#read(elsewhere.text)).version === received.version) {
      // Confirmed at another replica.
      await this.#use(received, { ...change, kind: 'confirmed', because: 'confirmed at another replica' })
      return
    }
    const held = {
      text: received.text,
      since: at,
      lastSeenAt: at,
      lostShare: change.lostShare,
      because: change.because ?? '',
    }
    this.#hold({ ...held, model: received.model, version: received.version })
    log('advertisement.held_back', { provider, version: received.version, because: held.because })
    if (this.#policy.hold_seconds === 0) {
      await this.#seenAgain(at)
      return
    }
    await records.keepHeldBack(provider, held)
    await records.append(provider, change)
  }

  async #seenAgain(at: number): Promise<void> {
    const held = this.#heldBack
    if (held === undefined) return
    this.#heldBack = { ...held, lastSeenAt: at }
    if (at >= held.acceptedAt) {
      await this.#believe('time', `seen unchanged for ${this.#policy.hold_seconds} s`, undefined)
    }
  }

  async #believe(via: 'operator' | 'time', because: string, by: string | undefined): Promise<boolean> {
    const held = this.#heldBack
    if (held === undefined) return false
    const at = this.#deps.now()
    const used = this.#inUse
    const comparison = used === undefined ? undefined : await this.#deps.compare(used.model, held.model)
    await this.#use(
      {
        text: held.text,
        model: held.model,
        version: held.version,
        fetchedAt: at,
        confirmedAt: at,
        ...this.#validators,
      },
      {
        at,
        kind: 'confirmed',
        version: held.version,
        ...(used === undefined ? {} : { previousVersion: used.version }),
        via,
        ...(by === undefined ? {} : { by }),
        lostShare: held.lostShare,
        because,
        differences: [...(comparison?.differences ?? [])],
      },
    )
    return true
  }

  async #use(received: Received, change: AdvertisementChange): Promise<void> {
    const { records, log, changed } = this.#deps
    const provider = this.#config.id
    const wasHeldBack = this.#heldBack !== undefined
    this.#inUse = received
    this.#heldBack = undefined
    log('advertisement.changed', {
      provider,
      version: received.version,
      capabilities: received.model.capabilities.length,
      diagnostics: received.model.diagnostics.length,
      lost_share: change.lostShare,
      ...(change.because === undefined ? {} : { because: change.because }),
    })
    changed()
    this.#writtenAt = received.confirmedAt
    await records.keep(provider, keptOf(received))
    if (wasHeldBack) await records.keepHeldBack(provider, undefined)
    await records.append(provider, change)
  }

  /** The peer advertises what is in use again, so nothing is in doubt. */
  async #takeBack(via: Arrival['via']): Promise<void> {
    const { records, log, now } = this.#deps
    const held = this.#heldBack
    const provider = this.#config.id
    if (held === undefined) return
    this.#heldBack = undefined
    log('advertisement.taken_back', { provider, version: held.version })
    await records.keepHeldBack(provider, undefined)
    await records.append(provider, {
      at: now(),
      kind: 'taken_back',
      version: held.version,
      via,
      lostShare: held.lostShare,
      because: 'the provider advertises the one in use again',
      differences: [],
    })
  }

  async #keepConfirmation(): Promise<void> {
    const used = this.#inUse
    if (used === undefined || used.confirmedAt - this.#writtenAt < CONFIRMATION_WRITE_MS) return
    this.#writtenAt = used.confirmedAt
    await this.#deps.records.keep(this.#config.id, keptOf(used))
  }
}

function keptOf({ text, fetchedAt, confirmedAt, etag, lastModified, freshness }: Received): KeptAdvertisement {
  return { text, fetchedAt, confirmedAt, etag, lastModified, freshness }
}

function validatorsOf({ etag, lastModified }: KeptAdvertisement): Validators {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  }
}

function freshnessOf({ freshness = {} }: KeptAdvertisement): Freshness {
  const { freshSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds } = freshness
  return {
    ...(freshSeconds === undefined ? {} : { freshSeconds }),
    ...(staleWhileRevalidateSeconds === undefined ? {} : { staleWhileRevalidateSeconds }),
    ...(staleIfErrorSeconds === undefined ? {} : { staleIfErrorSeconds }),
  }
}
