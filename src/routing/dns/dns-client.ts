import { type Address, formatAddress, valueOfWords } from '../../fci/prefix.ts'
import { bytesOf, hostBits, scanIpv4, scanIpv6 } from '../../fci/scan-prefix.ts'
import { byteAt, wordAt } from './dns-query.ts'

/** How many bits of client subnets are used (RFC 7871 11.1). */
export interface SubnetLimits {
  readonly v4Bits: number
  readonly v6Bits: number
}

/**
 * The client of a query, in words of 32 bits: that of its subnet option, or the resolver. IPv6 addresses that carry an
 * IPv4 client are reduced to it, as `reduceToIpv4` does. Filled anew for each query, so that nothing is allocated.
 */
export class DnsClient {
  version: 4 | 6 = 4
  readonly words = new Uint32Array(4)
  /** Bits before the carried IPv4 address within the option's family; 0 where the address is its own. */
  shift = 0
  /** Most bits, of this address, that the answer can depend on. */
  maxBits = 0
  /** Source prefix length of the option; -1 without one. */
  sourceBits = -1
  /** The option tells nothing of the client, so it is the resolver. */
  unusable = false

  /** Takes the resolver's address; false if the text is none. */
  setAddress(text: string): boolean {
    this.shift = 0
    this.sourceBits = -1
    this.unusable = false
    this.words.fill(0)
    const bytes = bytesOf(text)
    if (bytes === undefined) return false
    if (scanIpv4(bytes, 0, this.words, 0) === bytes.length) {
      this.version = 4
      this.maxBits = 32
      return true
    }
    // A link-local resolver comes with a zone id.
    const end = scanIpv6(bytes, 0, this.words, 0)
    if (end !== bytes.length && (end < 0 || bytes[end] !== 37)) return false
    this.version = 6
    this.maxBits = 128
    this.#reduce(128)
    return true
  }

  /**
   * Takes the subnet of an option (RFC 7871 6). False if it is malformed: an unknown family, a length beyond it, a scope
   * in a query, too few or too many bytes, or bits beyond the source prefix.
   */
  setSubnet(message: Uint8Array, at: number, bytes: number, limits: SubnetLimits): boolean {
    if (bytes < 4) return false
    const family = wordAt(message, at)
    const source = byteAt(message, at + 2)
    if (byteAt(message, at + 3) !== 0 || bytes !== 4 + ((source + 7) >> 3)) return false
    // Without bits the family means nothing, and is 0 with some clients.
    if (family === 0 ? source !== 0 : source > (family === 1 ? 32 : 128) || family > 2) return false
    const stray = 0xff >> (source & 7)
    if ((source & 7) !== 0 && (byteAt(message, at + bytes - 1) & stray) !== 0) return false
    const { words } = this
    for (let word = 0; word < 4; word++) words[word] = subnetWord(message, at + 4 + 4 * word, at + bytes)
    this.version = family === 2 ? 6 : 4
    this.shift = 0
    this.sourceBits = source
    this.unusable = source === 0
    this.maxBits = family === 2 ? limits.v6Bits : limits.v4Bits
    if (family === 2) {
      this.#reduce(source)
      if (this.shift > 0) this.maxBits = limits.v4Bits
    }
    const bits = this.maxBits
    for (let word = 0; word < 4; word++) {
      words[word] = (words[word] ?? 0) & ~hostBits(bits - 32 * word)
    }
    return true
  }

  /** Takes the resolver's address after all, where the option's is unusable. */
  fallBackTo(resolver: string): boolean {
    const { sourceBits } = this
    const valid = this.setAddress(resolver)
    this.sourceBits = sourceBits
    this.unusable = true
    return valid
  }

  /** The address as text, canonical. */
  text(): string {
    return formatAddress(this.address())
  }

  address(): Address {
    return { version: this.version, value: valueOfWords(this.version, this.words, 0) }
  }

  /**
   * The scope prefix length to answer with (RFC 7871 7.2.1) when the answer is the same for this many bits of the
   * address. Scopes of IPv6 are at least 32, so that none holds an address that carries an IPv4 client.
   */
  scopeBits(sameForBits: number): number {
    // The resolver's own address decided: right for what the source prefix names, as asked through this resolver.
    if (this.unusable) return this.sourceBits
    const bits = Math.min(sameForBits, this.maxBits)
    return this.version === 6 ? Math.max(bits, Math.min(32, this.maxBits)) : this.shift + bits
  }

  /** IPv4-mapped, NAT64, Teredo, 6to4; see `reduceToIpv4`. A source prefix that names none of its bits is unusable. */
  #reduce(source: number): void {
    const { words } = this
    const [first = 0, second = 0, third = 0, fourth = 0] = words
    let carried: number
    if ((first === 0 && second === 0 && third === 0xffff) || (first === 0x64ff9b && second === 0 && third === 0)) {
      this.shift = 96
      this.unusable ||= source <= 96
      carried = fourth
    } else if (first === 0x20010000) {
      this.shift = 96
      this.unusable ||= source < 128
      carried = ~fourth
    } else if (first >>> 16 === 0x2002) {
      this.shift = 16
      this.unusable ||= source <= 16
      carried = (first << 16) | (second >>> 16)
    } else return
    this.version = 4
    this.maxBits = 32
    words[0] = carried
    words.fill(0, 1)
  }
}

function subnetWord(message: Uint8Array, at: number, end: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) word = (word << 8) | (at + i < end ? byteAt(message, at + i) : 0)
  return word >>> 0
}
