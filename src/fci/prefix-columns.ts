import type { Prefix } from './prefix.ts'
import { valueOfWords, wordsOfValue } from './prefix.ts'
import { bytesOf, hostBits, scanPrefix } from './scan-prefix.ts'
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
  addFrom(bytes: Uint8Array, from: number): number {
    const end = this.#scan(bytes, from)
    if (end >= 0) this.#count++
    return end
  }

  /** Adds a text that is such a prefix from end to end; false if it is anything else. */
  addText(text: string): boolean {
    const bytes = bytesOf(text)
    if (bytes === undefined || this.#scan(bytes, 0) !== bytes.length) return false
    this.#count++
    return true
  }

  #scan(bytes: Uint8Array, from: number): number {
    const at = this.#makeRoom()
    const end = scanPrefix(bytes, from, this.version, this.#rows, at)
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
    const stride = words + 1
    const rows = sortRows(this.#rows, stride, this.#count)
    const places = new Uint32Array(this.#count)
    let count = 0
    let last = -1
    for (let at = 0; at < rows.length; at += stride) {
      if (last >= 0 && covers(rows, words, last, at)) continue
      places[count++] = at
      last = at
    }
    // An array that grows is copied again and again, which takes longer than to make its elements.
    const kept: Prefix[] = []
    kept.length = count
    for (let i = 0; i < count; i++) {
      const at = places[i] ?? 0
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
}

/** Whether the prefix in the row at `outer` holds the address in the row at `inner`. */
function covers(rows: Uint32Array, words: number, outer: number, inner: number): boolean {
  const length = rows[outer + words] ?? 0
  for (let i = 0; i < words; i++) {
    const differing = (rows[outer + i] ?? 0) ^ (rows[inner + i] ?? 0)
    if ((differing & ~hostBits(length - 32 * i)) !== 0) return false
  }
  return true
}
