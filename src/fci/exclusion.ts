import type { Conjunction, Exclusion } from './footprint.ts'
import { canonicalPrefixes, intersectPrefixes, prefixesOutside, unitePrefixes } from './prefix-set.ts'
import { sortedNumbers, sortedTexts } from './sorted-values.ts'

type Lists<T> = { readonly [K in keyof Required<Exclusion>]: T }
type Wanted = { readonly [K in keyof Required<Exclusion>]: Conjunction[K] | undefined }

/**
 * Takes what is excluded out of canonical lists of what is wanted, as far as values can be taken out, and answers what
 * remains to be checked of each client. An exclusion whose fact is not among the wanted ones stays, even if it excludes
 * nobody, because it asks that the fact be known.
 */
export function applyExclusion(
  wanted: Wanted,
  excluded: Exclusion,
): { readonly wanted: Wanted; readonly excluded: Exclusion | undefined } {
  let { prefixes, asns, countries, subdivisions } = wanted
  let nowhere = excluded.prefixes && canonicalPrefixes(excluded.prefixes)
  let notAsns = excluded.asns && sortedNumbers(excluded.asns)
  let notCountries = excluded.countries && sortedTexts(excluded.countries)
  let notSubdivisions = excluded.subdivisions && sortedTexts(excluded.subdivisions)
  if (prefixes !== undefined && nowhere !== undefined) {
    prefixes = prefixesOutside(prefixes, nowhere)
    nowhere = intersectPrefixes(prefixes, nowhere)
  }
  if (asns !== undefined && notAsns !== undefined) {
    asns = without(asns, notAsns)
    notAsns = undefined
  }
  if (subdivisions !== undefined) {
    const outside = new Set(notCountries)
    subdivisions = without(subdivisions, notSubdivisions ?? [])
    subdivisions = subdivisions.filter((subdivision) => !outside.has(subdivision.slice(0, subdivision.indexOf('-'))))
    notCountries = notSubdivisions = undefined
  }
  if (countries !== undefined && notCountries !== undefined) {
    countries = without(countries, notCountries)
    notCountries = undefined
  }
  // Whose subdivision is known, their country is.
  if (notCountries?.length === 0 && notSubdivisions !== undefined) notCountries = undefined
  return {
    wanted: { prefixes, asns, countries, subdivisions },
    excluded: exclusionOf({
      prefixes: nowhere?.length === 0 ? undefined : nowhere,
      asns: notAsns,
      countries: notCountries,
      subdivisions: notSubdivisions,
    }),
  }
}

/** What either excludes. */
export function joinExclusions(a: Exclusion | undefined, b: Exclusion | undefined): Exclusion | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const prefixes =
    a.prefixes && b.prefixes
      ? unitePrefixes([canonicalPrefixes(a.prefixes), canonicalPrefixes(b.prefixes)])
      : (a.prefixes ?? b.prefixes)
  return exclusionOf({
    prefixes,
    asns: joined(a.asns, b.asns),
    countries: joined(a.countries, b.countries),
    subdivisions: joined(a.subdivisions, b.subdivisions),
  })
}

/** The values of both lists, if any is there. */
export function joined<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): readonly T[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : [...a, ...b]
}

function without<T>(values: readonly T[], unwanted: readonly T[]): readonly T[] {
  const left = new Set(unwanted)
  return values.filter((value) => !left.has(value))
}

function exclusionOf(parts: { readonly [K in keyof Lists<unknown>]: Exclusion[K] | undefined }): Exclusion | undefined {
  const { prefixes, asns, countries, subdivisions } = parts
  const exclusion: Exclusion = {
    ...(prefixes && { prefixes }),
    ...(asns && { asns }),
    ...(countries && { countries }),
    ...(subdivisions && { subdivisions }),
  }
  return Object.keys(exclusion).length === 0 ? undefined : exclusion
}
