import { conditionsOf } from './conjunction-conditions.ts'
import type { Conjunction, Footprint, SourcedConstraint } from './footprint.ts'
import { countryOf } from './footprint-algebra.ts'
import type { FootprintSource, SourcedFact, SourcedFacts } from './footprint-source.ts'
import type { Address, Prefix } from './prefix.ts'
import { containsAddress, formatPrefix, prefixOf } from './prefix.ts'

/** What a footprint is matched against. An absent fact is unknown and matches nothing. */
export interface ClientFacts {
  readonly address: Address
  readonly asn?: number
  /** ISO 3166-1 alpha-2, lower case. A known subdivision implies its country, whatever stands here. */
  readonly country?: string
  /** ISO 3166-2, lower case. */
  readonly subdivision?: string
  /**
   * The facts of this address by the given sources alone ([NF] 3.2). Absent: no source is at hand, and what depends on
   * one holds for nobody.
   */
  readonly under?: (sources: readonly FootprintSource[]) => SourcedFacts
}

/** The most specific constraint by which a footprint lets a client in. */
export interface FootprintMatch {
  readonly type: 'ipv4cidr' | 'ipv6cidr' | 'asn' | 'countrycode' | 'subdivisioncode' | 'global'
  /** As it would stand on the wire; `*` for a global footprint. */
  readonly value: string
  /** Bits of the matched prefix; 0 for matches that are not by prefix. */
  readonly prefixLength: number
}

export const GLOBAL_MATCH: FootprintMatch = { type: 'global', value: '*', prefixLength: 0 }

/**
 * The most specific way in, or undefined if the client is outside. A conjunction counts by its most specific
 * constraint: a longer prefix before a shorter one, then AS number, subdivision, country.
 */
export function matchFootprint(footprint: Footprint, client: ClientFacts): FootprintMatch | undefined {
  if (footprint.kind === 'global') return GLOBAL_MATCH
  let best: FootprintMatch | undefined
  for (const conjunction of footprint.anyOf) {
    const match = matchConjunction(conjunction, client)
    if (match !== undefined && (best === undefined || compareMatches(match, best) < 0)) best = match
  }
  return best
}

/** How one conjunction lets a client in, if it does. */
export function matchConjunction(conjunction: Conjunction, client: ClientFacts): FootprintMatch | undefined {
  const { prefixes, asns, countries, subdivisions, sourced = [] } = conjunction
  if (!isMatchable(conjunction)) return undefined
  const conditions = conditionsOf(conjunction)
  if (conditions?.(client) === false) return undefined
  const { asn, subdivision } = client
  const country = countryOf(client)
  if (asns !== undefined && (asn === undefined || !asns.includes(asn))) return undefined
  if (subdivisions !== undefined && (subdivision === undefined || !subdivisions.includes(subdivision))) return undefined
  if (countries !== undefined && (country === undefined || !countries.includes(country))) return undefined
  let bySource: FootprintMatch | undefined
  for (const constraint of sourced) {
    const match = matchSourced(constraint, client)
    if (match === undefined) return undefined
    if (bySource === undefined || compareMatches(match, bySource) < 0) bySource = match
  }
  if (prefixes !== undefined) {
    const prefix = longestPrefix(prefixes, client.address)
    return prefix === undefined ? undefined : prefixMatch(prefix)
  }
  if (asns !== undefined && asn !== undefined) return asnMatch(asn)
  if (subdivisions !== undefined && subdivision !== undefined) return subdivisionMatch(subdivision)
  if (countries !== undefined && country !== undefined) return countryMatch(country)
  if (bySource !== undefined) return bySource
  return conditions === undefined ? undefined : prefixMatch(prefixOf(client.address, 0))
}

/** Whether a conjunction has nothing that holds for nobody: unknown constraints, and references left unresolved. */
export function isMatchable({ unknown, named }: Conjunction): boolean {
  return !unknown?.length && !named?.length
}

/** Whether a client meets a constraint by the facts of its sources alone, and how. */
export function matchSourced({ sources, within }: SourcedConstraint, client: ClientFacts): FootprintMatch | undefined {
  if (client.under === undefined) return undefined
  const { asn, country, subdivision } = client.under(sources)
  const isGiven = (fact: SourcedFact): boolean => sources.some(({ facts }) => facts.includes(fact))
  return matchFootprint(within, {
    address: client.address,
    ...(asn !== undefined && isGiven('asn') && { asn }),
    ...(country !== undefined && isGiven('country') && { country }),
    ...(subdivision !== undefined && isGiven('subdivision') && { subdivision }),
  })
}

function longestPrefix(prefixes: readonly Prefix[], address: Address): Prefix | undefined {
  let best: Prefix | undefined
  for (const prefix of prefixes) {
    if (containsAddress(prefix, address) && (best === undefined || prefix.length > best.length)) best = prefix
  }
  return best
}

export function prefixMatch(prefix: Prefix): FootprintMatch {
  return {
    type: prefix.version === 4 ? 'ipv4cidr' : 'ipv6cidr',
    value: formatPrefix(prefix),
    prefixLength: prefix.length,
  }
}

export function asnMatch(asn: number): FootprintMatch {
  return { type: 'asn', value: `as${asn}`, prefixLength: 0 }
}

export function subdivisionMatch(subdivision: string): FootprintMatch {
  return { type: 'subdivisioncode', value: subdivision, prefixLength: 0 }
}

export function countryMatch(country: string): FootprintMatch {
  return { type: 'countrycode', value: country, prefixLength: 0 }
}

/**
 * Negative if `a` is more specific than `b`: longer prefix first; without a prefix AS number, subdivision, country;
 * last a prefix of length 0 and the global footprint, which both let everybody in.
 */
export function compareMatches(
  a: Pick<FootprintMatch, 'type' | 'prefixLength'>,
  b: Pick<FootprintMatch, 'type' | 'prefixLength'>,
): number {
  return b.prefixLength - a.prefixLength || RANK[a.type] - RANK[b.type]
}

const RANK: Readonly<Record<FootprintMatch['type'], number>> = {
  asn: 0,
  subdivisioncode: 1,
  countrycode: 2,
  ipv4cidr: 3,
  ipv6cidr: 3,
  global: 4,
}
