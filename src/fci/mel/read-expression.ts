import { checkExpression } from './check-expression.ts'
import type { Expression } from './expression.ts'
import type { MelNote } from './mel-error.ts'
import { parseExpression } from './parse-expression.ts'
import { TreeBuilder } from './tree-builder.ts'

/** How expressions are read. */
export interface MelOptions {
  /** Whether what peers write otherwise than the language has it is repaired; if not, it is an error. */
  readonly lenient: boolean
  /** How many different qualifiers the document gives an AS number (`1234:1` and `1234:2` are two). */
  readonly qualifiersOf: (asn: number) => number
}

export interface MelReading {
  /** Checked, in canonical form. */
  readonly expression: Expression
  readonly notes: readonly MelNote[]
}

/**
 * Reads a footprint expression in the metadata expression language (docs/fci.md, "Expressions"). Throws MelError for
 * whatever is wrong and for everything beyond the limits; time is bounded by them.
 */
export function readExpression(text: string, options: MelOptions): MelReading {
  const tree = new TreeBuilder(options.lenient)
  const expression = checkExpression(parseExpression(text, tree, options.qualifiersOf), tree)
  return { expression, notes: tree.notes }
}
