import type { Conjunction, Exclusion } from './footprint.ts'
import { countryOf } from './footprint-algebra.ts'
import type { ClientFacts } from './match-footprint.ts'
import { compileExpression } from './mel/evaluate-expression.ts'
import { MelError } from './mel/mel-error.ts'
import { readExpression } from './mel/read-expression.ts'
import { canonicalPrefixes, holdsAddress } from './prefix-set.ts'

/** Whether a client meets what a conjunction asks beyond its lists of values. */
export type Conditions = (client: ClientFacts) => boolean

const compiled = new WeakMap<Conjunction, { readonly conditions: Conditions | undefined }>()

/** The exclusions and expressions of a conjunction, compiled once for each; undefined if it has none. */
export function conditionsOf(conjunction: Conjunction): Conditions | undefined {
  const { excluded = {}, expressions = [] } = conjunction
  if (Object.keys(excluded).length === 0 && expressions.length === 0) return undefined
  const known = compiled.get(conjunction)
  if (known !== undefined) return known.conditions
  const all = [...compileExclusion(excluded), ...expressions.map(conditionOf)]
  const conditions: Conditions = (client) => all.every((holds) => holds(client))
  compiled.set(conjunction, { conditions })
  return conditions
}

function compileExclusion({ prefixes, asns, countries, subdivisions }: Exclusion): readonly Conditions[] {
  const all: Conditions[] = []
  if (prefixes !== undefined) {
    const canonical = canonicalPrefixes(prefixes)
    all.push(({ address }) => !holdsAddress(canonical, address))
  }
  if (asns !== undefined) all.push(knownOutside(asns, ({ asn }) => asn))
  if (countries !== undefined) all.push(knownOutside(countries, countryOf))
  if (subdivisions !== undefined) all.push(knownOutside(subdivisions, ({ subdivision }) => subdivision))
  return all
}

function knownOutside<T>(values: readonly T[], factOf: (client: ClientFacts) => T | undefined): Conditions {
  const excluded = new Set(values)
  return (client) => {
    const fact = factOf(client)
    return fact !== undefined && !excluded.has(fact)
  }
}

/** Expressions come again with every reading of an advertisement, and reading one takes longer than evaluating it. */
const byText = new Map<string, Conditions>()
const MAX_TEXTS = 512

function conditionOf(text: string): Conditions {
  const known = byText.get(text)
  if (known !== undefined) return known
  const condition = compileText(text)
  const [oldest] = byText.keys()
  if (byText.size >= MAX_TEXTS && oldest !== undefined) byText.delete(oldest)
  byText.set(text, condition)
  return condition
}

/** An expression that cannot be read holds for nobody. */
function compileText(text: string): Conditions {
  try {
    const evaluate = compileExpression(readExpression(text, { lenient: false, qualifiersOf: () => 0 }).expression)
    return (client) => evaluate(client) === true
  } catch (error) {
    if (error instanceof MelError) return () => false
    throw error
  }
}
