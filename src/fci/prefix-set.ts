import type { Address, Prefix } from './prefix.ts'
import { containsAddress, lastValue } from './prefix.ts'
import { PrefixColumns } from './prefix-columns.ts'

/** Lists known to be canonical, because going through a long one again costs more than everything else. */
const canonicalLists = new WeakSet<readonly Prefix[]>()

/**
 * Sorted by version, address and length, without prefixes that lie inside another one.
 * Neighbours are not joined: two /25 stay two /25, so that a match still reports the length that was advertised.
 */
export function canonicalPrefixes(prefixes: readonly Prefix[]): readonly Prefix[] {
  if (canonicalLists.has(prefixes)) return prefixes
  if (isCanonical(prefixes)) return markCanonical(prefixes)
  const v4 = new PrefixColumns(4, prefixes.length)
  const v6 = new PrefixColumns(6, 0)
  for (const prefix of prefixes) (prefix.version === 4 ? v4 : v6).add(prefix)
  return canonicalPrefixesOf([v4, v6])
}

/** The same for prefixes in columns. */
export function canonicalPrefixesOf(columns: readonly PrefixColumns[]): readonly Prefix[] {
  return unitePrefixes(columns.map((column) => markCanonical(column.canonicalPrefixes())))
}

/** The prefixes of all these canonical lists, as a canonical list. */
export function unitePrefixes(lists: readonly (readonly Prefix[])[]): readonly Prefix[] {
  const ordered = lists.filter((list) => list.length > 0).sort(compareFirst)
  const [first, ...others] = ordered
  if (first === undefined || others.length === 0) return first ?? []
  const united = first.concat(...others)
  const apart = others.every((list, i) => liesBehind(list[0], ordered[i]?.at(-1)))
  return apart ? markCanonical(united) : canonicalPrefixes(united)
}

/** Every address of both versions. */
export const ALL_PREFIXES: readonly Prefix[] = markCanonical([
  { version: 4, value: 0n, length: 0 },
  { version: 6, value: 0n, length: 0 },
])

/** Whether a canonical list holds every address. */
export function holdsEveryAddress(prefixes: readonly Prefix[]): boolean {
  return prefixes.length === 2 && prefixes.every(({ length }) => length === 0)
}

/** Whether any prefix of a canonical list holds the address; takes logarithmic time. */
export function holdsAddress(prefixes: readonly Prefix[], address: Address): boolean {
  let low = 0
  let high = prefixes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const prefix = prefixes[middle]
    if (prefix === undefined || comparePrefixes(prefix, { ...address, length: 128 }) > 0) high = middle
    else low = middle + 1
  }
  const last = prefixes[low - 1]
  return last !== undefined && containsAddress(last, address)
}

/** The prefixes of one canonical list that do not lie inside the other. */
export function prefixesOutside(prefixes: readonly Prefix[], others: readonly Prefix[]): readonly Prefix[] {
  const inside = new Set(intersectPrefixes(prefixes, others))
  const outside = prefixes.filter((prefix) => !inside.has(prefix))
  return outside.length === prefixes.length ? prefixes : markCanonical(outside)
}

function compareFirst([a]: readonly Prefix[], [b]: readonly Prefix[]): number {
  return a === undefined || b === undefined ? 0 : comparePrefixes(a, b)
}

function liesBehind(prefix: Prefix | undefined, last: Prefix | undefined): boolean {
  if (prefix === undefined || last === undefined) return false
  return prefix.version > last.version || (prefix.version === last.version && prefix.value > lastValue(last))
}

/** Takes the caller's word that a list is canonical: it was found to be, and came back from elsewhere as it was. */
export function markCanonical(prefixes: readonly Prefix[]): readonly Prefix[] {
  canonicalLists.add(prefixes)
  return prefixes
}

function isCanonical(prefixes: readonly Prefix[]): boolean {
  return prefixes.every((prefix, i) => i === 0 || liesBehind(prefix, prefixes[i - 1]))
}

/** Order of canonical sets: IPv4 before IPv6, then by address, a wider prefix before those inside it. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.version !== b.version) return a.version - b.version
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.length - b.length
}

/** The addresses that lie in both canonical sets, as a canonical set. */
export function intersectPrefixes(a: readonly Prefix[], b: readonly Prefix[]): readonly Prefix[] {
  const shared: Prefix[] = []
  let i = 0
  let j = 0
  for (;;) {
    const left = a[i]
    const right = b[j]
    if (left === undefined || right === undefined) return markCanonical(shared)
    if (left.version !== right.version) {
      if (left.version < right.version) i++
      else j++
      continue
    }
    const leftEnd = lastValue(left)
    const rightEnd = lastValue(right)
    // Two prefixes are disjoint or nested, so what they share is the longer one.
    if (left.value <= rightEnd && right.value <= leftEnd) shared.push(left.length >= right.length ? left : right)
    if (leftEnd <= rightEnd) i++
    if (rightEnd <= leftEnd) j++
  }
}
