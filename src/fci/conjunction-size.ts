import type { Conjunction } from './footprint.ts'

/** How many values conjunctions have in all, a measure of what multiplying them out costs. */
export function sizeOfConjunctions(conjunctions: readonly Conjunction[]): number {
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
