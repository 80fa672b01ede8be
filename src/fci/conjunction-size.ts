import type { Conjunction } from './footprint.ts'

/** How many values conjunctions have in all. */
function sizeOfConjunctions(conjunctions: readonly Conjunction[]): number {
  let size = 0
  for (const conjunction of conjunctions) {
    const { prefixes, asns, countries, subdivisions, excluded = {}, expressions, unknown } = conjunction
    for (const values of [prefixes, asns, countries, subdivisions, expressions, unknown]) size += values?.length ?? 0
    for (const values of [excluded.prefixes, excluded.asns, excluded.countries, excluded.subdivisions]) {
      size += values?.length ?? 0
    }
    for (const clause of conjunction.named ?? []) size += clause.length
    for (const { sources, within } of conjunction.sourced ?? []) {
      size += sources.length + (within.kind === 'global' ? 0 : sizeOfConjunctions(within.anyOf))
    }
  }
  return size
}

/** What joining two conjunctions costs beside comparing their values, in comparisons. */
const COST_OF_PAIR = 300

/** What multiplying two footprints out costs, in comparisons of values. */
export function costOfProduct(a: readonly Conjunction[], b: readonly Conjunction[]): number {
  return COST_OF_PAIR * a.length * b.length + sizeOfConjunctions(a) * b.length + sizeOfConjunctions(b) * a.length
}
