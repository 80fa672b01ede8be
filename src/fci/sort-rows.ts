/** Below this many rows a comparison sort is faster than counting. */
const FEW_ROWS = 1024
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/**
 * The numbers of the rows in order of their first `words` words, the first most significant. A radix sort: linear in
 * the number of rows, whatever is in them.
 *
 * @param table - `count` rows of `stride` words each.
 */
export function sortRows(table: Uint32Array, stride: number, words: number, count: number): Uint32Array {
  let order = new Uint32Array(count)
  for (let row = 0; row < count; row++) order[row] = row
  if (count < FEW_ROWS) return order.sort((a, b) => compareRows(table, stride, words, a, b))

  let spare = new Uint32Array(count)
  const keys = new Uint32Array(count)
  const starts = new Uint32Array(DIGITS)
  for (let word = words - 1; word >= 0; word--) {
    for (let row = 0; row < count; row++) keys[row] = table[row * stride + word] ?? 0
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!distribute(keys, shift, order, spare, starts)) continue
      const sorted = spare
      spare = order
      order = sorted
    }
  }
  return order
}

/** One stable pass over one digit of the keys; false, with nothing written, if all keys have the same digit. */
function distribute(
  keys: Uint32Array,
  shift: number,
  order: Uint32Array,
  sorted: Uint32Array,
  starts: Uint32Array,
): boolean {
  const mask = DIGITS - 1
  const count = order.length
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
    const row = order[i] ?? 0
    const digit = ((keys[row] ?? 0) >>> shift) & mask
    const to = starts[digit] ?? 0
    sorted[to] = row
    starts[digit] = to + 1
  }
  return true
}

function compareRows(table: Uint32Array, stride: number, words: number, a: number, b: number): number {
  for (let i = 0; i < words; i++) {
    const order = (table[a * stride + i] ?? 0) - (table[b * stride + i] ?? 0)
    if (order !== 0) return order
  }
  return 0
}
