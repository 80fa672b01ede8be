/** An IP address as a number: 32 bits for version 4, 128 for version 6. */
export interface Address {
  readonly version: 4 | 6
  readonly value: bigint
}

/** A CIDR prefix; the bits of `value` beyond `length` are zero. */
export interface Prefix extends Address {
  readonly length: number
}

const DOT = 46
const COLON = 58
const SLASH = 47

/** Bits of an address of this version. */
export function addressBits(version: 4 | 6): 32 | 128 {
  return version === 4 ? 32 : 128
}

/**
 * The address that a text names, or undefined if it is none: dotted decimal without leading zeros
 * (RFC 3986 3.2.2) or any RFC 4291 2.2 form. No zone ids, ports, brackets or blanks.
 */
export function parseAddress(text: string): Address | undefined {
  return readAddress(text, text.length)
}

/** The first `end` characters of `text` as an address. */
export function readAddress(text: string, end: number): Address | undefined {
  const octets = readIpv4(text, 0, end)
  if (octets >= 0) return { version: 4, value: BigInt(octets) }
  if (!readIpv6(text, 0, end)) return undefined
  for (let i = 0; i < 4; i++) row[i] = wordOfGroups(i)
  return { version: 6, value: valueOfWords(6, row, 0) }
}

/** Dotted decimal from `from` to `end`; -1 for anything else. */
function readIpv4(text: string, from: number, end: number): number {
  scanEnd = -1
  const octets = scanIpv4(text, from)
  return scanEnd === end ? octets : -1
}

/** Where the last scan ended. */
let scanEnd = 0

/** Dotted decimal as far as it goes; -1 if there is none. */
function scanIpv4(text: string, from: number): number {
  // Whole numbers of 32 bits throughout, which are faster than sums.
  let value = 0
  let octet = -1
  let dots = 0
  for (let i = from; ; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    } else if (digit === DOT - 48) {
      if (octet < 0 || dots === 3) return -1
      value = (value << 8) | octet
      octet = -1
      dots++
    } else {
      scanEnd = i
      return dots === 3 && octet >= 0 ? ((value << 8) | octet) >>> 0 : -1
    }
  }
}

// Scratch for one synchronous parse: allocating per call costs more than the parse.
const groups = new Uint16Array(8)
const row = new Uint32Array(5)
const quads = new BigUint64Array(2)
const quadWords = new Uint32Array(quads.buffer)
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0
const LOW = 1 - HIGH

function readIpv6(text: string, from: number, end: number): boolean {
  if (end - from < 2) return false
  let count = 0
  let gap = -1
  let i = from
  if (text.charCodeAt(i) === COLON) {
    if (text.charCodeAt(i + 1) !== COLON) return false
    gap = 0
    i += 2
  }
  while (i < end) {
    const start = i
    let value = 0
    let code = 0
    for (; i < end; i++) {
      code = text.charCodeAt(i)
      const digit = hexDigit(code)
      if (digit < 0) break
      if (i - start === 4) return false
      value = value * 16 + digit
    }
    if (i < end && code === DOT) {
      const octets = readIpv4(text, start, end)
      if (octets < 0 || count > 6) return false
      groups[count++] = octets >>> 16
      groups[count++] = octets & 0xffff
      break
    }
    if (i === start || count === 8) return false
    groups[count++] = value
    if (i === end) break
    if (code !== COLON) return false
    i++
    if (i === end) return false
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false
      gap = count
      i++
    }
  }
  if (gap < 0) return count === 8
  if (count === 8) return false
  // By hand: calls of copyWithin and fill take longer than the rest of the address.
  let to = 7
  for (let from = count - 1; from >= gap; from--) groups[to--] = groups[from] ?? 0
  while (to >= gap) groups[to--] = 0
  return true
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/** One of the four words of the address read last. */
function wordOfGroups(i: number): number {
  return (((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0)) >>> 0
}

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
  const version = text.includes(':') ? 6 : 4
  if (scanPrefix(text, 0, version, row, 0) !== text.length) return undefined
  return { version, value: valueOfWords(version, row, 0), length: row[version === 4 ? 1 : 4] ?? 0 }
}

/**
 * Reads the strict prefix of this version that starts at `from`, without allocating: writes its address as one word or
 * four (see `valueOfWords`) and its length behind them. Returns the offset behind the prefix, or -1 if there is none;
 * what was written is then undefined.
 */
export function scanPrefix(text: string, from: number, version: 4 | 6, to: Uint32Array, at: number): number {
  if (version === 4) {
    const octets = scanIpv4(text, from)
    if (octets < 0) return -1
    const length = scanLength(text, scanEnd, 32)
    if (length < 0 || (octets & hostBits(length)) !== 0) return -1
    to[at] = octets
    to[at + 1] = length
    return scanEnd
  }
  let slash = from
  while (text.charCodeAt(slash) > SLASH || text.charCodeAt(slash) === DOT) slash++
  const length = scanLength(text, slash, 128)
  const end = scanEnd
  if (length < 0 || !readIpv6(text, from, slash)) return -1
  for (let i = 0; i < 4; i++) {
    const word = wordOfGroups(i)
    if ((word & hostBits(length - 32 * i)) !== 0) return -1
    to[at + i] = word
  }
  to[at + 4] = length
  return end
}

/** The prefix length, with the slash before it, as far as it goes; -1 if there is none or it is above `most`. */
function scanLength(text: string, slash: number, most: number): number {
  if (text.charCodeAt(slash) !== SLASH) return -1
  let length = -1
  for (let i = slash + 1; ; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) {
      scanEnd = i
      return length
    }
    if (length === 0) return -1
    length = length < 0 ? digit : length * 10 + digit
    if (length > most) return -1
  }
}

/** Mask of the bits of one word that lie beyond this many leading ones; any number outside 0 to 31 means all or none. */
export function hostBits(leading: number): number {
  if (leading <= 0) return -1
  return leading >= 32 ? 0 : -1 >>> leading
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
