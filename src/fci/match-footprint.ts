import { conditionsOf } from './conjunction-conditions.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { countryOf } from './footprint-algebra.ts'
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

function matchConjunction(conjunction: Conjunction, client: ClientFacts): FootprintMatch | undefined {
  const { prefixes, asns, countries, subdivisions, unknown } = conjunction
  if (unknown !== undefined && unknown.length > 0) return undefined
  const conditions = conditionsOf(conjunction)
  if (conditions?.(client) === false) return undefined
  const { asn, subdivision } = client
  const country = countryOf(client)
  if (asns !== undefined && (asn === undefined || !asns.includes(asn))) return undefined
  if (subdivisions !== undefined && (subdivision === undefined || !subdivisions.includes(subdivision))) return undefined
  if (countries !== undefined && (country === undefined || !countries.includes(country))) return undefined
  if (prefixes !== undefined) {
    const prefix = longestPrefix(prefixes, client.address)
    return prefix === undefined ? undefined : prefixMatch(prefix)
  }
  if (asns !== undefined && asn !== undefined) return asnMatch(asn)
  if (subdivisions !== undefined && subdivision !== undefined) return subdivisionMatch(subdivision)
  if (countries !== undefined && country !== undefined) return countryMatch(country)
  return conditions === undefined ? undefined : prefixMatch(prefixOf(client.address, 0))
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
export function compareMatches(a: FootprintMatch, b: FootprintMatch): number {
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
