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
  const factLabels = left.factLabels.map((label, number) => facts.intern(label, right.factLabels[number] ?? 0))
  const pairs = { 4: new PairInterner(1024), 6: new PairInterner(1024) }
  const overlay = (version: 4 | 6): Partition =>
    overlayPartitions(left.contexts[version], right.contexts[version], (a, b) => pairs[version].intern(a, b))
  const contexts = { 4: overlay(4), 6: overlay(6) }
  const cells = { 4: new CoverageCells(), 6: new CoverageCells() }
  const classes = new PairInterner(1024)
  return {
    factLabels,
    contexts,
    cells,
    resolve(version, valueOf) {
      const inLeft = left.cells[version]
      const inRight = right.cells[version]
      const lefts = cells[version].map((label, context, example) =>
        inLeft.intern(facts.first(label), pairs[version].first(context), example),
      )
      left.resolve(version, valueOf)
      const rights = cells[version].map((label, context, example) =>
        inRight.intern(facts.second(label), pairs[version].second(context), example),
      )
      right.resolve(version, valueOf)
      for (let i = 0; i < lefts.length; i++) {
        lefts[i] = classes.intern(inLeft.classOf(lefts[i] ?? 0), inRight.classOf(rights[i] ?? 0))
      }
      cells[version].settle(lefts)
    },
    classCount: () => classes.count,
    width: left.width + right.width,
    writeOutcomes(numbers, rows, offset, stride) {
      left.writeOutcomes(
        numbers.map((number) => classes.first(number)),
        rows,
        offset,
        stride,
      )
      right.writeOutcomes(
        numbers.map((number) => classes.second(number)),
        rows,
        offset + left.width,
        stride,
      )
    },
  }
}
