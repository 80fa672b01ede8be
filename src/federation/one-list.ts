import { compareConjunctions } from '../fci/conjunction-order.ts'
import type { Conjunction, Footprint } from '../fci/footprint.ts'
import type { Prefix } from '../fci/prefix.ts'
import { holdsEveryAddress } from '../fci/prefix-set.ts'
import { printFootprint } from '../fci/print-footprints.ts'

type Prefixes = readonly Prefix[]

/** Whether a footprint is printed as one `footprints` list, and so in one FCI Base Object. */
export function isOneList(footprint: Footprint): boolean {
  const { lists, withheld } = printFootprint(skeletonOf(footprint))
  return lists.length === 1 && withheld.length === 0
}

/** The same clients in footprints that are one list each, where several objects say what one does. */
export function splitIntoLists(footprint: Footprint): readonly Footprint[] {
  if (footprint.kind === 'global' || isOneList(footprint)) return [footprint]
  return footprint.anyOf.map((conjunction) => ({ kind: 'some', anyOf: [conjunction] }))
}

/** Whether two canonical footprints are the same. */
export function isSameFootprint(a: Footprint, b: Footprint): boolean {
  if (a.kind === 'global' || b.kind === 'global') return a.kind === b.kind
  if (a.anyOf.length !== b.anyOf.length) return false
  return a.anyOf.every((conjunction, i) => compareConjunctions(conjunction, b.anyOf[i] ?? {}) === 0)
}

/**
 * A footprint that is printed in as many lists, with one prefix of each family for every long list: printing a hundred
 * thousand prefixes only to count lists takes longer than all the rest.
 */
function skeletonOf(footprint: Footprint): Footprint {
  if (footprint.kind === 'global') return footprint
  const known: Prefixes[] = []
  return { kind: 'some', anyOf: footprint.anyOf.map((conjunction) => shorten(conjunction, known)) }
}

const SHORT = 8

function shorten(conjunction: Conjunction, known: Prefixes[]): Conjunction {
  const { prefixes, excluded } = conjunction
  // Exclusions are taken out of the prefixes themselves.
  if (prefixes === undefined || prefixes.length < SHORT || excluded?.prefixes !== undefined) return conjunction
  if (holdsEveryAddress(prefixes)) return conjunction
  let index = known.findIndex(
    (list) => list === prefixes || compareConjunctions({ prefixes: list }, { prefixes }) === 0,
  )
  if (index < 0) index = known.push(prefixes) - 1
  const families = ([4, 6] as const).filter((version) => prefixes.some((prefix) => prefix.version === version))
  const length = { 4: 32, 6: 128 } as const
  return {
    ...conjunction,
    prefixes: families.map((version) => ({ version, value: BigInt(index), length: length[version] })),
  }
}
