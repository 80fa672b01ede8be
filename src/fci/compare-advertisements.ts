import { largestPrefixes, measureRanges } from './address-ranges.ts'
import type { Advertisement } from './advertisement.ts'
import type { CapabilityChange } from './compare-capabilities.ts'
import { compareCapabilities } from './compare-capabilities.ts'
import type { Footprint } from './footprint.ts'
import { NOBODY } from './footprint-algebra.ts'
import type { FootprintParts } from './footprint-loss.ts'
import { lostParts, partsOf } from './footprint-loss.ts'
import { deliveryFootprint, moqFootprint } from './moq-capability.ts'
import { formatPrefix } from './prefix.ts'

/** What of one address family, or of one kind of code, two footprints say. Examples are bounded. */
export interface Change {
  /** Addresses (IPv4), /48 prefixes (IPv6), or codes. */
  readonly before: number
  readonly after: number
  readonly gained: number
  readonly lost: number
  readonly gainedExamples: readonly string[]
  readonly lostExamples: readonly string[]
}

export interface SpaceDifference {
  readonly v4: Change
  readonly v6: Change
  readonly asns: Change
  readonly countries: Change
  readonly subdivisions: Change
}

/** Shares between 0 (nothing lost) and 1; what was empty before loses nothing. */
export interface LostShares {
  readonly v4: number
  readonly v6: number
  /** AS numbers, countries and subdivisions together. */
  readonly codes: number
}

/** JSON, and bounded whatever the advertisements hold. */
export interface AdvertisementDifference {
  readonly changed: boolean
  /** Where MoQ is served; absent if neither says that it serves MoQ. */
  readonly moq?: SpaceDifference
  /** Where anything is delivered. */
  readonly delivery: SpaceDifference
  /** The larger of both. */
  readonly lostShares: LostShares
  readonly capabilities: readonly CapabilityChange[]
  /** How many changes of capabilities are not listed. */
  readonly furtherCapabilities: number
}

const MAX_EXAMPLES = 5
const MAX_CAPABILITY_CHANGES = 100

/** What changed from one advertisement to the next: the address space that it serves, and its capabilities. */
export function compareAdvertisements(before: Advertisement, after: Advertisement): AdvertisementDifference {
  const moq = compareFootprints(moqFootprint(before), moqFootprint(after))
  const delivery = compareFootprints(deliveryFootprint(before), deliveryFootprint(after)) ?? NO_SPACE
  const capabilities = compareCapabilities(before.capabilities, after.capabilities)
  return {
    changed: capabilities.length > 0,
    ...(moq && { moq }),
    delivery,
    lostShares: largerShares(lostSharesOf(moq), lostSharesOf(delivery)),
    capabilities: capabilities.slice(0, MAX_CAPABILITY_CHANGES),
    furtherCapabilities: Math.max(0, capabilities.length - MAX_CAPABILITY_CHANGES),
  }
}

/**
 * The share of its coverage that the provider no longer claims, 0 to 1: the largest of IPv4, IPv6 and codes, for MoQ
 * or for delivery. 1 when the new advertisement is empty and the old one was not.
 */
export function lostShare(before: Advertisement, after: Advertisement): number {
  const shares = [
    lossOf(moqFootprint(before), moqFootprint(after)),
    lossOf(deliveryFootprint(before), deliveryFootprint(after)),
  ]
  return Math.max(...shares.flatMap(({ v4, v6, codes }) => [v4, v6, codes]))
}

/** Where the capabilities hold together, taken apart and measured as one side of a difference. */
export function compareFootprints(before?: Footprint, after?: Footprint): SpaceDifference | undefined {
  if (before === undefined && after === undefined) return undefined
  const [a, b] = [before ?? NOBODY, after ?? NOBODY]
  const [was, is] = [partsOf(a), partsOf(b)]
  const [lost, gained] = [lostParts(a, b), lostParts(b, a)]
  return {
    v4: addressChange(4, was.v4, is.v4, gained.v4, lost.v4),
    v6: addressChange(6, was.v6, is.v6, gained.v6, lost.v6),
    asns: codeChange(was.asns, is.asns, gained.asns, lost.asns, (asn) => `AS${asn}`),
    countries: codeChange(was.countries, is.countries, gained.countries, lost.countries, (code) => code.toUpperCase()),
    subdivisions: codeChange(was.subdivisions, is.subdivisions, gained.subdivisions, lost.subdivisions, (code) =>
      code.toUpperCase(),
    ),
  }
}

const NO_CHANGE: Change = { before: 0, after: 0, gained: 0, lost: 0, gainedExamples: [], lostExamples: [] }
const NO_SPACE: SpaceDifference = {
  v4: NO_CHANGE,
  v6: NO_CHANGE,
  asns: NO_CHANGE,
  countries: NO_CHANGE,
  subdivisions: NO_CHANGE,
}

type Ranges = FootprintParts['v4']

function addressChange(version: 4 | 6, before: Ranges, after: Ranges, gained: Ranges, lost: Ranges): Change {
  const examples = (ranges: Ranges): readonly string[] =>
    largestPrefixes(ranges, version, MAX_EXAMPLES).map(formatPrefix)
  return {
    before: measureRanges(before, version),
    after: measureRanges(after, version),
    gained: measureRanges(gained, version),
    lost: measureRanges(lost, version),
    gainedExamples: examples(gained),
    lostExamples: examples(lost),
  }
}

function codeChange<T>(
  before: readonly T[],
  after: readonly T[],
  gained: readonly T[],
  lost: readonly T[],
  print: (code: T) => string,
): Change {
  return {
    before: before.length,
    after: after.length,
    gained: gained.length,
    lost: lost.length,
    gainedExamples: gained.slice(0, MAX_EXAMPLES).map(print),
    lostExamples: lost.slice(0, MAX_EXAMPLES).map(print),
  }
}

function lossOf(before: Footprint | undefined, after: Footprint | undefined): LostShares {
  if (before === undefined) return { v4: 0, v6: 0, codes: 0 }
  const was = partsOf(before)
  const lost = lostParts(before, after ?? NOBODY)
  return {
    v4: ratio(measureRanges(lost.v4, 4), measureRanges(was.v4, 4)),
    v6: ratio(measureRanges(lost.v6, 6), measureRanges(was.v6, 6)),
    codes: ratio(countCodes(lost), countCodes(was)),
  }
}

function countCodes({ asns, countries, subdivisions }: FootprintParts): number {
  return asns.length + countries.length + subdivisions.length
}

function lostSharesOf(space: SpaceDifference | undefined): LostShares {
  if (space === undefined) return { v4: 0, v6: 0, codes: 0 }
  const codes = [space.asns, space.countries, space.subdivisions]
  const sum = (pick: (change: Change) => number): number => codes.reduce((total, change) => total + pick(change), 0)
  return {
    v4: ratio(space.v4.lost, space.v4.before),
    v6: ratio(space.v6.lost, space.v6.before),
    codes: ratio(
      sum(({ lost }) => lost),
      sum(({ before }) => before),
    ),
  }
}

function largerShares(a: LostShares, b: LostShares): LostShares {
  return { v4: Math.max(a.v4, b.v4), v6: Math.max(a.v6, b.v6), codes: Math.max(a.codes, b.codes) }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
