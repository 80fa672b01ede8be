import type { Conjunction, Exclusion } from '../footprint.ts'
import { footprintOf, multiplyConjunctions } from '../footprint-algebra.ts'
import { ASN_LIMIT, isCountryCode, isSubdivisionCode } from '../footprint-codes.ts'
import type { Prefix } from '../prefix.ts'
import { parseAddress } from '../prefix.ts'
import { ALL_PREFIXES } from '../prefix-set.ts'
import { readPrefix } from '../read-prefix.ts'
import type { Expression, Fact, Literal } from './expression.ts'
import { factsOf, isLiteral } from './expression.ts'
import { printExpression } from './print-expression.ts'

type Clauses = readonly Conjunction[]

const NOBODY: Clauses = []
const EVERYBODY: Clauses = [{ prefixes: ALL_PREFIXES }]

/**
 * The clients for whom a checked expression is true, as a disjunction of conjunctions that needs no evaluation, as far
 * as there is one: what only evaluation can tell stays behind in `expressions`. Where multiplying out would give more
 * than `maxConjunctions`, that part stays an expression. Unknown facts give what evaluation gives: nobody.
 */
export function reduceExpression(expression: Expression, maxConjunctions: number): Clauses {
  return reduce(expression, true, maxConjunctions)
}

/** The clients for whom the expression is `wanted`, which is not the complement of the others: it may be unknown. */
function reduce(expression: Expression, wanted: boolean, most: number): Clauses {
  switch (expression.kind) {
    case 'boolean':
      return expression.value === wanted ? EVERYBODY : NOBODY
    case 'not':
      return reduce(expression.operand, !wanted, most)
    case 'and':
    case 'or': {
      const parts = expression.operands.map((operand) => reduce(operand, wanted, most))
      const isUnion = (expression.kind === 'or') === wanted
      return (isUnion ? unite(parts, most) : intersect(parts, most)) ?? keep(expression, wanted)
    }
    case 'choice': {
      const { condition, yes, no } = expression
      const branches = [
        intersect([reduce(condition, true, most), reduce(yes, wanted, most)], most),
        intersect([reduce(condition, false, most), reduce(no, wanted, most)], most),
      ]
      const [first, second] = branches
      return (first && second && unite([first, second], most)) ?? keep(expression, wanted)
    }
    case 'ipmatch':
      return reduceIpmatch(expression, wanted) ?? keep(expression, wanted)
    case 'compare':
      return reduceComparison(expression, wanted) ?? keep(expression, wanted)
    case 'integer':
    case 'real':
    case 'string':
    case 'nil':
    case 'fact':
    case 'sign':
    case 'arithmetic':
    case 'concat':
    case 'glob':
    case 'regex':
    case 'call':
      return keep(expression, wanted)
  }
}

function unite(parts: readonly Clauses[], most: number): Clauses | undefined {
  const united = footprintOf(parts.flat())
  return united.kind === 'some' && united.anyOf.length <= most ? united.anyOf : undefined
}

/** Two by two, so that long lists are not copied again for every value. */
function intersect(parts: readonly Clauses[], most: number): Clauses | undefined {
  const [first, second] = parts
  if (first === undefined) return EVERYBODY
  if (second === undefined) return first
  const middle = parts.length >> 1
  const left = parts.length === 2 ? first : intersect(parts.slice(0, middle), most)
  const right = parts.length === 2 ? second : intersect(parts.slice(middle), most)
  if (left === undefined || right === undefined || left.length * right.length > most) return undefined
  return unite([multiplyConjunctions(left, right)], most)
}

/** What only evaluation can tell. Without any fact it is unknown, since a known value was computed by the checker. */
function keep(expression: Expression, wanted: boolean): Clauses {
  if (factsOf(expression).size === 0) return NOBODY
  const { at } = expression
  return [
    {
      prefixes: ALL_PREFIXES,
      expressions: [printExpression(wanted ? expression : { kind: 'not', operand: expression, at })],
    },
  ]
}

function reduceIpmatch(
  { left, right, negated }: Expression & { readonly kind: 'ipmatch' },
  wanted: boolean,
): Clauses | undefined {
  const prefix = right.kind === 'string' ? readPrefix(right.value).prefix : undefined
  if (left.kind !== 'fact' || prefix === undefined) return undefined
  return reduceAddress(left.fact, prefix, negated, wanted)
}

/** Every comparison with an address that the client does not have is false, the negated ones too. */
function reduceAddress(fact: Fact, prefix: Prefix, negated: boolean, wanted: boolean): Clauses {
  const family = fact === 'ep.ipv4addr' ? 4 : 6
  const inside: Clauses = prefix.version === family ? [{ prefixes: [prefix] }] : NOBODY
  if (!negated) return wanted ? inside : complementOf(inside)
  const outside = multiplyConjunctions([wholeFamily(family)], complementOf(inside))
  return wanted ? outside : [wholeFamily(family === 4 ? 6 : 4), ...inside]
}

function complementOf(inside: Clauses): Clauses {
  const [only] = inside
  return only?.prefixes === undefined ? EVERYBODY : [exclude({ prefixes: only.prefixes })]
}

function wholeFamily(version: 4 | 6): Conjunction {
  return { prefixes: ALL_PREFIXES.filter((prefix) => prefix.version === version) }
}

function reduceComparison(
  { operator, left, right }: Expression & { readonly kind: 'compare' },
  wanted: boolean,
): Clauses | undefined {
  if (left.kind !== 'fact' || !isLiteral(right) || (operator !== '==' && operator !== '!=')) return undefined
  const negated = operator === '!='
  const equal = negated !== wanted
  switch (left.fact) {
    case 'ep.ipv4addr':
    case 'ep.ipv6addr': {
      const family = left.fact === 'ep.ipv4addr' ? 4 : 6
      if (right.kind === 'nil') return [wholeFamily(equal === (family === 6) ? 4 : 6)]
      const address = right.kind === 'string' ? parseAddress(right.value) : undefined
      if (address === undefined) return undefined
      return reduceAddress(left.fact, { ...address, length: address.version === 4 ? 32 : 128 }, negated, wanted)
    }
    case 'ep.asn': {
      const asns = right.kind === 'integer' && right.value >= 0 && right.value <= ASN_LIMIT ? [right.value] : []
      return equal ? [{ asns }] : [exclude({ asns })]
    }
    case 'ep.country': {
      const countries = codes(right, isCountryCode)
      return equal ? [{ countries }] : [exclude({ countries })]
    }
    case 'ep.subdivision': {
      const subdivisions = codes(right, isSubdivisionCode)
      return equal ? [{ subdivisions }] : [exclude({ subdivisions })]
    }
  }
}

/** No code at all for what no client can be in, nil included: an unknown fact is not nil. */
function codes(literal: Literal, isCode: (text: string) => boolean): readonly string[] {
  return literal.kind === 'string' && isCode(literal.value) ? [literal.value] : []
}

function exclude(excluded: Exclusion): Conjunction {
  return { prefixes: ALL_PREFIXES, excluded }
}
