import type { Conditions } from '../fci/conjunction-conditions.ts'
import { conditionsOf } from '../fci/conjunction-conditions.ts'
import type { Conjunction, Footprint, SourcedConstraint } from '../fci/footprint.ts'
import { countryOf } from '../fci/footprint-algebra.ts'
import type { ClientFacts, FootprintMatch } from '../fci/match-footprint.ts'
import {
  asnMatch,
  compareMatches,
  countryMatch,
  GLOBAL_MATCH,
  isMatchable,
  matchConjunction,
  matchSourced,
  prefixMatch,
  subdivisionMatch,
} from '../fci/match-footprint.ts'
import type { Prefix } from '../fci/prefix.ts'
import { ALL_PREFIXES } from '../fci/prefix-set.ts'
import { buildRangeTable } from './range-table.ts'

/** A footprint compiled for lookups: gives what `matchFootprint` gives, without reading every prefix. */
export interface FootprintIndex {
  readonly match: (client: ClientFacts) => FootprintMatch | undefined
}

/** What of one conjunction is left to check once its prefix or its most specific fact has led to it. */
interface Rest {
  readonly asns: ReadonlySet<number> | undefined
  readonly subdivisions: ReadonlySet<string> | undefined
  readonly countries: ReadonlySet<string> | undefined
  readonly conditions: Conditions | undefined
  readonly sourced: readonly SourcedConstraint[]
}

export function buildFootprintIndex(footprint: Footprint): FootprintIndex {
  if (footprint.kind === 'global') return { match: () => GLOBAL_MATCH }
  const prefixes: Prefix[] = []
  const restOfPrefix: Rest[] = []
  const byAsn = new Map<number, Rest[]>()
  const bySubdivision = new Map<string, Rest[]>()
  const byCountry = new Map<string, Rest[]>()
  // Nothing but the facts of certain sources leads to these, and those sources are not known here.
  const bySources: Conjunction[] = []
  for (const conjunction of footprint.anyOf) {
    if (!isMatchable(conjunction)) continue
    const rest = restOf(conjunction)
    const { asns, subdivisions, countries } = conjunction
    const isNarrowed = asns !== undefined || subdivisions !== undefined || countries !== undefined
    if (!isNarrowed && conjunction.prefixes === undefined && rest.sourced.length > 0) {
      bySources.push(conjunction)
      continue
    }
    // Exclusions and expressions alone speak of the whole address space.
    const everywhere = !isNarrowed && rest.conditions !== undefined ? ALL_PREFIXES : undefined
    const positive = conjunction.prefixes ?? everywhere
    if (positive !== undefined) {
      for (const prefix of positive) {
        prefixes.push(prefix)
        restOfPrefix.push(rest)
      }
    } else if (asns !== undefined) addAll(byAsn, asns, rest)
    else if (subdivisions !== undefined) addAll(bySubdivision, subdivisions, rest)
    else addAll(byCountry, countries ?? [], rest)
  }
  const table = buildRangeTable(prefixes)

  const matchOwn = (client: ClientFacts): FootprintMatch | undefined => {
    let wholeFamily: FootprintMatch | undefined
    for (let i = table.find(client.address); i >= 0; i = table.parentOf(i)) {
      const prefix = prefixes[i]
      if (prefix === undefined || !admits(restOfPrefix[i], client)) continue
      if (prefix.length > 0) return prefixMatch(prefix)
      wholeFamily = prefixMatch(prefix)
    }
    const { asn, subdivision } = client
    const country = countryOf(client)
    if (asn !== undefined && anyAdmits(byAsn.get(asn), client)) return asnMatch(asn)
    if (subdivision !== undefined && anyAdmits(bySubdivision.get(subdivision), client))
      return subdivisionMatch(subdivision)
    if (country !== undefined && anyAdmits(byCountry.get(country), client)) return countryMatch(country)
    // A prefix of length 0 holds everybody of its family and so says least (`compareMatches`).
    return wholeFamily
  }
  const match = (client: ClientFacts): FootprintMatch | undefined => {
    let best = matchOwn(client)
    for (const conjunction of bySources) {
      const found = matchConjunction(conjunction, client)
      if (found !== undefined && (best === undefined || compareMatches(found, best) < 0)) best = found
    }
    return best
  }
  return { match: bySources.length === 0 ? matchOwn : match }
}

function restOf(conjunction: Conjunction): Rest {
  const { asns, subdivisions, countries } = conjunction
  return {
    asns: asns && new Set(asns),
    subdivisions: subdivisions && new Set(subdivisions),
    countries: countries && new Set(countries),
    conditions: conditionsOf(conjunction),
    sourced: conjunction.sourced ?? [],
  }
}

function addAll<K>(index: Map<K, Rest[]>, keys: readonly K[], rest: Rest): void {
  for (const key of keys) {
    const rests = index.get(key)
    if (rests === undefined) index.set(key, [rest])
    else rests.push(rest)
  }
}

function anyAdmits(rests: readonly Rest[] | undefined, client: ClientFacts): boolean {
  return rests?.some((rest) => admits(rest, client)) ?? false
}

function admits(rest: Rest | undefined, client: ClientFacts): boolean {
  if (rest === undefined) return false
  const { asn, subdivision } = client
  const country = countryOf(client)
  if (rest.asns !== undefined && (asn === undefined || !rest.asns.has(asn))) return false
  if (rest.subdivisions !== undefined && (subdivision === undefined || !rest.subdivisions.has(subdivision)))
    return false
  if (rest.countries !== undefined && (country === undefined || !rest.countries.has(country))) return false
  if (rest.conditions?.(client) === false) return false
  return rest.sourced.every((constraint) => matchSourced(constraint, client) !== undefined)
}
