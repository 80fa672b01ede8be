import type { Partition } from '../partition.ts'
import type { ClassTable } from './class-table.ts'
import { bitsOf } from './class-table.ts'

// An entry that is no label leads to a block or to a list: its offset, then IS_BLOCK or not, then five bits. Those of a
// block say how many bits of the address tell its entries apart. Those of a list say how many pairs it has: the next 31
// bits of an address, and the entry for addresses from there up to the next pair. The first pair begins at zero.

const SIZE_BITS = 5
const IS_BLOCK = 1 << SIZE_BITS
const SIZE_MASK = IS_BLOCK - 1
const OFFSET_SHIFT = SIZE_BITS + 1
/** Entries of a list that are searched without a loop. */
const WRITTEN_OUT = 8
const MOST_WORDS = 2 ** (31 - OFFSET_SHIFT)
const LIST_BITS = 31
/** Of a list; such a one has at most 31 pairs, as two each may be needed where ranges begin beyond its bits. */
const MOST_BOUNDARIES = 15
const MOST_BLOCK_BITS = 16
/** Entries of a block for each range that begins in it, before rounding up. More would take more of the caches. */
const ENTRIES_PER_RANGE = 0.18
const ADDRESS_BITS = 128

export const LARGE_ROOT_BITS = 16
export const SMALL_ROOT_BITS = 8
/** The root of smaller tables would be most of them. */
const MANY_RANGES = 1024

/** Builds the table of an IPv6 partition with labels below 2^31. Linear in its ranges. */
export function buildClassTableV6(partition: Partition): ClassTable {
  return new TableBuilder(partition).build()
}

/** The label of an IPv6 address in four words. */
export function findInTableV6({ words, rootBits }: ClassTable, address: Uint32Array): number {
  let entry = words[(address[0] ?? 0) >>> (32 - rootBits)] ?? 0
  for (let depth = rootBits; entry >= 0; ) {
    const next = bitsAt(address, 0, depth)
    let at = entry >>> OFFSET_SHIFT
    if ((entry & IS_BLOCK) !== 0) {
      const bits = entry & SIZE_MASK
      entry = words[at + (next >>> (LIST_BITS - bits))] ?? 0
      depth += bits
      continue
    }
    // As in IPv4 tables: three steps for all, a loop for few.
    let length = entry & SIZE_MASK
    let half = 0
    for (; length > WRITTEN_OUT; length -= half) {
      half = length >>> 1
      at += (half << 1) & isAtMost(words, at + (half << 1), next)
    }
    half = length >>> 1
    at += (half << 1) & isAtMost(words, at + (half << 1), next)
    length -= half
    half = length >>> 1
    at += (half << 1) & isAtMost(words, at + (half << 1), next)
    length -= half
    half = length >>> 1
    at += (half << 1) & isAtMost(words, at + (half << 1), next)
    entry = words[at + 1] ?? 0
    depth += LIST_BITS
  }
  return ~entry
}

/** -1 if this word is at most the wanted one, else 0; both have 31 bits. */
function isAtMost(words: Int32Array, at: number, wanted: number): number {
  return ((words[at] ?? 0) - wanted - 1) >> 31
}

/** The 31 bits behind the first `depth` ones of the address at this offset; zeros follow it. */
function bitsAt(addresses: Uint32Array, offset: number, depth: number): number {
  const word = depth >>> 5
  const shift = depth & 31
  const following = word < 3 ? (addresses[offset + word + 1] ?? 0) : 0
  return (((addresses[offset + word] ?? 0) << shift) | ((following >>> 1) >>> (31 - shift))) >>> 1
}

class TableBuilder {
  readonly #partition: Partition
  readonly #rootBits: number
  #words: Int32Array
  #size = 0

  constructor(partition: Partition) {
    this.#partition = partition
    this.#rootBits = partition.count < MANY_RANGES ? SMALL_ROOT_BITS : LARGE_ROOT_BITS
    this.#words = new Int32Array(2 ** this.#rootBits + partition.count * 4)
  }

