import type { Address } from '../fci/prefix.ts'
import { wordsOfValue } from '../fci/prefix.ts'
import { shareWords } from './shared-arrays.ts'

/**
 * The whole address space of one family, cut into ranges with a label each. Range `i` begins at `starts[i]` and ends
 * before `starts[i + 1]`; the first begins at 0; neighbours differ in label.
 */
export interface Partition {
  readonly version: 4 | 6
  readonly count: number
  /** One word of 32 bits per range (IPv4), or four, the first most significant. */
  readonly starts: Uint32Array
  readonly labels: Uint32Array
}

/** Words of an address of this version. */
export function wordsPerAddress(version: 4 | 6): 1 | 4 {
  return version === 4 ? 1 : 4
}

/** Collects ranges in ascending order of their starts. */
export class PartitionBuilder {
  readonly #version: 4 | 6
  readonly #words: 1 | 4
  #starts: Uint32Array
  #labels: Uint32Array
  #count = 0

  constructor(version: 4 | 6, capacity: number) {
    this.#version = version
    this.#words = wordsPerAddress(version)
    this.#starts = new Uint32Array(Math.max(capacity, 16) * this.#words)
    this.#labels = new Uint32Array(Math.max(capacity, 16))
  }

  /**
   * Lets a range begin at the address in `from` at `at`, which must not lie before the last start. At the last start
   * itself the later label stands.
   */
  append(from: Uint32Array, at: number, label: number): void {
    if (this.#count > 0 && compareWords(this.#starts, (this.#count - 1) * this.#words, from, at, this.#words) === 0) {
      this.#count--
    }
    if (this.#count > 0 && this.#labels[this.#count - 1] === label) return
    if (this.#count === this.#labels.length) this.#grow()
    const to = this.#count * this.#words
    for (let word = 0; word < this.#words; word++) this.#starts[to + word] = from[at + word] ?? 0
    this.#labels[this.#count++] = label
  }

  /** What was collected, in arrays of just its size. */
  build(): Partition {
    return {
      version: this.#version,
      count: this.#count,
      starts: this.#starts.slice(0, this.#count * this.#words),
      labels: this.#labels.slice(0, this.#count),
    }
  }

  #grow(): void {
    const starts = new Uint32Array(this.#starts.length * 2)
    starts.set(this.#starts)
    this.#starts = starts
    const labels = new Uint32Array(this.#labels.length * 2)
    labels.set(this.#labels)
    this.#labels = labels
  }
}

/** One label for every address. */
export function wholeSpace(version: 4 | 6, label: number): Partition {
  return { version, count: 1, starts: new Uint32Array(wordsPerAddress(version)), labels: Uint32Array.of(label) }
}

/** The same in memory that threads share. */
export function sharePartition(partition: Partition): Partition {
  return { ...partition, starts: shareWords(partition.starts), labels: shareWords(partition.labels) }
}

/** The label of a range from the labels of two; the words of its first address stand in `starts` at `at`. */
export type JoinLabels = (a: number, b: number, starts: Uint32Array, at: number) => number

/** The ranges of both, each with the label that `join` gives for the labels of the two; equal neighbours are merged. */
export function overlayPartitions(a: Partition, b: Partition, join: JoinLabels): Partition {
  const words = wordsPerAddress(a.version)
  const builder = new PartitionBuilder(a.version, Math.max(a.count, b.count))
  let i = 0
  let j = 0
  let lastA = a.labels[0] ?? 0
  let lastB = b.labels[0] ?? 0
  let label = join(lastA, lastB, a.starts, 0)
  builder.append(a.starts, 0, label)
  for (;;) {
    const moreA = i + 1 < a.count
    const moreB = j + 1 < b.count
    if (!moreA && !moreB) return builder.build()
    const order = !moreA ? 1 : !moreB ? -1 : compareWords(a.starts, (i + 1) * words, b.starts, (j + 1) * words, words)
    if (order <= 0) i++
    if (order >= 0) j++
    const labelA = a.labels[i] ?? 0
    const labelB = b.labels[j] ?? 0
    const starts = order <= 0 ? a.starts : b.starts
    const at = (order <= 0 ? i : j) * words
    if (labelA !== lastA || labelB !== lastB) {
      label = join(labelA, labelB, starts, at)
      lastA = labelA
      lastB = labelB
    }
    builder.append(starts, at, label)
  }
}

/** The same ranges under other labels, by old label; equal neighbours are merged. */
export function relabelPartition(partition: Partition, labels: Uint32Array): Partition {
  const words = wordsPerAddress(partition.version)
  const builder = new PartitionBuilder(partition.version, partition.count)
  for (let i = 0; i < partition.count; i++) {
    builder.append(partition.starts, i * words, labels[partition.labels[i] ?? 0] ?? 0)
  }
  return builder.build()
}

/**
 * Prefixes, nested at will, flattened to the ranges between their edges.
 * @param rows - sorted; per prefix the words of its address, its length, and `extra` further words.
 * @param enter - the label inside the prefix of a row, given the label around it; called in order.
 */
export function flattenPrefixes(
  version: 4 | 6,
  rows: Uint32Array,
  extra: number,
  enter: (at: number, around: number) => number,
): Partition {
  const words = wordsPerAddress(version)
  const stride = words + 1 + extra
  const builder = new PartitionBuilder(version, Math.ceil(rows.length / stride) * 2 + 1)
  // The prefixes that hold the current place, widest first; at most one per length.
  const lasts = new Uint32Array(130 * words)
  const labels = new Uint32Array(130)
  const opened = new Int32Array(130)
  let depth = 0
  builder.append(lasts, 0, 0)
  /** Closes the innermost prefix; false if none is open. */
  const close = (): boolean => {
    if (depth === 0) return false
    depth--
    const last = depth * words
    if (incrementWords(lasts, last, words)) builder.append(lasts, last, depth === 0 ? 0 : (labels[depth - 1] ?? 0))
    return true
  }
  for (let at = 0; at < rows.length; at += stride) {
    for (;;) {
      if (depth === 0 || compareWords(lasts, (depth - 1) * words, rows, at, words) >= 0) break
      close()
    }
    const repeated = depth > 0 && compareWords(rows, opened[depth - 1] ?? 0, rows, at, words + 1) === 0
    if (!repeated) {
      writeLast(rows, at, words, lasts, depth * words)
      opened[depth] = at
      labels[depth] = depth === 0 ? 0 : (labels[depth - 1] ?? 0)
      depth++
    }
    const label = enter(at, labels[depth - 1] ?? 0)
    labels[depth - 1] = label
    builder.append(rows, at, label)
  }
  while (close());
  return builder.build()
}

/** Position of the range that holds the address, by binary search. */
export function findRange(partition: Partition, address: Address): number {
  wordsOfValue(address, wanted, 0)
  return findWords(partition, wanted)
}

const wanted = new Uint32Array(4)

/** The same for an address in words. */
export function findWords({ version, count, starts }: Partition, address: Uint32Array): number {
  const words = wordsPerAddress(version)
  let low = 0
  let high = count - 1
  if (words === 1) {
    const value = address[0] ?? 0
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((starts[middle] ?? 0) <= value) low = middle
      else high = middle - 1
    }
    return low
  }
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (compareWords(starts, middle * 4, address, 0, 4) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** Order of two numbers of this many words. */
export function compareWords(a: Uint32Array, at: number, b: Uint32Array, from: number, words: number): number {
  for (let word = 0; word < words; word++) {
    const left = a[at + word] ?? 0
    const right = b[from + word] ?? 0
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** Adds 1; false, with zeros left, if there is no larger number. */
export function incrementWords(value: Uint32Array, at: number, words: number): boolean {
  for (let word = words - 1; word >= 0; word--) {
    const next = ((value[at + word] ?? 0) + 1) >>> 0
    value[at + word] = next
    if (next !== 0) return true
  }
  return false
}

function writeLast(rows: Uint32Array, at: number, words: number, to: Uint32Array, place: number): void {
  const length = rows[at + words] ?? 0
  for (let word = 0; word < words; word++) {
    const bits = length - 32 * word
    const mask = bits <= 0 ? 0xffffffff : bits >= 32 ? 0 : 0xffffffff >>> bits
    to[place + word] = ((rows[at + word] ?? 0) | mask) >>> 0
  }
}
