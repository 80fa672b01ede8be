import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions } from '../partition.ts'
import { CoverageCells } from './coverage-cells.ts'

/**
 * One column, or two nodes side by side. Facts and prefixes are each told apart as far as its columns tell them apart;
 * where a label of facts and a context of prefixes meet is a cell, and cells that all columns answer alike are a class.
 */
export interface CoverageNode {
  /** By number of the fact space. */
  readonly factLabels: Uint32Array
  /** Labelled with contexts. */
  readonly contexts: Readonly<Record<4 | 6, Partition>>
  readonly cells: Readonly<Record<4 | 6, CoverageCells>>
  /** Finds the classes of the cells that have none. Throws CoverageLimitError; the node is then of no use any more. */
  readonly resolve: (version: 4 | 6, valueOf: ValueOfExample) => void
  readonly classCount: () => number
  /** How many columns. */
  readonly width: number
  /** Writes per class the number of the outcome in each column: from `offset` on in rows of `stride`. */
  readonly writeOutcomes: (classes: Uint32Array, rows: Uint32Array, offset: number, stride: number) => void
}

/** The address of an example of a cell. */
export type ValueOfExample = (example: number) => bigint

/**
 * Two nodes side by side. What was once found of either is used again, so that a change of one column costs the nodes
 * above it and no others.
 */
export function joinNodes(left: CoverageNode, right: CoverageNode): CoverageNode {
  const facts = new PairInterner(1024)
  const factLabels = joinLabels(left.factLabels, right.factLabels, facts)
  const pairs = { 4: new PairInterner(1024), 6: new PairInterner(1024) }
  const contexts = {
    4: overlayPartitions(left.contexts[4], right.contexts[4], (a, b) => pairs[4].intern(a, b)),
    6: overlayPartitions(left.contexts[6], right.contexts[6], (a, b) => pairs[6].intern(a, b)),
  }
  const cells = { 4: new CoverageCells(), 6: new CoverageCells() }
  const classes = new PairInterner(1024)
  return {
    factLabels,
    contexts,
    cells,
    resolve(version, valueOf) {
      const own = cells[version]
      const inLeft = left.cells[version]
      const inRight = right.cells[version]
      const lefts = sideCells(own, facts.pairs, pairs[version].pairs, 0, inLeft)
      left.resolve(version, valueOf)
      const rights = sideCells(own, facts.pairs, pairs[version].pairs, 1, inRight)
      right.resolve(version, valueOf)
      own.settle(joinClasses(lefts, inLeft.classes, rights, inRight.classes, classes))
    },
    classCount: () => classes.count,
    width: left.width + right.width,
    writeOutcomes(numbers, rows, offset, stride) {
      left.writeOutcomes(sideOf(numbers, classes.pairs, 0), rows, offset, stride)
      right.writeOutcomes(sideOf(numbers, classes.pairs, 1), rows, offset + left.width, stride)
    },
  }
}

function joinLabels(left: Uint32Array, right: Uint32Array, pairs: PairInterner): Uint32Array {
  const joined = new Uint32Array(left.length)
  for (let i = 0; i < joined.length; i++) joined[i] = pairs.intern(left[i] ?? 0, right[i] ?? 0)
  return joined
}

/** The cells of one side for those of `own` that have no class yet. */
function sideCells(
  own: CoverageCells,
  facts: Uint32Array,
  contexts: Uint32Array,
  side: 0 | 1,
  cells: CoverageCells,
): Uint32Array {
  const { pairs, settled, examples } = own
  const found = new Uint32Array(examples.length)
  for (let i = 0; i < found.length; i++) {
    const at = (settled + i) * 2
    const label = facts[(pairs[at] ?? 0) * 2 + side] ?? 0
    const context = contexts[(pairs[at + 1] ?? 0) * 2 + side] ?? 0
    found[i] = cells.intern(label, context, examples[i] ?? 0)
  }
  return found
}

function joinClasses(
  lefts: Uint32Array,
  leftClasses: Uint32Array,
  rights: Uint32Array,
  rightClasses: Uint32Array,
  pairs: PairInterner,
): Uint32Array {
  const joined = new Uint32Array(lefts.length)
  for (let i = 0; i < joined.length; i++) {
    joined[i] = pairs.intern(leftClasses[lefts[i] ?? 0] ?? 0, rightClasses[rights[i] ?? 0] ?? 0)
  }
  return joined
}

function sideOf(numbers: Uint32Array, pairs: Uint32Array, side: 0 | 1): Uint32Array {
  const found = new Uint32Array(numbers.length)
  for (let i = 0; i < found.length; i++) found[i] = pairs[(numbers[i] ?? 0) * 2 + side] ?? 0
  return found
}
