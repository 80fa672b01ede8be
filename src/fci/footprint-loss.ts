import type { AddressRange } from './address-ranges.ts'
import { joinRanges, measureRanges, rangesOf, subtractRanges, wholeSpace } from './address-ranges.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { countryOfSubdivision } from './footprint-algebra.ts'
import { sortedNumbers, sortedTexts } from './sorted-values.ts'

/** What a footprint speaks of, taken apart: addresses where it names some (or all), and codes. */
export interface FootprintParts {
  readonly v4: readonly AddressRange[]
  readonly v6: readonly AddressRange[]
  readonly asns: readonly number[]
  readonly countries: readonly string[]
  readonly subdivisions: readonly string[]
}

/** More pairs of conjunctions are compared by their values alone, without looking at what else narrows them. */
const MAX_PAIRS = 1_000_000
/** More combinations of codes in one conjunction are compared as one. */
const MAX_COMBINATIONS = 256

const WHOLE: Conjunction = {}

/** All that a footprint speaks of. */
export function partsOf(footprint: Footprint): FootprintParts {
  return joinParts(conjunctionsOf(footprint).map((conjunction) => partsOfConjunction(conjunction)))
}

/**
 * What `before` speaks of and `after` no longer covers. Codes count as lost when most of their addresses are, so that a
 * country narrowed to one prefix is. Without a geo source nobody can tell that a lost prefix lies in a kept country:
 * it counts as lost.
 */
export function lostParts(before: Footprint, after: Footprint): FootprintParts {
  const old = conjunctionsOf(before)
  const kept = conjunctionsOf(after)
  const claims = old.flatMap(combinationsOf)
  if (claims.length * kept.length > MAX_PAIRS) return subtractParts(partsOf(before), partsOf(after))
  const keptSides = kept.map((conjunction) => ({
    conjunction,
    v4: addressesOf(conjunction, 4),
    v6: addressesOf(conjunction, 6),
  }))
  return joinParts(claims.map((claim) => lossOf(claim, keptSides)))
}

function conjunctionsOf(footprint: Footprint): readonly Conjunction[] {
  // An unknown constraint holds for nobody.
  return footprint.kind === 'global' ? [WHOLE] : footprint.anyOf.filter(({ unknown }) => unknown === undefined)
}

function partsOfConjunction(conjunction: Conjunction): FootprintParts {
  const speaks = speaksOfAddresses(conjunction)
  return {
    v4: speaks ? addressesOf(conjunction, 4) : [],
    v6: speaks ? addressesOf(conjunction, 6) : [],
    ...codesOf(conjunction),
  }
}

type Codes = Pick<FootprintParts, 'asns' | 'countries' | 'subdivisions'>

/** Its codes, those that certain sources are to judge too. */
function codesOf(conjunction: Conjunction): Codes {
  const { asns = [], countries = [], subdivisions = [], sourced = [] } = conjunction
  const within = sourced.flatMap((constraint) => conjunctionsOf(constraint.within)).map(codesOf)
  return {
    asns: [...asns, ...within.flatMap((codes) => codes.asns)],
    countries: [...countries, ...within.flatMap((codes) => codes.countries)],
    subdivisions: [...subdivisions, ...within.flatMap((codes) => codes.subdivisions)],
  }
}

/** It names addresses, or nothing else that says where it is. */
function speaksOfAddresses(conjunction: Conjunction): boolean {
  if (conjunction.prefixes !== undefined) return true
  return membersOf(conjunction).every(([name]) => name === 'excluded' || name === 'expressions')
}

function addressesOf({ prefixes, excluded }: Conjunction, version: 4 | 6): readonly AddressRange[] {
  const named = prefixes === undefined ? wholeSpace(version) : rangesOf(prefixes, version)
  return excluded?.prefixes === undefined ? named : subtractRanges(named, rangesOf(excluded.prefixes, version))
}

/** The conjunction once for every combination of its codes. */
function combinationsOf(conjunction: Conjunction): readonly Conjunction[] {
  const { asns = [], countries = [], subdivisions = [], ...rest } = conjunction
  const size = Math.max(1, asns.length) * Math.max(1, countries.length) * Math.max(1, subdivisions.length)
  const isSingle = [asns, countries, subdivisions].filter(({ length }) => length > 0).length === 1
  const values = rest.prefixes?.length ?? 0
  if (size * values > MAX_PAIRS || (size > MAX_COMBINATIONS && !isSingle)) return [conjunction]
  return each(asns).flatMap((asn) =>
    each(countries).flatMap((country) =>
      each(subdivisions).map((subdivision) => ({
        ...rest,
        ...(asn === undefined ? {} : { asns: [asn] }),
        ...(country === undefined ? {} : { countries: [country] }),
        ...(subdivision === undefined ? {} : { subdivisions: [subdivision] }),
      })),
    ),
  )
}

