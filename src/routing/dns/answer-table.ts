import type { DnsClient } from './dns-client.ts'

/** Entries whose places collide; the one longest unconfirmed gives way. */
const WAYS = 4
const KEY_WORDS = 5

/**
 * Answers by name and client address, in bounded memory: columns of typed arrays instead of objects, since there is one
 * entry per client network. An entry belongs to an epoch of its name; what is right in one need not be in the next.
 */
export class AnswerTable<Value> {
  readonly #keys: Uint32Array
  readonly #epochs: Uint32Array
  readonly #confirmedAt: Float64Array
  readonly #sameForBits: Uint8Array
  readonly #values: (Value | undefined)[]
  readonly #mask: number

  /** @param entries - a power of two, at least 4. */
  constructor(entries: number) {
    this.#keys = new Uint32Array(entries * KEY_WORDS)
    this.#epochs = new Uint32Array(entries)
    this.#confirmedAt = new Float64Array(entries)
    this.#sameForBits = new Uint8Array(entries)
    this.#values = Array.from({ length: entries }, () => undefined)
    this.#mask = entries / WAYS - 1
  }

  /** Place of the entry, or -1. */
  find(nameId: number, client: DnsClient): number {
    const keys = this.#keys
    const { words } = client
    const head = headOf(nameId, client)
    const first = this.#place(head, words)
    for (let place = first; place < first + WAYS; place++) {
      const at = place * KEY_WORDS
      if (
        keys[at] === head &&
        keys[at + 1] === words[0] &&
        keys[at + 2] === words[1] &&
        keys[at + 3] === words[2] &&
        keys[at + 4] === words[3]
      )
        return place
    }
    return -1
  }

  valueAt(place: number): Value | undefined {
    return this.#values[place]
  }

  epochAt(place: number): number {
    return this.#epochs[place] ?? 0
  }

  /** Milliseconds since the epoch. */
  confirmedAt(place: number): number {
    return this.#confirmedAt[place] ?? 0
  }

  sameForBitsAt(place: number): number {
    return this.#sameForBits[place] ?? 0
  }

  set(nameId: number, client: DnsClient, entry: TableEntry<Value>): void {
    const found = this.find(nameId, client)
    const head = headOf(nameId, client)
    const place = found >= 0 ? found : this.#oldest(this.#place(head, client.words))
    this.#keys[place * KEY_WORDS] = head
    this.#keys.set(client.words, place * KEY_WORDS + 1)
    this.#epochs[place] = entry.epoch
    this.#confirmedAt[place] = entry.confirmedAt
    this.#sameForBits[place] = entry.sameForBits
    this.#values[place] = entry.value
  }

  #oldest(first: number): number {
    let oldest = first
    for (let place = first + 1; place < first + WAYS; place++) {
      if (this.confirmedAt(place) < this.confirmedAt(oldest)) oldest = place
    }
    return oldest
  }

  #place(head: number, words: Uint32Array): number {
    let hash = Math.imul(head ^ (words[0] ?? 0), 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ (words[1] ?? 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13) ^ (words[2] ?? 0), 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 16) ^ (words[3] ?? 0), 0x27d4eb2f)
    return ((hash ^ (hash >>> 15)) & this.#mask) * WAYS
  }
}

export interface TableEntry<Value> {
  readonly epoch: number
  /** Milliseconds since the epoch. */
  readonly confirmedAt: number
  readonly sameForBits: number
  readonly value: Value
}

/** Name ids begin with 1, so no head is 0, as that of an empty place. */
function headOf(nameId: number, { version }: DnsClient): number {
  return ((nameId << 1) | (version === 6 ? 1 : 0)) >>> 0
}