  build(): ClassTable {
    this.#block(this.#rootBits, 0, 0, this.#partition.count)
    return { rootBits: this.#rootBits, words: this.#words.slice(0, this.#size) }
  }

  /**
   * The entry for the addresses that share their first `depth` bits. Range `inside` holds the first of them, and those
   * from there up to `end` begin among them.
   */
  #entry(depth: number, inside: number, end: number): number {
    const boundaries = end - inside - 1
    if (boundaries === 0) return ~(this.#partition.labels[inside] ?? 0)
    // Where all boundaries lie close together, a list skips more bits than any block.
    if (boundaries <= MOST_BOUNDARIES || this.#bits(inside + 1, depth) === this.#bits(end - 1, depth)) {
      return this.#list(depth, inside, end)
    }
    const bits = bitsOf(boundaries * ENTRIES_PER_RANGE)
    return this.#block(Math.min(bits, MOST_BLOCK_BITS, ADDRESS_BITS - depth), depth, inside, end)
  }

  #block(bits: number, depth: number, inside: number, end: number): number {
    const { labels } = this.#partition
    const block = this.#reserve(2 ** bits)
    const shift = LIST_BITS - bits
    let range = inside
    let slot = 0
    for (let next = inside + 1; next < end; ) {
      const to = this.#bits(next, depth) >>> shift
      this.#fill(block + slot, block + to, ~(labels[range] ?? 0))
      let beyond = next + 1
      while (beyond < end && this.#bits(beyond, depth) >>> shift === to) beyond++
      const entry = this.#entry(depth + bits, this.#isZeroFrom(next, depth + bits) ? next : range, beyond)
      this.#words[block + to] = entry
      range = beyond - 1
      next = beyond
      slot = to + 1
    }
    this.#fill(block + slot, block + 2 ** bits, ~(labels[range] ?? 0))
    return (block << OFFSET_SHIFT) | IS_BLOCK | bits
  }

  #list(depth: number, inside: number, end: number): number {
    const { labels } = this.#partition
    const isOnePlace = this.#bits(inside + 1, depth) === this.#bits(end - 1, depth)
    const list = this.#reserve(2 * (isOnePlace ? 3 : 2 * (end - inside) - 1))
    const reserved = this.#size
    this.#words[list + 1] = ~(labels[inside] ?? 0)
    let length = 1
    let range = inside
    for (let next = inside + 1; next < end; ) {
      const bits = this.#bits(next, depth)
      let beyond = next + 1
      while (beyond < end && this.#bits(beyond, depth) === bits) beyond++
      const first = this.#isZeroFrom(next, depth + LIST_BITS) ? next : range
      const entry = this.#entry(depth + LIST_BITS, first, beyond)
      length = this.#append(list, length, bits, entry)
      range = beyond - 1
      next = beyond
      if (entry >= 0 && bits < 2 ** LIST_BITS - 1) {
        length = this.#append(list, length, bits + 1, ~(labels[range] ?? 0))
      }
    }
    // What was reserved too much goes back, unless something stands behind it.
    if (this.#size === reserved) this.#size = list + 2 * length
    return (list << OFFSET_SHIFT) | length
  }

  /** Returns how many pairs the list then has. */
  #append(list: number, length: number, bits: number, entry: number): number {
    // A second pair for the same bits replaces the first, of which nothing is left.
    const kept = this.#words[list + 2 * (length - 1)] === bits ? length - 1 : length
    this.#words[list + 2 * kept] = bits
    this.#words[list + 2 * kept + 1] = entry
    return kept + 1
  }

  #fill(from: number, to: number, entry: number): void {
    for (let at = from; at < to; at++) this.#words[at] = entry
  }

  #reserve(words: number): number {
    const offset = this.#size
    this.#size += words
    if (this.#size > MOST_WORDS) throw new RangeError(`a table cannot hold ${this.#partition.count} IPv6 ranges`)
    if (this.#size > this.#words.length) {
      const larger = new Int32Array(Math.max(this.#size, this.#words.length * 2))
      larger.set(this.#words)
      this.#words = larger
    }
    return offset
  }

  #bits(range: number, depth: number): number {
    return bitsAt(this.#partition.starts, range * 4, depth)
  }

  /** Whether a range begins at an address of zeros behind the first `depth` bits. */
  #isZeroFrom(range: number, depth: number): boolean {
    if (depth >= ADDRESS_BITS) return true
    const { starts } = this.#partition
    const first = depth >>> 5
    if ((starts[range * 4 + first] ?? 0) << (depth & 31) !== 0) return false
    for (let word = first + 1; word < 4; word++) if (starts[range * 4 + word] !== 0) return false
    return true
  }
}

/** Whether look-ups of every address end within the table, with labels below `labelCount`. */
export function isSoundTableV6({ words, rootBits }: ClassTable, labelCount: number): boolean {
  // No word is in two places, so more in all places than there are would be a mistake.
  let left = words.length
  const isSoundBlock = (at: number, bits: number, depth: number): boolean => {
    const end = at + 2 ** bits
    left -= 2 ** bits
    if (left < 0 || end > words.length) return false
    for (let i = at; i < end; i++) if (!isSound(words[i] ?? 0, depth + bits)) return false
    return true
  }
  const isSound = (entry: number, depth: number): boolean => {
    if (entry < 0) return ~entry < labelCount
    const at = entry >>> OFFSET_SHIFT
    const size = entry & SIZE_MASK
    if (size === 0 || depth >= ADDRESS_BITS) return false
    if ((entry & IS_BLOCK) !== 0) return size <= MOST_BLOCK_BITS && isSoundBlock(at, size, depth)
    left -= 2 * size
    if (left < 0 || at + 2 * size > words.length) return false
    for (let i = 0; i < size; i++) if (!isSound(words[at + 2 * i + 1] ?? 0, depth + LIST_BITS)) return false
    return true
  }
  return isSoundBlock(0, rootBits, 0)
}
