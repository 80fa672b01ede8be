import { compareConjunctions, sortedUnknown } from './conjunction-order.ts'
import { applyExclusion, joinExclusions, joined } from './exclusion.ts'
import type { Conjunction, Footprint, SourcedConstraint, UnknownConstraint } from './footprint.ts'
import { canonicalClauses } from './named-clauses.ts'
import { ALL_PREFIXES, canonicalPrefixes, holdsEveryAddress, intersectPrefixes, unitePrefixes } from './prefix-set.ts'
import { sortedNumbers, sortedTexts } from './sorted-values.ts'
import { canonicalSourced, NOTHING_SOURCED, spreadAlternatives, uniteSourced } from './sourced-constraints.ts'

export const GLOBAL: Footprint = { kind: 'global' }
/** Holds for nobody. Not the same as an empty `footprints` list on the wire, which means everybody. */
export const NOBODY: Footprint = { kind: 'some', anyOf: [] }

/** The footprint of all clients in any of these conjunctions, in canonical form. */
export function footprintOf(conjunctions: readonly Conjunction[]): Footprint {
  const canonical: Conjunction[] = []
  for (const conjunction of conjunctions) {
    for (const alternative of spreadAlternatives(conjunction)) {
      const one = canonicalConjunction(alternative)
      if (one !== undefined) canonical.push(one)
    }
  }
  if (canonical.length < 2) return { kind: 'some', anyOf: canonical }
  const merged = mergeSingles(canonical).sort(compareConjunctions)
  return {
    kind: 'some',
    anyOf: merged.filter((one, i) => i === 0 || compareConjunctions(merged[i - 1] ?? {}, one) !== 0),
  }
}

/** All clients of either footprint. */
export function uniteFootprints(footprints: readonly Footprint[]): Footprint {
  const conjunctions: Conjunction[] = []
  for (const footprint of footprints) {
    if (footprint.kind === 'global') return GLOBAL
    for (const conjunction of footprint.anyOf) conjunctions.push(conjunction)
  }
  return footprintOf(conjunctions)
}

/** All clients of both footprints. The result has at most as many conjunctions as the product of both. */
export function intersectFootprints(a: Footprint, b: Footprint): Footprint {
  if (a.kind === 'global') return b
  if (b.kind === 'global') return a
  return footprintOf(multiplyConjunctions(a.anyOf, b.anyOf))
}

/** Each of `a` narrowed by each of `b`, without those that no client can satisfy. */
export function multiplyConjunctions(a: readonly Conjunction[], b: readonly Conjunction[]): readonly Conjunction[] {
  const product: Conjunction[] = []
  for (const left of a) {
    for (const right of b) {
      const shared = intersectConjunctions(left, right)
      if (shared !== undefined) product.push(shared)
    }
  }
  return product
}

/** The clients of both conjunctions; undefined if there can be none. */
function intersectConjunctions(a: Conjunction, b: Conjunction): Conjunction | undefined {
  const unknown = intersectUnknown(a.unknown, b.unknown)
  if (unknown === 'unprintable') return undefined
  return canonicalConjunction(
    withoutAbsent({
      prefixes: narrowed(a.prefixes, b.prefixes, intersectPrefixes),
      asns: narrowed(a.asns, b.asns, intersectLists),
      countries: narrowed(a.countries, b.countries, intersectLists),
      subdivisions: narrowed(a.subdivisions, b.subdivisions, intersectLists),
      excluded: joinExclusions(a.excluded, b.excluded),
      expressions: joined(a.expressions, b.expressions),
      named: joined(a.named, b.named),
      sourced: joined(a.sourced, b.sourced),
      unknown,
    }),
  )
}

/** Sorted and free of repetitions; undefined if no client can satisfy it. */
export function canonicalConjunction(conjunction: Conjunction): Conjunction | undefined {
  const named = conjunction.named?.length ? canonicalClauses(conjunction.named) : []
  const judged = conjunction.sourced?.length
    ? canonicalSourced(conjunction.sourced, { footprintOf, intersectFootprints })
    : NOTHING_SOURCED
  if (named === undefined || judged === undefined) return undefined
  const asns = conjunction.asns && sortedNumbers(conjunction.asns)
  const expressions = conjunction.expressions?.length ? sortedTexts(conjunction.expressions) : undefined
  const unknown = conjunction.unknown?.length ? sortedUnknown(conjunction.unknown) : undefined
  let countries = conjunction.countries && sortedTexts(conjunction.countries)
  let subdivisions = conjunction.subdivisions && sortedTexts(conjunction.subdivisions)
  if (countries !== undefined && subdivisions !== undefined) {
    // A subdivision lies in one country, so beside subdivisions a list of countries only filters them.
    const allowed = new Set(countries)
    subdivisions = subdivisions.filter((subdivision) => allowed.has(countryOfSubdivision(subdivision)))
    countries = undefined
  }
  const isNarrowed = (asns ?? countries ?? subdivisions) !== undefined || named.length > 0 || judged.sourced.length > 0
  const { prefixes: inside, excludedPrefixes } = judged
  const all = joinExclusions(conjunction.excluded, excludedPrefixes && { prefixes: excludedPrefixes })
  const excluded = all && Object.keys(all).length > 0 ? all : undefined
  const speaksOfAll = isNarrowed
    ? excluded?.prefixes !== undefined
    : excluded !== undefined || expressions !== undefined || judged.heldForAll
  const given = narrowed(conjunction.prefixes && canonicalPrefixes(conjunction.prefixes), inside, intersectPrefixes)
  const prefixes = given ?? (speaksOfAll ? ALL_PREFIXES : undefined)
  const exclusive = applyExclusion({ prefixes, asns, countries, subdivisions }, excluded ?? {})
  for (const values of Object.values(exclusive.wanted)) if (values?.length === 0) return undefined
  const { wanted } = exclusive
  // Beside anything else, the whole address space says nothing.
  const isWhole = isNarrowed && wanted.prefixes !== undefined && holdsEveryAddress(wanted.prefixes)
  const canonical = withoutAbsent({
    ...wanted,
    ...(isWhole && { prefixes: undefined }),
    excluded: exclusive.excluded,
    expressions,
    named: named.length > 0 ? named : undefined,
    sourced: judged.sourced.length > 0 ? judged.sourced : undefined,
    unknown,
  })
  // Two objects of one type in one list are alternatives, so this has no wire form; it holds for nobody.
  if (unknown?.some(({ type }) => saysByType(canonical, type))) return undefined
  return Object.keys(canonical).length === 0 ? undefined : canonical
}

