import { addressesOf, exampleOf, subtractAddresses } from './address-set.ts'
import { compareConjunctions } from './conjunction-order.ts'
import type { Conjunction, Exclusion, Footprint } from './footprint.ts'
import { canonicalConjunction, footprintOf, intersectFootprints, NOBODY } from './footprint-algebra.ts'
import { ALL_PREFIXES } from './prefix-set.ts'

/** Most conjunctions of a difference. */
const MAX_PIECES = 4096

/**
 * The clients of one footprint that are not in the other, where a footprint can say that: who is outside a country
 * includes those whose country nobody knows, and no footprint asks for the unknown. Undefined where it cannot be said.
 */
export function subtractFootprints(from: Footprint, taken: Footprint): Footprint | undefined {
  return subtractEach(from, taken, () => undefined)
}

/** What is surely among the difference and what may be: who could not be taken out is left in. */
export function subtractWherePossible(from: Footprint, taken: Footprint): Footprint | undefined {
  return subtractEach(from, taken, (piece) => [piece])
}

function subtractEach(
  from: Footprint,
  taken: Footprint,
  whenUnsayable: (piece: Conjunction) => readonly Conjunction[] | undefined,
): Footprint | undefined {
  if (taken.kind === 'global') return NOBODY
  if (taken.anyOf.length === 0) return from
  let pieces: readonly Conjunction[] = from.kind === 'global' ? [{ prefixes: ALL_PREFIXES }] : from.anyOf
  for (const conjunction of taken.anyOf) {
    const left: Conjunction[] = []
    for (const piece of pieces) {
      const parts = subtractOne(piece, conjunction) ?? whenUnsayable(piece)
      if (parts === undefined || left.length + parts.length > MAX_PIECES) return undefined
      left.push(...parts.filter(hasAddresses))
    }
    pieces = left
  }
  return footprintOf(pieces)
}

/** Whether its exclusions leave any of the addresses that it names. */
function hasAddresses({ prefixes, excluded }: Conjunction): boolean {
  if (prefixes === undefined || excluded?.prefixes === undefined) return true
  return exampleOf(subtractAddresses(addressesOf(prefixes), addressesOf(excluded.prefixes))) !== undefined
}

/** What is left of a conjunction: for each constraint of the other, those who meet the ones before it and not this. */
function subtractOne(from: Conjunction, taken: Conjunction): readonly Conjunction[] | undefined {
  // Holds for nobody, whatever stands beside it.
  if (taken.unknown !== undefined) return [from]
  if (both(from, taken) === undefined) return [from]
  const { named, sourced, expressions, excluded = {}, ...lists } = taken
  // Their opposites cannot be said, so they must hold for all of it anyway.
  const opaque: Conjunction = {
    ...(named && { named }),
    ...(sourced && { sourced }),
    ...(expressions && { expressions }),
  }
  if (!impliesOpaque(from, opaque)) return undefined
  const left: Conjunction[] = []
  let rest: Conjunction | undefined = from
  const take = (split: Split | undefined): boolean => {
    if (split === undefined) return false
    if (split.outside !== undefined) left.push(split.outside)
    rest = split.inside
    return true
  }
  for (const constraint of constraintsOf(lists, excluded)) {
    if (rest === undefined) break
    if (!take(splitBy(rest, constraint))) return undefined
  }
  return left
}

interface Split {
  readonly inside: Conjunction | undefined
  readonly outside: Conjunction | undefined
}

/** That a client is among the values of one list, or known to be beside them. */
interface Constraint {
  readonly values: Exclusion
  readonly negated: boolean
}

function constraintsOf(lists: Exclusion, excluded: Exclusion): readonly Constraint[] {
  return [
    ...singleLists(lists).map((values) => ({ values, negated: false })),
    ...singleLists(excluded).map((values) => ({ values, negated: true })),
  ]
}

function singleLists({ prefixes, asns, countries, subdivisions }: Exclusion): readonly Exclusion[] {
  return [
    ...(prefixes === undefined ? [] : [{ prefixes }]),
    ...(asns === undefined ? [] : [{ asns }]),
    ...(countries === undefined ? [] : [{ countries }]),
    ...(subdivisions === undefined ? [] : [{ subdivisions }]),
  ]
}

/** Who of a conjunction meets a constraint, and who does not; undefined if the fact may be unknown. */
function splitBy(from: Conjunction, constraint: Constraint): Split | undefined {
  if (!knows(from, constraint)) return undefined
  const { values, negated } = constraint
  const [among, beside] = [both(from, values), both(from, { prefixes: ALL_PREFIXES, excluded: values })]
  return negated ? { inside: beside, outside: among } : { inside: among, outside: beside }
}

/** Whether the fact that a constraint asks is known of everybody in a conjunction. */
function knows({ asns, countries, subdivisions, excluded = {} }: Conjunction, { values }: Constraint): boolean {
  const knowsSubdivision = subdivisions !== undefined || excluded.subdivisions !== undefined
  if (values.asns !== undefined) return asns !== undefined || excluded.asns !== undefined
  if (values.countries !== undefined) {
    return countries !== undefined || excluded.countries !== undefined || knowsSubdivision
  }
  return values.subdivisions === undefined || knowsSubdivision
}

function both(a: Conjunction, b: Conjunction): Conjunction | undefined {
  const shared = intersectFootprints({ kind: 'some', anyOf: [a] }, { kind: 'some', anyOf: [b] })
  return shared.kind === 'some' ? shared.anyOf[0] : undefined
}

/** Whether a conjunction has all these constraints itself. */
function impliesOpaque(from: Conjunction, opaque: Conjunction): boolean {
  if (Object.keys(opaque).length === 0) return true
  const joined = both(from, opaque)
  const canonical = canonicalConjunction(from)
  return joined !== undefined && canonical !== undefined && compareConjunctions(joined, canonical) === 0
}
