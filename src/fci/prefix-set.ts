import type { Prefix } from './prefix.ts'
import { lastValue } from './prefix.ts'

/**
 * Sorted by version, address and length, without prefixes that lie inside another one.
 * Neighbours are not joined: two /25 stay two /25, so that a match still reports the length that was advertised.
 */
export function canonicalPrefixes(prefixes: readonly Prefix[]): readonly Prefix[] {
  if (isCanonical(prefixes)) return prefixes
  const kept: Prefix[] = []
  let end = -1n
  let version = 0
  for (const prefix of [...prefixes].sort(comparePrefixes)) {
    if (prefix.version === version && prefix.value <= end) continue
    kept.push(prefix)
    version = prefix.version
    end = lastValue(prefix)
  }
  return kept
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
    if (left === undefined || right === undefined) return shared
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
