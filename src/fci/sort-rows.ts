/** Below this many rows a comparison sort is faster than counting. */
const FEW_ROWS = 512
/** One in so many rows may be out of order for merging to be worth while. */
const MIN_ORDERED = 16
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/**
 * The first `count` rows of a table, each of `stride` words, in order of their words, the first most significant. A
 * radix sort: linear in the number of rows, whatever is in them.
 */
export function sortRows(table: Uint32Array, stride: number, count: number): Uint32Array {
  if (count < FEW_ROWS) return sortFewRows(table, stride, count)
  return mergeStrays(table, stride, count) ?? sortManyRows(table, stride, count)
}

/**
 * The rows in order if all but few of them stand so already, as those of most files do; otherwise undefined.
 */
function mergeStrays(table: Uint32Array, stride: number, count: number): Uint32Array | undefined {
  const strays: number[] = []
  let last = 0
  for (let at = stride; at < count * stride; at += stride) {
    if (compareRows(table, last, table, at, stride) <= 0) last = at
    else if (strays.push(at) * MIN_ORDERED > count) return undefined
  }
  if (strays.length === 0) return table.slice(0, count * stride)
  const apart = new Uint32Array(strays.length * stride)
  for (const [i, at] of strays.entries()) copyRow(table, at, apart, i * stride, stride)
  const sorted = sortRows(apart, stride, strays.length)
  const rows = new Uint32Array(count * stride)
  let stray = 0
  let taken = 0
  let to = 0
  for (let at = 0; at < count * stride; at += stride) {
    if (at === strays[taken]) {
      taken++
      continue
    }
    for (; stray < sorted.length && compareRows(sorted, stray, table, at, stride) < 0; stray += stride, to += stride) {
      copyRow(sorted, stray, rows, to, stride)
    }
    copyRow(table, at, rows, to, stride)
    to += stride
  }
  rows.set(sorted.subarray(stray), to)
  return rows
}

function compareRows(a: Uint32Array, at: number, b: Uint32Array, from: number, stride: number): number {
  for (let i = 0; i < stride; i++) {
    const difference = (a[at + i] ?? 0) - (b[from + i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function copyRow(from: Uint32Array, at: number, to: Uint32Array, place: number, stride: number): void {
  for (let i = 0; i < stride; i++) to[place + i] = from[at + i] ?? 0
}

function sortManyRows(table: Uint32Array, stride: number, count: number): Uint32Array {
  let rows = table.slice(0, count * stride)
  let spare = new Uint32Array(count * stride)
  for (let word = stride - 1; word >= 0; word--) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!distribute(rows, stride, word, shift, spare)) continue
      const sorted = spare
      spare = rows
      rows = sorted
    }
  }
  return rows
}

/** One stable pass over one digit; false, with nothing written, if all rows have the same. */
function distribute(rows: Uint32Array, stride: number, word: number, shift: number, sorted: Uint32Array): boolean {
  const mask = DIGITS - 1
  const starts = new Uint32Array(DIGITS)
  for (let at = word; at < rows.length; at += stride) {
    const digit = ((rows[at] ?? 0) >>> shift) & mask
    starts[digit] = (starts[digit] ?? 0) + stride
  }
  if (starts[((rows[word] ?? 0) >>> shift) & mask] === rows.length) return false
  let start = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = starts[digit] ?? 0
    starts[digit] = start
    start += size
  }
  for (let at = 0; at < rows.length; at += stride) {
    const digit = ((rows[at + word] ?? 0) >>> shift) & mask
    const to = starts[digit] ?? 0
    for (let i = 0; i < stride; i++) sorted[to + i] = rows[at + i] ?? 0
    starts[digit] = to + stride
  }
  return true
}

function sortFewRows(table: Uint32Array, stride: number, count: number): Uint32Array {
  const order = Array.from({ length: count }, (_, row) => row * stride)
  order.sort((a, b) => compareRows(table, a, table, b, stride))
  const rows = new Uint32Array(count * stride)
  for (const [row, at] of order.entries()) rows.set(table.subarray(at, at + stride), row * stride)
  return rows
}
