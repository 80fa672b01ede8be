import type { Conjunction } from './footprint.ts'
import { MelError, positionIn } from './mel/mel-error.ts'
import { readExpression } from './mel/read-expression.ts'
import { reduceExpression } from './mel/reduce-expression.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/** Most conjunctions that one expression is multiplied out to; beyond, it is evaluated for every client. */
const MAX_CLAUSES = 256

/**
 * The values of an `expr` footprint (draft-arolovitch-cdni-named-footprints-01 3.1.1.1), alternatives as the values of
 * any type (RFC 8006 4.2.2.2). One that cannot be read is kept as it came and holds for nobody.
 */
export function readExpressions(values: readonly unknown[], pointer: string, reading: Reading): readonly Conjunction[] {
  return values.flatMap((value, i) => readOneExpression(value, `${pointer}/${i}`, reading))
}

function readOneExpression(value: unknown, pointer: string, reading: Reading): readonly Conjunction[] {
  if (typeof value !== 'string') {
    reading.error('expr-syntax', pointer, `${quote(value)} is not an expression; it matches nobody`)
    return []
  }
  const place = (at: number): string => {
    const { line, column } = positionIn(value, at)
    return `line ${line}, column ${column}`
  }
  try {
    const { expression, notes } = readExpression(value, reading)
    for (const { code, message, at } of notes) reading.warn(code, pointer, `${place(at)}: ${message}`)
    return reduceExpression(expression, Math.min(MAX_CLAUSES, reading.maxConjunctions))
  } catch (error) {
    if (!(error instanceof MelError)) throw error
    reading.error(error.fault, pointer, `${place(error.at)}: ${error.message}; the expression matches nobody`)
    return [{ unknown: [{ type: 'expr', value: [value] }] }]
  }
}
