import type { AddressRange } from './address-ranges.ts'
import { joinRanges } from './address-ranges.ts'
import { addressesOf, countAddresses, subtractAddresses, uniteAddresses } from './address-set.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { isMatchable } from './match-footprint.ts'
import { ALL_PREFIXES } from './prefix-set.ts'
import { sortedNumbers, sortedTexts } from './sorted-values.ts'

/** How much a footprint speaks of. Every address counts once, however many of its prefixes hold it. */
export interface FootprintSize {
  /** IPv4 addresses. */
  readonly v4: bigint
  /** /64 networks of IPv6 of which at least one address is in it. */
  readonly v6: bigint
  readonly asns: readonly number[]
  readonly countries: readonly string[]
  readonly subdivisions: readonly string[]
  /** Conjunctions that other kinds of constraints narrow too, so that this counts more than they hold. */
  readonly narrowed: number
}

/** The size of a footprint, exact where `narrowed` is 0. What holds for nobody does not count. */
export function footprintSize(footprint: Footprint): FootprintSize {
  const conjunctions = footprint.kind === 'global' ? [{ prefixes: ALL_PREFIXES }] : footprint.anyOf.filter(isMatchable)
  const { v4, v6 } = uniteAddresses(conjunctions.filter(({ prefixes }) => prefixes !== undefined).map(addressesIn))
  const facts = conjunctions.flatMap(({ sourced = [], ...own }): readonly Conjunction[] => [
    own,
    ...sourced.flatMap(({ within }) => (within.kind === 'global' ? [] : within.anyOf)),
  ])
  return {
    v4: countAddresses(v4),
    v6: countAddresses(joinRanges(v6.map(networksOf))),
    asns: sortedNumbers(facts.flatMap(({ asns = [] }) => asns)),
    countries: sortedTexts(facts.flatMap(({ countries = [] }) => countries)),
    subdivisions: sortedTexts(facts.flatMap(({ subdivisions = [] }) => subdivisions)),
    narrowed: conjunctions.filter(isNarrowed).length,
  }
}

function addressesIn({ prefixes = [], excluded }: Conjunction) {
  return subtractAddresses(addressesOf(prefixes), addressesOf(excluded?.prefixes ?? []))
}

/** The /64 networks that a range touches, as a range of their numbers. */
function networksOf({ first, last }: AddressRange): AddressRange {
  return { first: first >> 64n, last: last >> 64n }
}

/** Whether more than one kind of constraint stands in it; an exclusion of addresses is counted exactly. */
function isNarrowed({ prefixes, excluded = {}, sourced = [], ...others }: Conjunction): boolean {
  const { prefixes: outside, ...facts } = excluded
  const kinds = [...Object.values(others), ...Object.values(facts)].length + sourced.length
  return kinds + Number(prefixes !== undefined) > 1 || (outside !== undefined && prefixes === undefined)
}
