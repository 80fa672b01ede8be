import { type Address, containsAddress, type Prefix, parseAddress, parsePrefix } from '../../fci/prefix.ts'

/** RFC 6890 and its registry: not global, or globally reachable only for special purposes. */
const NOT_PUBLIC = prefixes(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local; the metadata services of clouds answer here.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Teredo, ORCHID and the rest of the protocol assignments.
  '2001::/23',
  '2001:db8::/32',
  // 6to4: leads to any IPv4 address.
  '2002::/16',
  '3fff::/20',
)
/** The unicast space that is given out; everything else (loopback, ULA, link-local, multicast) is not public. */
const GLOBAL_V6 = prefixes('2000::/3')
/** NAT64 (RFC 6052): the last 32 bits are the IPv4 address meant. */
const NAT64 = prefixes('64:ff9b::/96')

/** Whether a connection to this address leads into the public Internet. False for what is no address. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  return address !== undefined && isPublic(address)
}

function isPublic(address: Address): boolean {
  if (holds(NAT64, address)) return isPublic({ version: 4, value: address.value & 0xffff_ffffn })
  if (address.version === 6 && !holds(GLOBAL_V6, address)) return false
  return !holds(NOT_PUBLIC, address)
}

function holds(list: readonly Prefix[], address: Address): boolean {
  return list.some((prefix) => containsAddress(prefix, address))
}

function prefixes(...texts: readonly string[]): readonly Prefix[] {
  return texts.map((text) => {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new Error(`${text} is no prefix`)
    return prefix
  })
}
