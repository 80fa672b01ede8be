import { valueOfWords } from '../../fci/prefix.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions } from '../partition.ts'
import { ColumnEvaluation } from './column-evaluation.ts'
import type { CoverageGeo } from './column-facts.ts'
import { findColumnFacts } from './column-facts.ts'
import { planColumn } from './column-plan.ts'
import type { CoverageColumn, CoverageOutcome } from './coverage-map.ts'
import { OutcomeInterner } from './outcome-interner.ts'
import { findPrefixContexts } from './prefix-contexts.ts'

/** One column on its own: for every address the number of its outcome. */
export interface CompiledColumn {
  readonly id: string
  readonly version: string
  readonly v4: Partition
  readonly v6: Partition
  readonly outcomes: readonly CoverageOutcome[]
}

/**
 * Evaluates the footprints of a column for every address at once. Addresses with the same facts in the same prefixes
 * are evaluated together, once; each outcome is what `matchFootprint` says. Throws CoverageLimitError.
 */
export function compileColumn(column: CoverageColumn, geo: CoverageGeo): CompiledColumn {
  const plan = planColumn(column.footprints)
  const facts = findColumnFacts(plan, geo)
  const outcomes = new OutcomeInterner()
  const lists = plan.lists.map(({ prefixes }) => prefixes)
  const sweep = (version: 4 | 6, partition: Partition): Partition => {
    const contexts = findPrefixContexts(version, lists)
    const evaluation = new ColumnEvaluation(version, plan, facts, contexts, outcomes)
    const pairs = new PairInterner(1024)
    const numbers: number[] = []
    return overlayPartitions(partition, contexts.partition, (label, context, starts, at) => {
      const pair = pairs.intern(label, context)
      if (pair === numbers.length) {
        numbers.push(evaluation.evaluate(label, context, () => valueOfWords(version, starts, at)))
      }
      return numbers[pair] ?? 0
    })
  }
  return {
    id: column.id,
    version: column.version,
    v4: sweep(4, facts.v4),
    v6: sweep(6, facts.v6),
    outcomes: outcomes.all,
  }
}
