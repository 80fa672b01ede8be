import { hostBits } from '../../fci/scan-prefix.ts'
import type { DnsClient } from './dns-client.ts'

/** Entries whose places collide; the one longest unconfirmed gives way. */
const WAYS = 4
/** Name and family, four words of address, epoch, time of confirmation, and value, length and bits in one. */
const ROW_WORDS = 8
const EPOCH = 5
const CONFIRMED = 6
const CONTENT = 7
/** As length of an entry: it is for one client alone. */
const ONE_CLIENT = 255
/** Values are told by 16 bits. */
const MAX_VALUES = 65_536

/**
 * Answers by name and client address, in bounded memory: rows of one typed array instead of objects, since there is one
 * entry per client network and each answer reads one. An answer that is the same for a whole prefix is kept for the
 * prefix too, so that other clients in it find it. An entry belongs to an epoch of its name; what is right in one need
 * not be in the next.
 */
export class AnswerTable<Value> {
  readonly #rows: Uint32Array
  readonly #mask: number
  readonly #values: Value[] = []
  readonly #indices = new Map<Value, number>()
  /** Lengths of the prefixes kept, the longest first. */
  #lengths: Record<4 | 6, readonly number[]> = { 4: [], 6: [] }
  readonly #around = new Uint32Array(4)

  /** @param entries - a power of two, at least 4. */
  constructor(entries: number) {
    this.#rows = new Uint32Array(entries * ROW_WORDS)
    this.#mask = entries / WAYS - 1
  }

  /** Place of the client's own entry, or -1. */
  find(nameId: number, client: DnsClient): number {
    return this.#find(headOf(nameId, client), client.words, ONE_CLIENT)
  }

  /** Place of an entry of this epoch for a prefix that holds the client, or -1. */
  findAround(nameId: number, client: DnsClient, epoch: number): number {
    const head = headOf(nameId, client)
    for (const bits of this.#lengths[client.version]) {
      maskTo(bits, client.words, this.#around)
      const place = this.#find(head, this.#around, bits)
      if (place >= 0 && this.epochAt(place) === epoch) return place
    }
    return -1
  }

  valueAt(place: number): Value | undefined {
    return this.#values[(this.#rows[place + CONTENT] ?? 0) >>> 16]
  }

  epochAt(place: number): number {
    return this.#rows[place + EPOCH] ?? 0
  }

  /**
   * Milliseconds since the entry was confirmed; very many if the clock was set back. Ages repeat after 49 days.
   *
   * @param now - milliseconds since the epoch.
   */
  ageAt(place: number, now: number): number {
    return ((now >>> 0) - (this.#rows[place + CONFIRMED] ?? 0)) >>> 0
  }

  sameForBitsAt(place: number): number {
    return (this.#rows[place + CONTENT] ?? 0) & 0xff
  }

  /** When the entry was confirmed, as `set` takes it. */
  confirmedAt(place: number): number {
    return this.#rows[place + CONFIRMED] ?? 0
  }

  /** Keeps an answer for the client alone. Returns its place. */
  set(nameId: number, client: DnsClient, entry: TableEntry<Value>): number {
    return this.#write(headOf(nameId, client), client.words, ONE_CLIENT, entry)
  }

  /** Keeps an answer for the prefix of `sameForBits` around the client. */
  setAround(nameId: number, client: DnsClient, entry: TableEntry<Value>): void {
    const bits = entry.sameForBits
    const lengths = this.#lengths[client.version]
    if (!lengths.includes(bits)) this.#lengths[client.version] = [...lengths, bits].sort((a, b) => b - a)
    maskTo(bits, client.words, this.#around)
    this.#write(headOf(nameId, client), this.#around, bits, entry)
  }

  #write(head: number, words: Uint32Array, length: number, entry: TableEntry<Value>): number {
    const rows = this.#rows
    const index = this.#indexOf(entry.value)
    const found = this.#find(head, words, length)
    const place = found >= 0 ? found : this.#oldest(this.#first(head, words, length), entry.confirmedAt)
    rows[place] = head
    rows.set(words, place + 1)
    rows[place + EPOCH] = entry.epoch
    rows[place + CONFIRMED] = entry.confirmedAt
    rows[place + CONTENT] = (index << 16) | (length << 8) | entry.sameForBits
    return place
  }

  #find(head: number, words: Uint32Array, length: number): number {
    const rows = this.#rows
    const first = this.#first(head, words, length)
    for (let at = first; at < first + WAYS * ROW_WORDS; at += ROW_WORDS) {
      if (
        rows[at] === head &&
        rows[at + 1] === words[0] &&
        rows[at + 2] === words[1] &&
        rows[at + 3] === words[2] &&
        rows[at + 4] === words[3] &&
        (((rows[at + CONTENT] ?? 0) >>> 8) & 0xff) === length
      )
        return at
    }
    return -1
  }

  #oldest(first: number, now: number): number {
    let oldest = first
    for (let at = first; at < first + WAYS * ROW_WORDS; at += ROW_WORDS) {
      if (this.#rows[at] === 0) return at
      if (this.ageAt(at, now) > this.ageAt(oldest, now)) oldest = at
    }
    return oldest
  }

  /** Place of the first of the entries among which this one is. */
  #first(head: number, words: Uint32Array, length: number): number {
    let hash = Math.imul(head ^ (length << 24) ^ (words[0] ?? 0), 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ (words[1] ?? 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13) ^ (words[2] ?? 0), 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 16) ^ (words[3] ?? 0), 0x27d4eb2f)
    return ((hash ^ (hash >>> 15)) & this.#mask) * WAYS * ROW_WORDS
  }

  #indexOf(value: Value): number {
    const known = this.#indices.get(value)
    if (known !== undefined) return known
    if (this.#values.length >= MAX_VALUES) this.#clear()
    const index = this.#values.push(value) - 1
    this.#indices.set(value, index)
    return index
  }

  #clear(): void {
    this.#rows.fill(0)
    this.#values.length = 0
    this.#indices.clear()
    this.#lengths = { 4: [], 6: [] }
  }
}

export interface TableEntry<Value> {
  readonly epoch: number
  /** Milliseconds since the epoch; of them 32 bits are kept. */
  readonly confirmedAt: number
  /** From 0 to 128. */
  readonly sameForBits: number
  readonly value: Value
}

/** Name ids begin with 1, so no head is 0, as that of an empty place. */
function headOf(nameId: number, { version }: DnsClient): number {
  return ((nameId << 1) | (version === 6 ? 1 : 0)) >>> 0
}

function maskTo(bits: number, words: Uint32Array, to: Uint32Array): void {
  for (let word = 0; word < 4; word++) to[word] = (words[word] ?? 0) & ~hostBits(bits - 32 * word)
}
