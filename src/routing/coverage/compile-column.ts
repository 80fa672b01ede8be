import { ColumnEvaluation } from './column-evaluation.ts'
import { findColumnFacts } from './column-facts.ts'
import type { ColumnPlan } from './column-plan.ts'
import { CoverageCells } from './coverage-cells.ts'
import type { CoverageNode } from './coverage-node.ts'
import type { FactSpace } from './fact-space.ts'
import type { OutcomeColumns } from './outcome-columns.ts'
import { OutcomeInterner } from './outcome-interner.ts'
import { findPrefixContexts } from './prefix-contexts.ts'

/** A column as a node whose classes are its outcomes. */
export interface ColumnNode extends CoverageNode {
  readonly outcomes: () => OutcomeColumns
}

/**
 * Evaluates the footprints of a column once for all addresses with the same facts in the same prefixes; each outcome is
 * what `matchFootprint` says.
 */
export function compileColumn(id: string, plan: ColumnPlan, space: FactSpace): ColumnNode {
  const facts = findColumnFacts(plan, space)
  const outcomes = new OutcomeInterner(id)
  const lists = plan.lists.map(({ prefixes }) => prefixes)
  const contexts = { 4: findPrefixContexts(4, lists), 6: findPrefixContexts(6, lists) }
  const evaluations = {
    4: new ColumnEvaluation(4, plan, facts, contexts[4], outcomes),
    6: new ColumnEvaluation(6, plan, facts, contexts[6], outcomes),
  }
  const cells = { 4: new CoverageCells(), 6: new CoverageCells() }
  return {
    factLabels: facts.labels,
    contexts: { 4: contexts[4].partition, 6: contexts[6].partition },
    cells,
    resolve(version, valueOf) {
      const { pairs, settled, examples } = cells[version]
      const evaluation = evaluations[version]
      const classes = new Uint32Array(examples.length)
      for (let i = 0; i < classes.length; i++) {
        const at = (settled + i) * 2
        classes[i] = evaluation.evaluate(pairs[at] ?? 0, pairs[at + 1] ?? 0, () => valueOf(examples[i] ?? 0))
      }
      cells[version].settle(classes)
    },
    classCount: () => outcomes.count,
    width: 1,
    writeOutcomes(numbers, rows, offset, stride) {
      for (let i = 0; i < numbers.length; i++) rows[i * stride + offset] = numbers[i] ?? 0
    },
    outcomes: () => outcomes.columns(),
  }
}
