import type { Advertisement } from '../../fci/advertisement.ts'
import type { Footprint } from '../../fci/footprint.ts'

// What is smaller takes a millisecond or two: a thread is not told of it.

/** Characters of a document. */
export const MIN_LENGTH = 16_384
/** Values of footprints. */
export const MIN_VALUES = 256

/** What the time goes by that comparing and printing take. */
export function countValues({ capabilities }: Advertisement): number {
  let count = 0
  for (const { footprint } of capabilities) count += countIn(footprint)
  return count
}

function countIn(footprint: Footprint): number {
  if (footprint.kind === 'global') return 1
  let count = footprint.anyOf.length
  for (const { prefixes = [], asns = [], countries = [], subdivisions = [], excluded } of footprint.anyOf) {
    count += prefixes.length + asns.length + countries.length + subdivisions.length + (excluded?.prefixes?.length ?? 0)
  }
  return count
}
