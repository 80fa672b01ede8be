import { bytesOf, scanIpv4, scanIpv6, scanPrefix } from './scan-prefix.ts'

/** An IP address as a number: 32 bits for version 4, 128 for version 6. */
export interface Address {
  readonly version: 4 | 6
  readonly value: bigint
}

/** A CIDR prefix; the bits of `value` beyond `length` are zero. */
export interface Prefix extends Address {
  readonly length: number
}

/** Bits of an address of this version. */
export function addressBits(version: 4 | 6): 32 | 128 {
  return version === 4 ? 32 : 128
}

/**
 * The address that a text names, or undefined if it is none: dotted decimal without leading zeros
 * (RFC 3986 3.2.2) or any RFC 4291 2.2 form. No zone ids, ports, brackets or blanks.
 */
export function parseAddress(text: string): Address | undefined {
  const bytes = bytesOf(text)
  return bytes === undefined ? undefined : readAddress(bytes, bytes.length)
}

function readAddress(bytes: Uint8Array, end: number): Address | undefined {
  if (scanIpv4(bytes, 0, row, 0) === end) return { version: 4, value: valueOfWords(4, row, 0) }
  return scanIpv6(bytes, 0, row, 0) === end ? { version: 6, value: valueOfWords(6, row, 0) } : undefined
}

// Scratch for one synchronous parse: allocating per call costs more than the parse.
const row = new Uint32Array(5)
const quads = new BigUint64Array(2)
const quadWords = new Uint32Array(quads.buffer)
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0
const LOW = 1 - HIGH

/** The address in one word of 32 bits (IPv4) or four of them (IPv6), the first most significant, as a number. */
export function valueOfWords(version: 4 | 6, from: Uint32Array, at: number): bigint {
  if (version === 4) return BigInt(from[at] ?? 0)
  quadWords[HIGH] = from[at] ?? 0
  quadWords[LOW] = from[at + 1] ?? 0
  quadWords[2 + HIGH] = from[at + 2] ?? 0
  quadWords[2 + LOW] = from[at + 3] ?? 0
  const high = (quads[0] ?? 0n) << 64n
  // Most prefixes end in zeros, and every operation on a bigint allocates.
  return quadWords[2] === 0 && quadWords[3] === 0 ? high : high | (quads[1] ?? 0n)
}

/** The other way round: writes one word or four. */
export function wordsOfValue({ version, value }: Address, to: Uint32Array, at: number): void {
  if (version === 4) {
    to[at] = Number(value)
    return
  }
  quads[0] = value >> 64n
  quads[1] = value
  to[at] = quadWords[HIGH] ?? 0
  to[at + 1] = quadWords[LOW] ?? 0
  to[at + 2] = quadWords[2 + HIGH] ?? 0
  to[at + 3] = quadWords[2 + LOW] ?? 0
}

/** Canonical text: dotted decimal, or RFC 5952 (IPv4-mapped addresses in the mixed form of its section 5). */
export function formatAddress(address: Address): string {
  return address.version === 4 ? formatIpv4(Number(address.value)) : formatIpv6(address.value)
}

function formatIpv4(value: number): string {
  return `${Math.floor(value / 16777216)}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}

function formatIpv6(value: bigint): string {
  if (value >> 32n === 0xffffn) return `::ffff:${formatIpv4(Number(value & 0xffffffffn))}`
  const parts: number[] = []
  for (let shift = 112n; shift >= 0n; shift -= 16n) parts.push(Number((value >> shift) & 0xffffn))
  const { start, length } = longestZeroRun(parts)
  if (length < 2) return parts.map((part) => part.toString(16)).join(':')
  const hex = (from: number, to?: number): string =>
    parts
      .slice(from, to)
      .map((part) => part.toString(16))
      .join(':')
  return `${hex(0, start)}::${hex(start + length)}`
}

function longestZeroRun(parts: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= parts.length; i++) {
    if (parts[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}

/**
 * A prefix in strict form: an address, `/`, a length without leading zeros (RFC 8006 4.3.5, 4.3.6), host bits zero.
 * `readPrefix` in `read-prefix.ts` is the tolerant form.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const bytes = bytesOf(text)
  if (bytes === undefined) return undefined
  const version = text.includes(':') ? 6 : 4
  if (scanPrefix(bytes, 0, version, row, 0) !== bytes.length) return undefined
  return { version, value: valueOfWords(version, row, 0), length: row[version === 4 ? 1 : 4] ?? 0 }
}

/** The decimal number from `from` to the end of `text`, or -1: one to three digits, no leading zero. */
export function readPrefixLength(text: string, from: number): number {
  const digits = text.length - from
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(from) === 48)) return -1
  let value = 0
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Canonical text of a prefix, e.g. `2001:db8::/32`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`
}

/** Whether the address lies in the prefix; never so across versions. */
export function containsAddress(prefix: Prefix, address: Address): boolean {
  if (prefix.version !== address.version) return false
  return (address.value & ~hostMask(prefix.version, prefix.length)) === prefix.value
}

/** The prefix of this length that holds the address. */
export function prefixOf(address: Address, length: number): Prefix {
  const { version, value } = address
  return { version, value: value & ~hostMask(version, length), length }
}

/** The last address of a prefix, as a number. */
export function lastValue(prefix: Prefix): bigint {
  return prefix.value | hostMask(prefix.version, prefix.length)
}

const HOST_MASKS: readonly bigint[] = Array.from({ length: 129 }, (_, bits) => (1n << BigInt(bits)) - 1n)

function hostMask(version: 4 | 6, length: number): bigint {
  return HOST_MASKS[addressBits(version) - length] ?? 0n
}