/** Whether a conjunction has a part that is written as a Footprint object of this type. */
function saysByType({ prefixes, named, sourced = [], ...rest }: Conjunction, type: string): boolean {
  const facts = [rest, ...sourced.flatMap(({ within }) => (within.kind === 'global' ? [] : within.anyOf))]
  switch (type) {
    case 'ipv4cidr':
      return prefixes?.some(({ version }) => version === 4) ?? false
    case 'ipv6cidr':
      return prefixes?.some(({ version }) => version === 6) ?? false
    case 'asn':
      return facts.some(({ asns }) => asns !== undefined)
    case 'countrycode':
      return facts.some(({ countries }) => countries !== undefined)
    case 'subdivisioncode':
      return facts.some(({ subdivisions }) => subdivisions !== undefined)
    case 'expr':
      return facts.some(({ excluded, expressions }) => excluded !== undefined || expressions !== undefined)
    case 'named':
      return named !== undefined
    default:
      return false
  }
}

/** The ISO 3166-1 part of an ISO 3166-2 code. */
export function countryOfSubdivision(subdivision: string): string {
  return subdivision.slice(0, 2)
}

/** The country of a client, read off its subdivision where that is known. */
export function countryOf(client: { readonly country?: string; readonly subdivision?: string }): string | undefined {
  return client.subdivision === undefined ? client.country : countryOfSubdivision(client.subdivision)
}

/** Conjunctions of one and the same type are one value list (RFC 8006 4.2.2.2: values are alternatives). */
function mergeSingles(conjunctions: readonly Conjunction[]): Conjunction[] {
  const merged: Conjunction[] = []
  const prefixes: NonNullable<Conjunction['prefixes']>[] = []
  const asns: number[] = []
  const countries: string[] = []
  const subdivisions: string[] = []
  const uris: string[] = []
  const sourced: SourcedConstraint[] = []
  for (const conjunction of conjunctions) {
    const [clause = [], ...clauses] = conjunction.named ?? []
    const [constraint, ...constraints] = conjunction.sourced ?? []
    const isSingle = Object.keys(conjunction).length === 1 && clauses.length === 0 && constraints.length === 0
    if (!isSingle || conjunction.unknown !== undefined) merged.push(conjunction)
    else {
      if (conjunction.prefixes !== undefined) prefixes.push(conjunction.prefixes)
      for (const asn of conjunction.asns ?? []) asns.push(asn)
      for (const country of conjunction.countries ?? []) countries.push(country)
      for (const subdivision of conjunction.subdivisions ?? []) subdivisions.push(subdivision)
      for (const uri of clause) uris.push(uri)
      if (constraint !== undefined) sourced.push(constraint)
    }
  }
  merged.push(...uniteSourced(sourced, footprintOf))
  for (const single of [
    { prefixes: unitePrefixes(prefixes) },
    { asns },
    { countries },
    { subdivisions },
    { named: [uris] },
  ]) {
    const canonical = canonicalConjunction(single)
    if (canonical !== undefined) merged.push(canonical)
  }
  return merged
}

function intersectUnknown(
  a: readonly UnknownConstraint[] | undefined,
  b: readonly UnknownConstraint[] | undefined,
): readonly UnknownConstraint[] | undefined | 'unprintable' {
  if (a === undefined || b === undefined) return a ?? b
  const all = sortedUnknown([...a, ...b])
  // Two objects of one type in a list are alternatives, so their conjunction has no wire form; it holds for nobody.
  return new Set(all.map(({ type }) => type)).size < all.length ? 'unprintable' : all
}

function intersectLists<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  const inB = new Set(b)
  return a.filter((value) => inB.has(value))
}

function narrowed<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  intersect: (left: readonly T[], right: readonly T[]) => readonly T[],
): readonly T[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : intersect(a, b)
}

type Draft = { -readonly [K in keyof Conjunction]: Conjunction[K] }
type Parts = { readonly [K in keyof Required<Conjunction>]: Conjunction[K] | undefined }

function withoutAbsent(parts: Parts): Conjunction {
  const draft: Draft = {}
  if (parts.prefixes !== undefined) draft.prefixes = parts.prefixes
  if (parts.asns !== undefined) draft.asns = parts.asns
  if (parts.countries !== undefined) draft.countries = parts.countries
  if (parts.subdivisions !== undefined) draft.subdivisions = parts.subdivisions
  if (parts.excluded !== undefined) draft.excluded = parts.excluded
  if (parts.expressions !== undefined) draft.expressions = parts.expressions
  if (parts.named !== undefined) draft.named = parts.named
  if (parts.sourced !== undefined) draft.sourced = parts.sourced
  if (parts.unknown !== undefined) draft.unknown = parts.unknown
  return draft
}
