import type { Prefix } from './prefix.ts'
import { hostBits, readPrefixWords, valueOfWords, wordsOfValue } from './prefix.ts'

/**
 * Many prefixes of one version as plain numbers in typed arrays: read, sorted and cleared of nested ones without an
 * object or a bigint each.
 */
export class PrefixColumns {
  readonly #version: 4 | 6
  /** Words per prefix. */
  readonly #stride: 1 | 4
  #words: Uint32Array
  #lengths: Uint8Array
  #count = 0

  /** @param capacity - how many prefixes are expected; more may come. */
  constructor(version: 4 | 6, capacity: number) {
    this.#version = version
    this.#stride = version === 4 ? 1 : 4
    this.#words = new Uint32Array(capacity * this.#stride)
    this.#lengths = new Uint8Array(capacity)
  }

  /** Adds a prefix of this version in strict form; false if the text is anything else. */
  addText(text: string): boolean {
    this.#makeRoom()
    const length = readPrefixWords(text, this.#version, this.#words, this.#count * this.#stride)
    // IPv4-mapped prefixes are IPv4 ones (`readPrefix`).
    if (length < 0 || (length >= 96 && this.#isMapped(this.#count))) return false
    this.#lengths[this.#count++] = length
    return true
  }

  /** Adds a prefix, which must be of this version. */
  add(prefix: Prefix): void {
    this.#makeRoom()
    wordsOfValue(prefix, this.#words, this.#count * this.#stride)
    this.#lengths[this.#count++] = prefix.length
  }

  /** The prefixes in order of address, without those inside another one. */
  canonicalPrefixes(): readonly Prefix[] {
    const version = this.#version
    const stride = this.#stride
    const words = this.#words
    const lengths = this.#lengths
    const rows = sortRows(words, stride, lengths, this.#count)
    let count = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0
      if (count === 0 || !this.#covers(rows[count - 1] ?? 0, row)) rows[count++] = row
    }
    // An array that grows is copied again and again, which takes longer than to make its elements.
    const kept = new Array<Prefix>(count)
    for (let i = 0; i < count; i++) {
      const row = rows[i] ?? 0
      kept[i] = { version, value: valueOfWords(version, words, row * stride), length: lengths[row] ?? 0 }
    }
    return kept
  }

  #makeRoom(): void {
    if (this.#count < this.#lengths.length) return
    const capacity = Math.max(16, this.#count * 2)
    const words = new Uint32Array(capacity * this.#stride)
    words.set(this.#words)
    this.#words = words
    const lengths = new Uint8Array(capacity)
    lengths.set(this.#lengths)
    this.#lengths = lengths
  }

  #isMapped(at: number): boolean {
    const from = at * 4
    return this.#words[from] === 0 && this.#words[from + 1] === 0 && this.#words[from + 2] === 0xffff
  }

  /** Whether the prefix in one row holds the address in another. */
  #covers(outer: number, inner: number): boolean {
    const length = this.#lengths[outer] ?? 0
    for (let i = 0; i < this.#stride; i++) {
      const differing = (this.#words[outer * this.#stride + i] ?? 0) ^ (this.#words[inner * this.#stride + i] ?? 0)
      if ((differing & ~hostBits(length - 32 * i)) !== 0) return false
    }
    return true
  }
}

/** Below this many rows a comparison sort is faster than counting. */
const FEW_ROWS = 1024
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/** The rows in order of their words and then their lengths: a radix sort, linear in their number. */
function sortRows(words: Uint32Array, stride: number, lengths: Uint8Array, count: number): Uint32Array {
  let rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  if (count < FEW_ROWS) return rows.sort((a, b) => compareRows(words, stride, lengths, a, b))

  let spare = new Uint32Array(count)
  const keys = new Uint32Array(count)
  const starts = new Uint32Array(DIGITS)
  keys.set(lengths.subarray(0, count))
  for (let word = stride; word >= 0; word--) {
    if (word < stride) for (let row = 0; row < count; row++) keys[row] = words[row * stride + word] ?? 0
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!distribute(keys, shift, rows, spare, starts)) continue
      const sorted = spare
      spare = rows
      rows = sorted
    }
  }
  return rows
}

/** One stable pass over one digit of the keys; false, with nothing written, if all keys have the same digit. */
function distribute(
  keys: Uint32Array,
  shift: number,
  rows: Uint32Array,
  sorted: Uint32Array,
  starts: Uint32Array,
): boolean {
  const mask = DIGITS - 1
  const count = rows.length
  starts.fill(0)
  for (let row = 0; row < count; row++) {
    const digit = ((keys[row] ?? 0) >>> shift) & mask
    starts[digit] = (starts[digit] ?? 0) + 1
  }
  if (starts[((keys[0] ?? 0) >>> shift) & mask] === count) return false
  let start = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = starts[digit] ?? 0
    starts[digit] = start
    start += size
  }
  for (let i = 0; i < count; i++) {
    const row = rows[i] ?? 0
    const digit = ((keys[row] ?? 0) >>> shift) & mask
    const to = starts[digit] ?? 0
    sorted[to] = row
    starts[digit] = to + 1
  }
  return true
}

function compareRows(words: Uint32Array, stride: number, lengths: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < stride; i++) {
    const order = (words[a * stride + i] ?? 0) - (words[b * stride + i] ?? 0)
    if (order !== 0) return order
  }
  return (lengths[a] ?? 0) - (lengths[b] ?? 0)
}
