import { measureRanges } from './address-ranges.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { partsOf } from './footprint-loss.ts'

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
  /** Conjunctions with expressions that no list of values can say; their addresses are counted as if all met them. */
  readonly expressions: number
  /** URIs of named footprints that it refers to. */
  readonly named: readonly string[]
  /** Conjunctions with a constraint that we do not know: they hold for nobody. */
  readonly unknown: number
}

const MAX_NAMES = 1000

/** Counts what a footprint says; its lists hold at most 1000 entries each. */
export function summarizeCoverage(footprint: Footprint): CoverageSummary {
  const { v4, v6, asns, countries, subdivisions } = partsOf(footprint)
  const conjunctions = footprint.kind === 'global' ? [] : footprint.anyOf
  return {
    isGlobal: footprint.kind === 'global',
    ipv4Addresses: measureRanges(v4, 4),
    ipv6Prefixes48: measureRanges(v6, 6),
    ipv4Cidrs: countPrefixes(conjunctions, 4),
    ipv6Cidrs: countPrefixes(conjunctions, 6),
    asns: asns.slice(0, MAX_NAMES),
    countries: countries.slice(0, MAX_NAMES),
    subdivisions: subdivisions.slice(0, MAX_NAMES),
    narrowed: conjunctions.filter(isNarrowed).length,
    expressions: conjunctions.filter(({ expressions }) => expressions !== undefined).length,
    named: [...new Set(conjunctions.flatMap(({ named = [] }) => named.flat()))].sort().slice(0, MAX_NAMES),
    unknown: conjunctions.filter(({ unknown }) => unknown !== undefined).length,
  }
}

function countPrefixes(conjunctions: readonly Conjunction[], version: 4 | 6): number {
  let count = 0
  for (const { prefixes = [] } of conjunctions) {
    for (const prefix of prefixes) if (prefix.version === version) count++
  }
  return count
}

function isNarrowed(conjunction: Conjunction): boolean {
  return Object.values(conjunction).filter((value) => value !== undefined).length > 1
}
