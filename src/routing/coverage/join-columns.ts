import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions, wholeSpace } from '../partition.ts'

/** Columns side by side: for every address the number of its decision class. */
export interface JoinedColumns {
  readonly v4: Partition
  readonly v6: Partition
  readonly classCount: number
  /** Per class the number of the outcome in each column, in the order of the columns. */
  readonly outcomes: Uint32Array
}

/** What is joined: the two families of one column. */
export interface ColumnPartitions {
  readonly v4: Partition
  readonly v6: Partition
  /** Outcomes are numbered below this. */
  readonly outcomeCount: number
}

/** Addresses with the same outcome in every column are one class. */
export function joinColumns(columns: readonly ColumnPartitions[]): JoinedColumns {
  const [only, ...others] = columns
  if (only === undefined) {
    return { v4: wholeSpace(4, 0), v6: wholeSpace(6, 0), classCount: 1, outcomes: new Uint32Array(0) }
  }
  if (others.length === 0) {
    const outcomes = Uint32Array.from({ length: only.outcomeCount }, (_, number) => number)
    return { v4: only.v4, v6: only.v6, classCount: only.outcomeCount, outcomes }
  }
  // By halves, so that a range is walked once for each doubling of the columns and not once for each column.
  const middle = columns.length >> 1
  const left = joinColumns(columns.slice(0, middle))
  const right = joinColumns(columns.slice(middle))
  const pairs = new PairInterner(left.classCount + right.classCount)
  const join = (a: number, b: number): number => pairs.intern(a, b)
  const v4 = overlayPartitions(left.v4, right.v4, join)
  const v6 = overlayPartitions(left.v6, right.v6, join)
  const width = columns.length
  const outcomes = new Uint32Array(pairs.count * width)
  for (let number = 0; number < pairs.count; number++) {
    const [a, b] = [pairs.first(number), pairs.second(number)]
    for (let i = 0; i < middle; i++) outcomes[number * width + i] = left.outcomes[a * middle + i] ?? 0
    for (let i = middle; i < width; i++) {
      outcomes[number * width + i] = right.outcomes[b * (width - middle) + i - middle] ?? 0
    }
  }
  return { v4, v6, classCount: pairs.count, outcomes }
}
