import type { KeyRecord } from './key-record.ts'

const MAX_UNKNOWN = 1000

interface Held {
  /** Absent: the store has no such key. */
  readonly record: KeyRecord | undefined
  /** When the store last said so, or last failed to answer. */
  readonly askedAt: number
  /** When the store last said so. */
  readonly confirmedAt: number
}

export interface KeyCacheOptions {
  readonly now: () => number
  /** How long an answer of the store is believed. */
  readonly ttlMs: number
  /** How long a known key is believed while the store does not answer. */
  readonly outageMs: number
  /** Reads one record from the store. */
  readonly load: (id: string) => Promise<KeyRecord | undefined>
}

/**
 * Keys as the store last gave them, so that a request costs no read. A key that was seen is believed while the store
 * is down; a revocation is seen within `ttlMs`, and at once where `forget` is called.
 */
export class KeyCache {
  readonly #options: KeyCacheOptions
  readonly #known = new Map<string, Held>()
  /** Apart from the known ones, so that somebody who guesses ids cannot push those out. */
  readonly #unknown = new Map<string, Held>()
  readonly #loading = new Map<string, Promise<KeyRecord | undefined>>()

  constructor(options: KeyCacheOptions) {
    this.#options = options
  }

  async get(id: string): Promise<KeyRecord | undefined> {
    const { now, ttlMs, outageMs } = this.#options
    const held = this.#known.get(id) ?? this.#unknown.get(id)
    if (held !== undefined && now() - held.askedAt < ttlMs) return held.record
    try {
      return await this.#load(id)
    } catch (error) {
      if (held?.record === undefined || now() - held.confirmedAt >= outageMs) throw error
      // The next request need not wait for the store again.
      if (this.#known.get(id) === held) this.#known.set(id, { ...held, askedAt: now() })
      return held.record
    }
  }

  /** Whether this very record is what `get` would answer now, without asking the store. */
  isCurrent(record: KeyRecord): boolean {
    const held = this.#known.get(record.id)
    return held?.record === record && this.#options.now() - held.askedAt < this.#options.ttlMs
  }

  /** The next `get` asks the store. */
  forget(id: string): void {
    this.#known.delete(id)
    this.#unknown.delete(id)
    this.#loading.delete(id)
  }

  #load(id: string): Promise<KeyRecord | undefined> {
    const running = this.#loading.get(id)
    if (running !== undefined) return running
    const loading = this.#options.load(id).then(
      (record) => {
        // A key that was forgotten meanwhile must not come back from an older read.
        if (this.#loading.get(id) === loading) this.#hold(id, record)
        return record
      },
      (error: unknown) => {
        if (this.#loading.get(id) === loading) this.#loading.delete(id)
        throw error
      },
    )
    this.#loading.set(id, loading)
    return loading
  }

  #hold(id: string, record: KeyRecord | undefined): void {
    this.forget(id)
    const at = this.#options.now()
    if (record === undefined && this.#unknown.size >= MAX_UNKNOWN) this.#unknown.clear()
    const holder = record === undefined ? this.#unknown : this.#known
    holder.set(id, { record, askedAt: at, confirmedAt: at })
  }
}
