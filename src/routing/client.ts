import type { ClientFacts } from '../fci/match-footprint.ts'
import type { Address } from '../fci/prefix.ts'
import { formatAddress, parseAddress } from '../fci/prefix.ts'
import type { GeoSource } from './geo-source.ts'

/** What is known of a client, and from where. An absent fact is unknown and matches no footprint. */
export interface Client {
  readonly address: Address
  /** Canonical text: RFC 5952 for IPv6; IPv4-mapped, 6to4, Teredo and NAT64 forms are reduced to IPv4. */
  readonly text: string
  readonly asn?: number
  readonly country?: string
  readonly subdivision?: string
  /** What sources that footprints name say of it. */
  readonly under?: NonNullable<ClientFacts['under']>
  /** Which source gave the facts, e.g. `geo.csv`; several are joined by `+`. */
  readonly source?: string
}

/** Why a text names no client; tell it from a Client by `'invalid' in`. */
export interface InvalidClient {
  readonly invalid: string
}

/** Reads a client address and looks up its facts. */
export function describeClient(text: string, geo: GeoSource): Client | InvalidClient {
  const read = readClient(text)
  return 'invalid' in read ? read : { ...read, ...geo.lookup(read.address) }
}

/** Reads a client address alone. */
export function readClient(text: string): Pick<Client, 'address' | 'text'> | InvalidClient {
  const written = parseAddress(text)
  if (written === undefined) return { invalid: explainInvalid(text) }
  // IPv4 has one form only.
  if (written.version === 4) return { address: written, text }
  const address = reduceToIpv4(written)
  return { address, text: formatAddress(address) }
}

/**
 * The IPv4 address that an IPv6 address carries, where the IPv4 one is the client and footprints speak of it:
 * IPv4-mapped (RFC 4291 2.5.5.2), 6to4 (RFC 3056 2), Teredo (RFC 4380 4), NAT64 under the well-known prefix
 * (RFC 6052 2.1). Any other address is returned as it is.
 */
export function reduceToIpv4(address: Address): Address {
  if (address.version === 4) return address
  const { value } = address
  if (value >> 32n === 0xffffn || value >> 32n === NAT64) return { version: 4, value: value & LOW_32 }
  if (value >> 112n === 0x2002n) return { version: 4, value: (value >> 80n) & LOW_32 }
  // Teredo stores the client's address with all bits inverted.
  if (value >> 96n === 0x20010000n) return { version: 4, value: ~value & LOW_32 }
  return address
}

const LOW_32 = 0xffffffffn
const NAT64 = 0x0064ff9b0000000000000000n

const IPV4_WITH_PORT = /^[\d.]+:\d+$/

function explainInvalid(text: string): string {
  const shown = JSON.stringify(text.length > 64 ? `${text.slice(0, 61)}...` : text)
  if (text.includes('%'))
    return `${shown} has a zone id, which has no meaning beyond its own host; give the address alone`
  if (text.startsWith('[') || IPV4_WITH_PORT.test(text)) {
    return `${shown} has brackets or a port; give the address alone`
  }
  if (text.includes('/')) return `${shown} is a prefix; give one address`
  return `${shown} is not an IP address; give IPv4 such as 192.0.2.1 or IPv6 such as 2001:db8::1`
}
