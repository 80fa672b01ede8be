import type { Partition } from '../partition.ts'
import type { ClassTable } from './class-table.ts'
import { bitsOf } from './class-table.ts'

// Behind the root stand lists, one for each value of the first bits with several ranges. An entry is the offset of its
// list and, in the last five bits, how many ranges that has; 0 if the number stands ahead of the list. A range is one
// word: its first address without the bits of the root, and its label in the bits that this saves.

const LENGTH_BITS = 5
const MOST_SHORT = 2 ** LENGTH_BITS - 1
/** Entries of a list that are searched without a loop. */
const WRITTEN_OUT = 8
const MOST_WORDS = 2 ** (31 - LENGTH_BITS)
/** More would make the root larger than the nearer caches. */
const LARGE_ROOT_BITS = 18
const SMALL_ROOT_BITS = 12
/** Of fewer ranges, a large root would be most of the table. */
const MANY_RANGES = 32_768
/** Beyond this, a root with room for the labels would be out of proportion. */
export const MOST_ROOT_BITS = 24

/** Builds the table of an IPv4 partition with labels below 2^24. Linear in its ranges. */
export function buildClassTableV4({ count, starts, labels }: Partition): ClassTable {
  const rootBits = rootBitsFor(count, labels)
  const slots = 2 ** rootBits
  const capacity = slots + 2 * count + Math.ceil(count / MOST_SHORT)
  if (capacity > MOST_WORDS) throw new RangeError(`a table cannot hold ${count} IPv4 ranges`)
  const words = new Int32Array(capacity)
  const slotSize = 2 ** (32 - rootBits)
  let size = slots
  let range = 0
  for (let slot = 0; slot < slots; slot++) {
    const end = (slot + 1) * slotSize
    let beyond = range + 1
    while (beyond < count && (starts[beyond] ?? 0) < end) beyond++
    const length = beyond - range
    if (length === 1) words[slot] = ~(labels[range] ?? 0)
    else {
      words[slot] = (size << LENGTH_BITS) | (length > MOST_SHORT ? 0 : length)
      if (length > MOST_SHORT) words[size++] = length
      words[size++] = labels[range] ?? 0
      while (++range < beyond) words[size++] = ((starts[range] ?? 0) << rootBits) | (labels[range] ?? 0)
      range--
    }
    if (beyond < count && starts[beyond] === end) range++
  }
  return { rootBits, words: words.slice(0, size) }
}

/** As many bits as the labels have, so that a label and the rest of an address share a word. */
function rootBitsFor(count: number, labels: Uint32Array): number {
  let union = 0
  for (let i = 0; i < count; i++) union |= labels[i] ?? 0
  const labelBits = bitsOf(union)
  if (labelBits > MOST_ROOT_BITS) throw new RangeError(`a table cannot hold labels of ${labelBits} bits`)
  return Math.max(labelBits, count < MANY_RANGES ? SMALL_ROOT_BITS : LARGE_ROOT_BITS)
}

/** The label of an IPv4 address. */
export function findInTableV4({ words, rootBits }: ClassTable, address: number): number {
  const entry = words[address >>> (32 - rootBits)] ?? 0
  if (entry < 0) return ~entry
  const rest = (address << rootBits) >>> rootBits
  let at = entry >>> LENGTH_BITS
  let length = entry & MOST_SHORT
  if (length === 0) length = words[at++] ?? 0
  // A loop's end is hard to foretell, and lists are mostly short: three steps more than needed cost less.
  let half = 0
  for (; length > WRITTEN_OUT; length -= half) {
    half = length >>> 1
    at += half & isAtMost(words, at + half, rootBits, rest)
  }
  half = length >>> 1
  at += half & isAtMost(words, at + half, rootBits, rest)
  length -= half
  half = length >>> 1
  at += half & isAtMost(words, at + half, rootBits, rest)
  length -= half
  half = length >>> 1
  at += half & isAtMost(words, at + half, rootBits, rest)
  return (words[at] ?? 0) & ((1 << rootBits) - 1)
}

/** -1 if the range in this word begins at this address or before, else 0. */
function isAtMost(words: Int32Array, at: number, rootBits: number, rest: number): number {
  return (((words[at] ?? 0) >>> rootBits) - rest - 1) >> 31
}

/** Whether look-ups of every address end within the table, with labels below `labelCount`. */
export function isSoundTableV4({ words, rootBits }: ClassTable, labelCount: number): boolean {
  const slots = 2 ** rootBits
  if (words.length < slots) return false
  const labelMask = slots - 1
  // No word is in two lists, so more in all lists than there are would be a mistake.
  let left = words.length - slots
  for (let slot = 0; slot < slots; slot++) {
    const entry = words[slot] ?? 0
    if (entry < 0) {
      if (~entry >= labelCount) return false
      continue
    }
    let at = entry >>> LENGTH_BITS
    let length = entry & MOST_SHORT
    if (length === 0) length = words[at++] ?? 0
    left -= length
    if (length < 1 || left < 0 || at + length > words.length) return false
    for (const end = at + length; at < end; at++) if (((words[at] ?? 0) & labelMask) >= labelCount) return false
  }
  return true
}
