/**
 * The labels of a partition, laid out for look-ups: the first bits of an address lead to the few ranges that it can be
 * in, and a search without branches ends among them. Measured against its rivals in docs/architecture.md, "Look-ups".
 *
 * The first 2^`rootBits` words are entries, one for each value of the first bits. A negative entry is the complement of
 * a label; others say where to read on, each family in its own way (`class-table-v4.ts`, `class-table-v6.ts`).
 */
export interface ClassTable {
  readonly rootBits: number
  readonly words: Int32Array
}

/** Digits of a number of 32 bits in binary notation; 0 has none. */
export function bitsOf(value: number): number {
  return 32 - Math.clz32(value)
}
