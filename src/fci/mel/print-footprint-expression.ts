import type { Conjunction } from '../footprint.ts'
import { formatPrefix } from '../prefix.ts'
import { MAX_EXPRESSION_LENGTH } from './lexer.ts'
import { printCondition } from './print-condition.ts'

/**
 * Conjunctions of registered types, exclusions and expressions as one expression that reads back as the same; undefined
 * if they have anything else, or if it would be too long to be read.
 */
export function printFootprintExpression(conjunctions: readonly Conjunction[]): string | undefined {
  const alternatives: string[] = []
  let length = 0
  for (const conjunction of conjunctions) {
    const text = printOne(conjunction)
    if (text === undefined) return undefined
    length += text.length
    if (length > MAX_EXPRESSION_LENGTH) return undefined
    alternatives.push(text)
  }
  const [only, ...others] = alternatives
  const joined = others.length === 0 ? only : alternatives.map((text) => `( ${text} )`).join(' or ')
  return joined !== undefined && joined.length <= MAX_EXPRESSION_LENGTH ? joined : undefined
}

function printOne(conjunction: Conjunction): string | undefined {
  const { prefixes, asns, countries, subdivisions, excluded, expressions, named, sourced, unknown } = conjunction
  if (named !== undefined || sourced !== undefined || unknown !== undefined) return undefined
  const clauses: string[] = []
  if (prefixes !== undefined) {
    clauses.push(
      anyOf(prefixes.map((prefix) => `ep.ipv${prefix.version}addr ipmatch ${JSON.stringify(formatPrefix(prefix))}`)),
    )
  }
  if (asns !== undefined) clauses.push(anyOf(asns.map((asn) => `ep.asn == ${asn}`)))
  if (countries !== undefined) clauses.push(anyOf(countries.map((code) => `ep.country == ${JSON.stringify(code)}`)))
  if (subdivisions !== undefined) {
    clauses.push(anyOf(subdivisions.map((code) => `ep.subdivision == ${JSON.stringify(code)}`)))
  }
  const condition = printCondition({ ...(excluded && { excluded }), ...(expressions && { expressions }) })
  if (condition !== undefined) clauses.push(condition)
  const [only, ...others] = clauses
  return others.length === 0 ? only : clauses.map((clause) => `( ${clause} )`).join(' and ')
}

function anyOf(comparisons: readonly string[]): string {
  return comparisons.join(' or ')
}
