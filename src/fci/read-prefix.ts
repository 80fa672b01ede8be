import type { Prefix } from './prefix.ts'
import { addressBits, parseAddress, parsePrefix, prefixOf, readPrefixLength } from './prefix.ts'

/** What a peer wrote otherwise than RFC 8006 4.3.5 and 4.3.6 have it, where the meaning is still plain. */
export type PrefixRepair = 'short-ipv4' | 'short-ipv6' | 'host-bits' | 'without-length' | 'ipv4-mapped'

export type PrefixReading =
  | { readonly prefix: Prefix; readonly repairs: readonly PrefixRepair[] }
  | { readonly prefix: undefined; readonly fault: string }

const NO_REPAIRS: readonly PrefixRepair[] = []
const SHORT_IPV4 = /^\d{1,3}(?:\.\d{1,3}){0,2}$/
const SHORT_IPV6 = /^[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}$/i
const MAPPED = 0xffffn

/**
 * A prefix in tolerant form. Accepted beside the strict form, each under its repair:
 * - `10.1.1/24`: missing octets are zero if those present reach the length (`10.1/24` could mean two things: refused);
 * - `2001:db8:3333:4444/48`: missing groups are zero under the same rule;
 * - bits beyond the length: masked (RFC 8006 does not forbid them);
 * - no length: a single address;
 * - `::ffff:192.0.2.0/120`: the IPv4 prefix, because clients are unmapped before they are matched.
 */
export function readPrefix(text: string): PrefixReading {
  const strict = parsePrefix(text)
  if (strict !== undefined && !isMapped(strict)) return { prefix: strict, repairs: NO_REPAIRS }
  return repairPrefix(text)
}

function repairPrefix(text: string): PrefixReading {
  const repairs: PrefixRepair[] = []
  const slash = text.indexOf('/')
  const addressText = slash < 0 ? text : text.slice(0, slash)
  const given = slash < 0 ? undefined : readPrefixLength(text, slash + 1)
  if (given === -1) return fault('the part after "/" is not a prefix length')

  let address = parseAddress(addressText)
  if (address === undefined) {
    const completed = completeAddress(addressText, given)
    if (typeof completed !== 'object') return fault(completed)
    repairs.push(completed.repair)
    address = parseAddress(completed.text)
  }
  if (address === undefined) return fault('the part before "/" is not an IP address')

  const bits = addressBits(address.version)
  if (given === undefined) repairs.push('without-length')
  const length = given ?? bits
  if (length > bits) return fault(`the prefix length is above ${bits}`)

  let prefix = prefixOf(address, length)
  if (prefix.value !== address.value) repairs.push('host-bits')
  if (isMapped(prefix)) {
    repairs.push('ipv4-mapped')
    prefix = { version: 4, value: prefix.value & 0xffffffffn, length: prefix.length - 96 }
  }
  return { prefix, repairs }
}

function completeAddress(text: string, length: number | undefined): { text: string; repair: PrefixRepair } | string {
  if (length === undefined) return 'it is not an IP address'
  if (SHORT_IPV4.test(text)) {
    const octets = text.split('.').length
    if (octets * 8 < length) return `${octets} octets do not say which /${length} is meant`
    return { text: text + '.0'.repeat(4 - octets), repair: 'short-ipv4' }
  }
  if (SHORT_IPV6.test(text)) {
    const groups = text.split(':').length
    if (groups * 16 < length) return `${groups} groups do not say which /${length} is meant`
    return { text: `${text}::`, repair: 'short-ipv6' }
  }
  return 'the part before "/" is not an IP address'
}

function isMapped(prefix: Prefix): boolean {
  return prefix.version === 6 && prefix.length >= 96 && prefix.value >> 32n === MAPPED
}

function fault(why: string): PrefixReading {
  return { prefix: undefined, fault: why }
}
