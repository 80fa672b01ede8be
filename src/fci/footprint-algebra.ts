import { canonicalJson, toJsonValue } from './canonical-json.ts'
import { applyExclusion, joinExclusions, joined } from './exclusion.ts'
import type { Conjunction, Exclusion, Footprint } from './footprint.ts'
import {
  ALL_PREFIXES,
  canonicalPrefixes,
  comparePrefixes,
  holdsEveryAddress,
  intersectPrefixes,
  unitePrefixes,
} from './prefix-set.ts'
import { compareTexts, sortedNumbers, sortedTexts } from './sorted-values.ts'

export const GLOBAL: Footprint = { kind: 'global' }
/** Holds for nobody. Not the same as an empty `footprints` list on the wire, which means everybody. */
export const NOBODY: Footprint = { kind: 'some', anyOf: [] }

/** Deepest JSON kept inside a value that we do not understand. */
export const MAX_OPAQUE_DEPTH = 32

type UnknownConstraint = NonNullable<Conjunction['unknown']>[number]

/** The footprint of all clients in any of these conjunctions, in canonical form. */
export function footprintOf(conjunctions: readonly Conjunction[]): Footprint {
  const canonical: Conjunction[] = []
  for (const conjunction of conjunctions) {
    const one = canonicalConjunction(conjunction)
    if (one !== undefined) canonical.push(one)
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
      unknown,
    }),
  )
}

/** Sorted and free of repetitions; undefined if no client can satisfy it. */
export function canonicalConjunction(conjunction: Conjunction): Conjunction | undefined {
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
  const isNarrowed = asns !== undefined || countries !== undefined || subdivisions !== undefined
  const excluded =
    conjunction.excluded && Object.keys(conjunction.excluded).length > 0 ? conjunction.excluded : undefined
  const speaksOfAll = isNarrowed
    ? excluded?.prefixes !== undefined
    : excluded !== undefined || expressions !== undefined
  const prefixes = conjunction.prefixes
    ? canonicalPrefixes(conjunction.prefixes)
    : speaksOfAll
      ? ALL_PREFIXES
      : undefined
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
    unknown,
  })
  // Two objects of type `expr` in one list are alternatives, so this has no wire form; it holds for nobody.
  const isExpression = canonical.excluded !== undefined || expressions !== undefined
  if (isExpression && unknown?.some(({ type }) => type === 'expr')) return undefined
  return Object.keys(canonical).length === 0 ? undefined : canonical
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
  for (const conjunction of conjunctions) {
    if (Object.keys(conjunction).length > 1 || conjunction.unknown !== undefined) merged.push(conjunction)
    else {
      if (conjunction.prefixes !== undefined) prefixes.push(conjunction.prefixes)
      for (const asn of conjunction.asns ?? []) asns.push(asn)
      for (const country of conjunction.countries ?? []) countries.push(country)
      for (const subdivision of conjunction.subdivisions ?? []) subdivisions.push(subdivision)
    }
  }
  for (const single of [{ prefixes: unitePrefixes(prefixes) }, { asns }, { countries }, { subdivisions }]) {
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

function sortedUnknown(unknown: readonly UnknownConstraint[]): readonly UnknownConstraint[] {
  const byText = new Map(unknown.map((constraint) => [unknownText(constraint), constraint]))
  return [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, constraint]) => constraint)
}

function unknownText({ type, value }: UnknownConstraint): string {
  return canonicalJson([type, toJsonValue(value, MAX_OPAQUE_DEPTH) ?? null])
}

/** Order of canonical footprints; 0 only for equal conjunctions. */
export function compareConjunctions(a: Conjunction, b: Conjunction): number {
  return (
    compareLists(a.prefixes, b.prefixes, comparePrefixes) ||
    compareLists(a.asns, b.asns, (left, right) => left - right) ||
    compareLists(a.countries, b.countries, compareTexts) ||
    compareLists(a.subdivisions, b.subdivisions, compareTexts) ||
    compareExclusions(a.excluded, b.excluded) ||
    compareLists(a.expressions, b.expressions, compareTexts) ||
    compareLists(a.unknown, b.unknown, (left, right) => compareTexts(unknownText(left), unknownText(right)))
  )
}

function compareExclusions(a: Exclusion | undefined, b: Exclusion | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return compareConjunctions(a, b)
}

function compareLists<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  compare: (left: T, right: T) => number,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  for (const [i, left] of a.entries()) {
    const right = b[i]
    if (right === undefined) return 1
    const order = compare(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
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
  if (parts.unknown !== undefined) draft.unknown = parts.unknown
  return draft
}
