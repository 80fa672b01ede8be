import type { Partition } from '../partition.ts'
import { compareWords } from '../partition.ts'

/**
 * The labels of a partition as a tree, with every label pushed down to the leaves: a look-up reads one word for the
 * first bits and one for each further stride. A word is a label with the top bit set, or the offset of the next node.
 * Measured against its rivals in docs/architecture.md, "Look-ups".
 */
export interface ClassTable {
  readonly rootBits: number
  readonly words: Uint32Array
}

const LEAF = 0x80000000
/** Maps of few ranges are not worth the 4 MiB of the larger root. */
const MANY_RANGES = 32_768

/** Builds the table of a partition with labels below 2^31. Linear in its ranges and in the size of the table. */
export function buildClassTable(partition: Partition): ClassTable {
  return new TableBuilder(partition).build()
}

/** The label of an IPv4 address. */
export function findInTableV4({ words, rootBits }: ClassTable, address: number): number {
  let entry = words[address >>> (32 - rootBits)] ?? 0
  for (let shift = 28 - rootBits; entry < LEAF; shift -= 4) entry = words[entry + ((address >>> shift) & 15)] ?? 0
  return entry - LEAF
}

/** The label of an IPv6 address in four words. */
export function findInTableV6({ words }: ClassTable, address: Uint32Array): number {
  const first = address[0] ?? 0
  let entry = words[first >>> 16] ?? 0
  if (entry < LEAF) entry = words[entry + ((first >>> 8) & 255)] ?? 0
  if (entry < LEAF) entry = words[entry + (first & 255)] ?? 0
  for (let word = 1; entry < LEAF; word++) {
    const rest = address[word] ?? 0
    for (let shift = 28; shift >= 0 && entry < LEAF; shift -= 4) entry = words[entry + ((rest >>> shift) & 15)] ?? 0
  }
  return entry - LEAF
}

class TableBuilder {
  readonly #partition: Partition
  readonly #width: number
  readonly #rootBits: number
  #words: Uint32Array
  #size = 0
  /** Offsets by hash of the content, of nodes of leaves alone, which repeat a lot. */
  #known = new Int32Array(1 << 12).fill(-1)
  #knownCount = 0

  constructor(partition: Partition) {
    this.#partition = partition
    this.#width = partition.version === 4 ? 1 : 4
    this.#rootBits = partition.version === 4 && partition.count > MANY_RANGES ? 20 : 16
    this.#words = new Uint32Array(2 ** this.#rootBits + 4096)
  }

  build(): ClassTable {
    this.#node(0, this.#partition.count, 0)
    return { rootBits: this.#rootBits, words: this.#words.slice(0, this.#size) }
  }

  /**
   * Makes the node behind `depth` bits: range `inside` holds its first address, and those from there up to `end` begin
   * inside. Returns its offset.
   */
  #node(inside: number, end: number, depth: number): number {
    const bits = this.#strideAt(depth)
    const node = this.#reserve(2 ** bits)
    const { labels } = this.#partition
    let range = inside
    let slot = 0
    for (let next = inside + 1; next < end; ) {
      const at = this.#slotOf(next, depth, bits)
      this.#words.fill(LEAF + (labels[range] ?? 0), node + slot, node + at)
      let beyond = next + 1
      while (beyond < end && this.#slotOf(beyond, depth, bits) === at) beyond++
      const begins = this.#beginsSlot(next, depth + bits)
      const entry =
        begins && beyond === next + 1
          ? LEAF + (labels[next] ?? 0)
          : this.#node(begins ? next : range, beyond, depth + bits)
      this.#words[node + at] = entry
      range = beyond - 1
      next = beyond
      slot = at + 1
    }
    this.#words.fill(LEAF + (labels[range] ?? 0), node + slot, node + 2 ** bits)
    // Only the last node can be taken back, and that has no children of its own.
    return depth > 0 && this.#size === node + 2 ** bits ? this.#share(node, 2 ** bits) : node
  }

  /** How many bits the node behind this many bits tells apart. A stride never crosses a word of the address. */
  #strideAt(depth: number): number {
    if (depth === 0) return this.#rootBits
    return this.#partition.version === 6 && depth < 32 ? 8 : 4
  }

  #reserve(slots: number): number {
    const node = this.#size
    this.#size += slots
    if (this.#size > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2)
      larger.set(this.#words)
      this.#words = larger
    }
    return node
  }

  /** The offset of an equal node made before, if there is one; the new one is then dropped. */
  #share(node: number, slots: number): number {
    if (slots > 16) return node
    if (this.#knownCount * 2 > this.#known.length) this.#growKnown()
    const mask = this.#known.length - 1
    let place = this.#hash(node) & mask
    for (;;) {
      const known = this.#known[place] ?? -1
      if (known < 0) break
      if (compareWords(this.#words, known, this.#words, node, slots) === 0) {
        this.#size = node
        return known
      }
      place = (place + 1) & mask
    }
    this.#known[place] = node
    this.#knownCount++
    return node
  }

  #growKnown(): void {
    const former = this.#known
    this.#known = new Int32Array(former.length * 2).fill(-1)
    const mask = this.#known.length - 1
    for (const node of former) {
      if (node < 0) continue
      let place = this.#hash(node) & mask
      while ((this.#known[place] ?? -1) >= 0) place = (place + 1) & mask
      this.#known[place] = node
    }
  }

  #hash(node: number): number {
    let hash = 0
    for (let i = 0; i < 16; i++) hash = Math.imul(hash ^ (this.#words[node + i] ?? 0), 0x9e3779b1) ^ (hash >>> 15)
    return hash ^ (hash >>> 13)
  }

  /** The bits of the start of a range behind the first `depth` ones. */
  #slotOf(range: number, depth: number, bits: number): number {
    const word = this.#partition.starts[range * this.#width + (depth >>> 5)] ?? 0
    return (word << (depth & 31)) >>> (32 - bits)
  }

  /** Whether a range begins at an address of zeros behind the first `depth` bits. */
  #beginsSlot(range: number, depth: number): boolean {
    const { starts } = this.#partition
    const from = range * this.#width
    const first = depth >>> 5
    for (let word = first; word < this.#width; word++) {
      const value = starts[from + word] ?? 0
      if ((word === first ? value << (depth & 31) : value) !== 0) return false
    }
    return true
  }
}
