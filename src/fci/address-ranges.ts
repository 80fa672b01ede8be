import type { Prefix } from './prefix.ts'
import { addressBits, lastValue } from './prefix.ts'

/** Addresses `first` to `last` of one version; a list of them is sorted and free of overlaps and neighbours. */
export interface AddressRange {
  readonly first: bigint
  readonly last: bigint
}

/** The addresses of one version in these prefixes. */
export function rangesOf(prefixes: readonly Prefix[], version: 4 | 6): readonly AddressRange[] {
  return joinRanges(
    prefixes
      .filter((prefix) => prefix.version === version)
      .map((prefix) => ({ first: prefix.value, last: lastValue(prefix) })),
  )
}

/** All addresses of a version. */
export function wholeSpace(version: 4 | 6): readonly AddressRange[] {
  return [{ first: 0n, last: (1n << BigInt(addressBits(version))) - 1n }]
}

/** The union of ranges in any order. */
export function joinRanges(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const joined: AddressRange[] = []
  for (const range of [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const before = joined.at(-1)
    if (before === undefined || range.first > before.last + 1n) joined.push(range)
    else if (range.last > before.last) joined[joined.length - 1] = { first: before.first, last: range.last }
  }
  return joined
}

/** The addresses of `a` that are not in `b`. Takes the time of the first, times the logarithm of the second. */
export function subtractRanges(a: readonly AddressRange[], b: readonly AddressRange[]): readonly AddressRange[] {
  const left: AddressRange[] = []
  for (const { first, last } of a) {
    let at = first
    for (let k = firstReaching(b, first); at <= last; k++) {
      const hole = b[k]
      if (hole === undefined || hole.first > last) {
        left.push({ first: at, last })
        break
      }
      if (hole.first > at) left.push({ first: at, last: hole.first - 1n })
      at = hole.last + 1n
    }
  }
  return left
}

/** The position of the first range that ends at this address or behind it. */
function firstReaching(ranges: readonly AddressRange[], value: bigint): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.last ?? value) >= value) high = middle
    else low = middle + 1
  }
  return low
}

/** How much that is: addresses for version 4, /48 prefixes for version 6 (a longer prefix is a fraction of one). */
export function measureRanges(ranges: readonly AddressRange[], version: 4 | 6): number {
  let addresses = 0n
  for (const { first, last } of ranges) addresses += last - first + 1n
  return version === 4 ? Number(addresses) : Number(addresses) / 2 ** 80
}

/** The largest prefixes inside the ranges, at most `count`, largest first. */
export function largestPrefixes(ranges: readonly AddressRange[], version: 4 | 6, count: number): readonly Prefix[] {
  const largest = [...ranges]
    .sort((a, b) => {
      const difference = b.last - b.first - (a.last - a.first)
      return difference > 0n ? 1 : difference < 0n ? -1 : 0
    })
    .slice(0, count)
  return largest
    .flatMap((range) => prefixesIn(range, version))
    .sort((a, b) => a.length - b.length || (a.value < b.value ? -1 : 1))
    .slice(0, count)
}

/** A range as the fewest prefixes; at most two of each length. */
function prefixesIn({ first, last }: AddressRange, version: 4 | 6): readonly Prefix[] {
  const bits = addressBits(version)
  const prefixes: Prefix[] = []
  let at = first
  while (at <= last) {
    let free = at === 0n ? bits : trailingZeros(at, bits)
    while (at + (1n << BigInt(free)) - 1n > last) free--
    prefixes.push({ version, value: at, length: bits - free })
    at += 1n << BigInt(free)
  }
  return prefixes
}

function trailingZeros(value: bigint, bits: number): number {
  let count = 0
  while (count < bits && ((value >> BigInt(count)) & 1n) === 0n) count++
  return count
}
