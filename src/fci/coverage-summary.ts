import type { Conjunction, Footprint } from './footprint.ts'
import { footprintSize } from './footprint-size.ts'

/** How much a footprint speaks of. Codes are counted, not located: that needs a geo source. */
export interface CoverageSummary {
  /** Everybody. */
  readonly isGlobal: boolean
  readonly ipv4Addresses: number
  /** In /48 prefixes; a longer prefix is a fraction of one. */
  readonly ipv6Prefixes48: number
  readonly ipv4Cidrs: number
  readonly ipv6Cidrs: number
  readonly asns: readonly number[]
  readonly countries: readonly string[]
  readonly subdivisions: readonly string[]
  /** Conjunctions of several constraints, which narrow each other. */
  readonly narrowed: number
  /** Conjunctions that leave somebody out. */
  readonly excluding: number
  /** Conjunctions with expressions that no list of values can say. */
  readonly expressions: number
  /** URIs of named footprints that it refers to. */
  readonly named: readonly string[]
  /** Conjunctions with a constraint that we do not know: they hold for nobody. */
  readonly unknown: number
}

const MAX_NAMES = 1000
const NETWORKS_64_OF_48 = 65_536

/** Counts what a footprint says; its lists hold at most 1000 entries each. */
export function summarizeCoverage(footprint: Footprint): CoverageSummary {
  const { v4, v6, asns, countries, subdivisions, narrowed } = footprintSize(footprint)
  const conjunctions = footprint.kind === 'global' ? [] : footprint.anyOf
  const withMember = (member: keyof Conjunction): number =>
    conjunctions.filter((conjunction) => conjunction[member] !== undefined).length
  return {
    isGlobal: footprint.kind === 'global',
    ipv4Addresses: Number(v4),
    ipv6Prefixes48: Number(v6) / NETWORKS_64_OF_48,
    ipv4Cidrs: countPrefixes(conjunctions, 4),
    ipv6Cidrs: countPrefixes(conjunctions, 6),
    asns: asns.slice(0, MAX_NAMES),
    countries: countries.slice(0, MAX_NAMES),
    subdivisions: subdivisions.slice(0, MAX_NAMES),
    narrowed,
    excluding: withMember('excluded'),
    expressions: withMember('expressions'),
    named: [...new Set(conjunctions.flatMap(({ named = [] }) => named.flat()))].sort().slice(0, MAX_NAMES),
    unknown: withMember('unknown'),
  }
}

function countPrefixes(conjunctions: readonly Conjunction[], version: 4 | 6): number {
  let count = 0
  for (const { prefixes = [] } of conjunctions) {
    for (const prefix of prefixes) if (prefix.version === version) count++
  }
  return count
}
