import type { Partition } from './partition.ts'
import { compareWords, incrementWords, PartitionBuilder, wordsPerAddress } from './partition.ts'

/** Words of a range in the table that `flattenRanges` takes: first address, last address, label. */
export const RANGE_STRIDE = { 4: 3, 6: 9 } as const

/**
 * Ranges, overlapping at will, flattened to a partition: the range that begins last counts; of those that begin at one
 * address the shorter; of equal ones the one with the smaller label.
 * @param rows - sorted by all of their words.
 */
export function flattenRanges(version: 4 | 6, rows: Uint32Array): Partition {
  const words = wordsPerAddress(version)
  const stride = RANGE_STRIDE[version]
  const count = rows.length / stride
  const builder = new PartitionBuilder(version, count * 2 + 1)
  const place = new Uint32Array(words)
  /** Offsets of the ranges that reach the current place and may go on behind the ones that hide them. */
  const open: number[] = []
  builder.append(place, 0, 0)
  /** Closes what ends before the place at `until`, or everything. */
  const closeBefore = (until: number | undefined): void => {
    for (;;) {
      const top = open.at(-1)
      if (top === undefined) return
      if (until !== undefined && compareWords(rows, top + words, rows, until, words) >= 0) return
      open.pop()
      for (let word = 0; word < words; word++) place[word] = rows[top + words + word] ?? 0
      // Those below that end no later are over, too.
      for (let below = open.at(-1); below !== undefined; below = open.at(-1)) {
        if (compareWords(rows, below + words, place, 0, words) > 0) break
        open.pop()
      }
      if (!incrementWords(place, 0, words)) return
      const below = open.at(-1)
      builder.append(place, 0, below === undefined ? 0 : (rows[below + stride - 1] ?? 0))
    }
  }
  for (let at = 0; at < rows.length; at += stride) {
    closeBefore(at)
    const top = open.at(-1)
    if (top !== undefined && compareWords(rows, top, rows, at, words) === 0) {
      // Of two that begin together the longer stands behind in order, but is hidden by the shorter.
      if (compareWords(rows, top + words, rows, at + words, words) === 0) continue
      open.splice(insertionPoint(open, rows, at, words), 0, at)
      continue
    }
    open.push(at)
    builder.append(rows, at, rows[at + stride - 1] ?? 0)
  }
  closeBefore(undefined)
  return builder.build()
}

/** Below those that begin at the same address and are shorter. */
function insertionPoint(open: readonly number[], rows: Uint32Array, at: number, words: number): number {
  let point = open.length
  while (point > 0 && compareWords(rows, open[point - 1] ?? 0, rows, at, words) === 0) point--
  return point
}
