import type { AddressRange } from './address-ranges.ts'
import { joinRanges, rangesOf, subtractRanges } from './address-ranges.ts'
import type { Address, Prefix } from './prefix.ts'

/** Addresses of both versions. */
export interface AddressSet {
  readonly v4: readonly AddressRange[]
  readonly v6: readonly AddressRange[]
}

export const NO_ADDRESSES: AddressSet = { v4: [], v6: [] }

/** The addresses of prefixes. */
export function addressesOf(prefixes: readonly Prefix[]): AddressSet {
  return { v4: rangesOf(prefixes, 4), v6: rangesOf(prefixes, 6) }
}

export function uniteAddresses(sets: readonly AddressSet[]): AddressSet {
  return { v4: joinRanges(sets.flatMap(({ v4 }) => v4)), v6: joinRanges(sets.flatMap(({ v6 }) => v6)) }
}

/** The addresses of one set that are not in the other. */
export function subtractAddresses(from: AddressSet, taken: AddressSet): AddressSet {
  return { v4: subtractRanges(from.v4, taken.v4), v6: subtractRanges(from.v6, taken.v6) }
}

/** Some address of a set; the same for equal sets. */
export function exampleOf({ v4, v6 }: AddressSet): Address | undefined {
  const [first] = v4
  if (first !== undefined) return { version: 4, value: first.first }
  const [second] = v6
  return second && { version: 6, value: second.first }
}

/** How many addresses ranges have. */
export function countAddresses(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((count, { first, last }) => count + last - first + 1n, 0n)
}
