import type { Prefix } from './prefix.ts'
import { lastValue } from './prefix.ts'
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

/** The same for prefixes in columns, which are to be given IPv4 first. */
export function canonicalPrefixesOf(columns: readonly PrefixColumns[]): readonly Prefix[] {
  const kept: Prefix[] = []
  for (const column of columns) column.appendCanonical(kept)
  return markCanonical(kept)
}

/** The prefixes of all canonical lists, as a canonical list. */
export function unitePrefixes(lists: readonly (readonly Prefix[])[]): readonly Prefix[] {
  const [first, ...others] = lists
  if (first === undefined || others.length === 0) return first ?? []
  return canonicalPrefixes(lists.flat())
}

function markCanonical(prefixes: readonly Prefix[]): readonly Prefix[] {
  canonicalLists.add(prefixes)
  return prefixes
}

function isCanonical(prefixes: readonly Prefix[]): boolean {
  let previous: Prefix | undefined
  for (const prefix of prefixes) {
    if (previous !== undefined) {
      if (prefix.version < previous.version) return false
      if (prefix.version === previous.version && prefix.value <= lastValue(previous)) return false
    }
    previous = prefix
  }
  return true
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
