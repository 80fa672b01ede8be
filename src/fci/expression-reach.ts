import type { ClientFacts } from './match-footprint.ts'
import { compileExpression } from './mel/evaluate-expression.ts'
import type { Expression, Fact } from './mel/expression.ts'
import { factsOf, operandsOf } from './mel/expression.ts'
import { MelError } from './mel/mel-error.ts'
import { readExpression } from './mel/read-expression.ts'
import type { Prefix } from './prefix.ts'
import { readPrefix } from './read-prefix.ts'

/**
 * Where the truth of an expression can change: two clients of one family that agree on all of this get one answer.
 * `all`: every value of the fact may be told from every other.
 */
export interface ExpressionReach {
  readonly facts: ReadonlySet<Fact>
  readonly asns: ReadonlySet<number> | 'all'
  readonly countries: ReadonlySet<string> | 'all'
  readonly subdivisions: ReadonlySet<string> | 'all'
  /** Addresses are only ever compared with what is written down, since the language makes no text of them. */
  readonly prefixes: readonly Prefix[]
  readonly holdsFor: (client: ClientFacts) => boolean
}

/** The reach of an expression in strict form; of one that cannot be read, which holds for nobody, it is nothing. */
export function expressionReach(text: string): ExpressionReach {
  const known = reaches.get(text)
  if (known !== undefined) return known
  const reach = findReach(text)
  if (reaches.size >= MAX_KEPT) reaches.clear()
  reaches.set(text, reach)
  return reach
}

const MAX_KEPT = 1024
const reaches = new Map<string, ExpressionReach>()

const NOTHING: ExpressionReach = {
  facts: new Set(),
  asns: new Set(),
  countries: new Set(),
  subdivisions: new Set(),
  prefixes: [],
  holdsFor: () => false,
}

function findReach(text: string): ExpressionReach {
  try {
    return reachOf(readExpression(text, { lenient: false, qualifiersOf: () => 0 }).expression)
  } catch (error) {
    if (error instanceof MelError) return NOTHING
    throw error
  }
}

function reachOf(expression: Expression): ExpressionReach {
  const numbers = new Set<number>()
  const values: Record<'ep.country' | 'ep.subdivision', Set<string>> = {
    'ep.country': new Set(),
    'ep.subdivision': new Set(),
  }
  const whole = new Set<Fact>()
  const prefixes: Prefix[] = []
  const visit = (node: Expression): void => {
    if (node.kind === 'compare' && (node.operator === '==' || node.operator === '!=') && node.left.kind === 'fact') {
      const { left, right } = node
      if (left.fact === 'ep.asn' && right.kind === 'integer') {
        numbers.add(right.value)
        return
      }
      if ((left.fact === 'ep.country' || left.fact === 'ep.subdivision') && right.kind === 'string') {
        values[left.fact].add(right.value)
        return
      }
    }
    if (node.kind === 'fact') whole.add(node.fact)
    if (node.kind === 'string') {
      const { prefix } = readPrefix(node.value)
      if (prefix !== undefined) prefixes.push(prefix)
    }
    for (const operand of operandsOf(node)) visit(operand)
  }
  visit(expression)
  const evaluate = compileExpression(expression)
  return {
    facts: factsOf(expression),
    asns: whole.has('ep.asn') ? 'all' : numbers,
    countries: whole.has('ep.country') ? 'all' : values['ep.country'],
    subdivisions: whole.has('ep.subdivision') ? 'all' : values['ep.subdivision'],
    prefixes,
    holdsFor: (client) => evaluate(client) === true,
  }
}
