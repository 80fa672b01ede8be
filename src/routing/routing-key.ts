import type { Address } from '../fci/prefix.ts'
import { formatPrefix, prefixOf } from '../fci/prefix.ts'
import type { Stickiness } from './policy.ts'

/**
 * The stickiness key of a client's neighbourhood, its /24 or /48: a client that changes its address within it, or comes
 * through another resolver of the same network, keeps its CDN.
 */
export function clientPrefixKey(address: Address): string {
  if (address.version === 6) return formatPrefix(prefixOf(address, 48))
  const value = Number(address.value)
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.0/24`
}

/** What keeps answers together under a policy. */
export function stickinessKey(
  stickiness: Stickiness,
  question: { readonly scope?: string | undefined; readonly session?: string | undefined },
  prefixKey: string,
): string {
  switch (stickiness) {
    case 'session':
      return question.session ?? prefixKey
    case 'prefix':
      return prefixKey
    case 'scope':
      return question.scope ?? prefixKey
  }
}
