import type { Address } from '../fci/prefix.ts'
import { formatPrefix, prefixOf } from '../fci/prefix.ts'

/**
 * The stickiness key of a client's neighbourhood, its /24 or /48: a client that changes its address within it, or comes
 * through another resolver of the same network, keeps its CDN.
 */
export function clientPrefixKey(address: Address): string {
  return formatPrefix(prefixOf(address, address.version === 4 ? 24 : 48))
}