function each<T>(values: readonly T[]): readonly (T | undefined)[] {
  return values.length === 0 ? [undefined] : values
}

interface Side {
  readonly conjunction: Conjunction
  readonly v4: readonly AddressRange[]
  readonly v6: readonly AddressRange[]
}

function lossOf(conjunction: Conjunction, kept: readonly Side[]): FootprintParts {
  const covering = kept.filter((one) => coversBesideAddresses(one.conjunction, conjunction))
  const before = [addressesOf(conjunction, 4), addressesOf(conjunction, 6)] as const
  const lost4 = subtractRanges(before[0], joinRanges(covering.flatMap(({ v4 }) => v4)))
  const lost6 = subtractRanges(before[1], joinRanges(covering.flatMap(({ v6 }) => v6)))
  const isMostlyLost = share(lost4, before[0], 4) > 0.5 || share(lost6, before[1], 6) > 0.5
  const speaks = speaksOfAddresses(conjunction)
  return { v4: speaks ? lost4 : [], v6: speaks ? lost6 : [], ...codesOf(isMostlyLost ? conjunction : {}) }
}

function share(lost: readonly AddressRange[], of: readonly AddressRange[], version: 4 | 6): number {
  const whole = measureRanges(of, version)
  return whole === 0 ? 0 : measureRanges(lost, version) / whole
}

/** Whether whoever meets the constraints of `narrow` meets those of `wide`, addresses apart. */
function coversBesideAddresses(wide: Conjunction, narrow: Conjunction): boolean {
  const { excluded = {} } = wide
  const { excluded: left = {} } = narrow
  const countries = narrow.countries ?? narrow.subdivisions?.map(countryOfSubdivision)
  return (
    holdsAll(wide.asns, narrow.asns) &&
    holdsAll(wide.countries, countries) &&
    holdsAll(wide.subdivisions, narrow.subdivisions) &&
    leavesOut(excluded.asns, left.asns, narrow.asns) &&
    leavesOut(excluded.countries, left.countries, countries) &&
    leavesOut(excluded.subdivisions, left.subdivisions, narrow.subdivisions) &&
    holdsOthers(wide, narrow)
  )
}

/** Whether values that `wide` excludes are excluded by `narrow` too, or are none of those that it names. */
function leavesOut<T>(
  excluded: readonly T[] | undefined,
  left: readonly T[] | undefined,
  named: readonly T[] | undefined,
): boolean {
  if (excluded === undefined) return true
  if (named !== undefined) return !named.some((value) => holds(excluded, value))
  return left !== undefined && excluded.every((value) => holds(left, value))
}

const ORDERED = new Set(['prefixes', 'asns', 'countries', 'subdivisions', 'excluded'])

/** Constraints that have no finer order than equality. */
function holdsOthers(wide: Conjunction, narrow: Conjunction): boolean {
  const members = new Map(membersOf(narrow))
  return membersOf(wide).every(([name, value]) => ORDERED.has(name) || textOf(value) === textOf(members.get(name)))
}

function membersOf(conjunction: Conjunction): readonly (readonly [string, unknown])[] {
  return Object.entries(conjunction).filter(([, value]) => value !== undefined)
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)) ?? ''
}

/** Whether the values of a constraint hold all others; a constraint that is absent holds everything. */
function holdsAll<T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined): boolean {
  if (wide === undefined) return true
  return narrow !== undefined && narrow.every((value) => holds(wide, value))
}

const sets = new WeakMap<object, ReadonlySet<unknown>>()

/** `includes` of a list that is asked many times. */
function holds<T>(list: readonly T[], value: T): boolean {
  if (list.length < 8) return list.includes(value)
  const known = sets.get(list)
  if (known !== undefined) return known.has(value)
  const set = new Set(list)
  sets.set(list, set)
  return set.has(value)
}

function joinParts(parts: readonly FootprintParts[]): FootprintParts {
  return {
    v4: joinRanges(parts.flatMap(({ v4 }) => v4)),
    v6: joinRanges(parts.flatMap(({ v6 }) => v6)),
    asns: sortedNumbers(parts.flatMap(({ asns }) => asns)),
    countries: sortedTexts(parts.flatMap(({ countries }) => countries)),
    subdivisions: sortedTexts(parts.flatMap(({ subdivisions }) => subdivisions)),
  }
}

function subtractParts(a: FootprintParts, b: FootprintParts): FootprintParts {
  return {
    v4: subtractRanges(a.v4, b.v4),
    v6: subtractRanges(a.v6, b.v6),
    asns: without(a.asns, b.asns),
    countries: without(a.countries, b.countries),
    subdivisions: without(a.subdivisions, b.subdivisions),
  }
}

function without<T>(values: readonly T[], others: readonly T[]): readonly T[] {
  const gone = new Set(others)
  return values.filter((value) => !gone.has(value))
}
