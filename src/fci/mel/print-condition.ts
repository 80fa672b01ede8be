import type { Conjunction } from '../footprint.ts'
import type { Prefix } from '../prefix.ts'
import { formatPrefix } from '../prefix.ts'
import type { Comparison, Expression, Fact, Literal } from './expression.ts'
import { printExpression } from './print-expression.ts'

/**
 * What of a conjunction no registered footprint type can say, as one expression; undefined if there is nothing.
 * Reading it gives just that part back.
 */
export function printCondition({ excluded = {}, expressions = [] }: Conjunction): string | undefined {
  const { prefixes = [], asns, countries, subdivisions } = excluded
  const clauses = [
    prefixes.length === 0 ? undefined : printExclusion(prefixes.map(matchPrefix)),
    asns &&
      printCodes(
        'ep.asn',
        asns.map((value) => ({ kind: 'integer', value })),
      ),
    countries &&
      printCodes(
        'ep.country',
        countries.map((value) => ({ kind: 'string', value })),
      ),
    subdivisions &&
      printCodes(
        'ep.subdivision',
        subdivisions.map((value) => ({ kind: 'string', value })),
      ),
  ].filter((clause) => clause !== undefined)
  const [only, ...others] = [...clauses, ...expressions]
  if (only === undefined || others.length === 0) return only
  return [...clauses, ...expressions.map((expression) => `( ${expression} )`)].join(' and ')
}

function printCodes(fact: Fact, values: readonly Literal[]): string {
  // Excludes nobody whose fact is known.
  if (values.length === 0) return printExpression(compare(fact, '!=', { kind: 'nil' }))
  return printExclusion(values.map((value) => compare(fact, '==', value)))
}

function printExclusion(operands: readonly Expression[]): string {
  const [only, ...others] = operands
  const operand: Expression = only === undefined || others.length > 0 ? { kind: 'or', operands, at: 0 } : only
  return printExpression({ kind: 'not', operand, at: 0 })
}

function compare(fact: Fact, operator: Comparison, value: Literal): Expression {
  return { kind: 'compare', operator, left: { kind: 'fact', fact, at: 0 }, right: { ...value, at: 0 }, at: 0 }
}

function matchPrefix(prefix: Prefix): Expression {
  return {
    kind: 'ipmatch',
    negated: false,
    left: { kind: 'fact', fact: `ep.ipv${prefix.version}addr`, at: 0 },
    right: { kind: 'string', value: formatPrefix(prefix), at: 0 },
    at: 0,
  }
}
