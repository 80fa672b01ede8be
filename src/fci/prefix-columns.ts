import type { Prefix } from './prefix.ts'
import { hostBits, scanPrefix, valueOfWords, wordsOfValue } from './prefix.ts'
import { sortRows } from './sort-rows.ts'

/**
 * Many prefixes of one version as plain numbers in one typed array: read, sorted and cleared of nested ones without an
 * object or a bigint each.
 */
export class PrefixColumns {
  readonly version: 4 | 6
  /** Words of an address. */
  readonly #words: 1 | 4
  /** Per prefix the words of its address and its length. */
  #rows: Uint32Array
  #count = 0

  /** @param capacity - how many prefixes are expected; more may come. */
  constructor(version: 4 | 6, capacity: number) {
    this.version = version
    this.#words = version === 4 ? 1 : 4
    this.#rows = new Uint32Array(capacity * (this.#words + 1))
  }

  get count(): number {
    return this.#count
  }

  /**
   * Adds the prefix of this version, in strict form, that starts at `from`. Returns the offset behind it; -1, with
   * nothing added, if there is none.
   */
  addFrom(text: string, from: number): number {
    const end = this.#scan(text, from)
    if (end >= 0) this.#count++
    return end
  }

  /** Adds a text that is such a prefix from end to end; false if it is anything else. */
  addText(text: string): boolean {
    if (this.#scan(text, 0) !== text.length) return false
    this.#count++
    return true
  }

  #scan(text: string, from: number): number {
    const at = this.#makeRoom()
    const end = scanPrefix(text, from, this.version, this.#rows, at)
    // IPv4-mapped prefixes are IPv4 ones (`readPrefix`).
    return this.version === 6 && this.#isMapped(at) ? -1 : end
  }

  /** Adds a prefix, which must be of this version. */
  add(prefix: Prefix): void {
    const at = this.#makeRoom()
    wordsOfValue(prefix, this.#rows, at)
    this.#rows[at + this.#words] = prefix.length
    this.#count++
  }

  /** The prefixes in order of address, without those inside another one. */
  canonicalPrefixes(): readonly Prefix[] {
    const { version } = this
    const words = this.#words
    const rows = this.#rows
    const order = sortRows(rows, words + 1, words, this.#count)
    let count = 0
    for (let i = 0; i < order.length; i++) {
      const next = order[i] ?? 0
      const last = order[count - 1]
      if (last === undefined || (!this.#covers(last, next) && !this.#covers(next, last))) order[count++] = next
      else if (this.#covers(next, last)) order[count - 1] = next
    }
    // An array that grows is copied again and again, which takes longer than to make its elements.
    const kept = new Array<Prefix>(count)
    for (let i = 0; i < count; i++) {
      const at = (order[i] ?? 0) * (words + 1)
      kept[i] = { version, value: valueOfWords(version, rows, at), length: rows[at + words] ?? 0 }
    }
    return kept
  }

  /** Where the next row goes. */
  #makeRoom(): number {
    const at = this.#count * (this.#words + 1)
    if (at >= this.#rows.length) {
      const larger = new Uint32Array(Math.max(16, this.#count * 2) * (this.#words + 1))
      larger.set(this.#rows)
      this.#rows = larger
    }
    return at
  }

  #isMapped(at: number): boolean {
    const rows = this.#rows
    return rows[at] === 0 && rows[at + 1] === 0 && rows[at + 2] === 0xffff && (rows[at + 4] ?? 0) >= 96
  }

  /** Whether the prefix in one row holds the one in another. */
  #covers(outer: number, inner: number): boolean {
    const words = this.#words
    const from = outer * (words + 1)
    const to = inner * (words + 1)
    const length = this.#rows[from + words] ?? 0
    if (length > (this.#rows[to + words] ?? 0)) return false
    for (let i = 0; i < words; i++) {
      const differing = (this.#rows[from + i] ?? 0) ^ (this.#rows[to + i] ?? 0)
      if ((differing & ~hostBits(length - 32 * i)) !== 0) return false
    }
    return true
  }
}
