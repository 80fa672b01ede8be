// Prefixes and IPv6 addresses are read from bytes, which takes a third of the time that it takes from a string.

const DOT = 46
const SLASH = 47
const ZERO = 48
const NINE = 57
const COLON = 58

/** The longest text that can be an address or a prefix: eight groups, two of them as IPv4, and a length. */
const MAX_LENGTH = 49
// One more, so that a zero can end the longest text.
const scratch = new Uint8Array(MAX_LENGTH + 1)

/** A text as bytes, valid until the next call; undefined if it is too long or not ASCII, and so no prefix either. */
export function bytesOf(text: string): Uint8Array | undefined {
  if (text.length > MAX_LENGTH) return undefined
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return undefined
    scratch[i] = code
  }
  return scratch.subarray(0, text.length)
}

/**
 * The address that a text is, as `parseAddress` reads it, into one word or four, with nothing allocated. Returns its
 * version, or 0 if the text is none.
 */
export function scanAddressText(text: string, to: Uint32Array): 0 | 4 | 6 {
  if (isIpv4Text(text, to)) return 4
  const { length } = text
  if (length > MAX_LENGTH) return 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return 0
    scratch[i] = code
  }
  scratch[length] = 0
  return scanIpv6(scratch, 0, to, 0) === length ? 6 : 0
}

/** As `scanIpv4` for a whole text. So short a one is read faster where it is than copied first. */
function isIpv4Text(text: string, to: Uint32Array): boolean {
  let value = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= ZERO && code <= NINE) {
      if (octet === 0) return false
      octet = octet < 0 ? code - ZERO : octet * 10 + code - ZERO
      if (octet > 255) return false
    } else {
      if (octet < 0 || code !== DOT || dots === 3) return false
      value = (value << 8) | octet
      octet = -1
      dots++
    }
  }
  if (octet < 0 || dots < 3) return false
  to[0] = (value << 8) | octet
  return true
}

/**
 * Reads the strict prefix of this version that starts at `from` (RFC 8006 4.3.5, 4.3.6; host bits zero): writes its
 * address as one word of 32 bits or four, and its length behind them. Returns the offset behind the prefix, or -1 if
 * there is none; what was written is then undefined.
 */
export function scanPrefix(bytes: Uint8Array, from: number, version: 4 | 6, to: Uint32Array, at: number): number {
  const slash = version === 4 ? scanIpv4(bytes, from, to, at) : scanIpv6(bytes, from, to, at)
  if (slash < 0 || bytes[slash] !== SLASH) return -1
  const words = version === 4 ? 1 : 4
  let length = -1
  let end = slash + 1
  for (; ; end++) {
    const code = bytes[end] ?? 0
    if (code < ZERO || code > NINE) break
    if (length === 0) return -1
    length = length < 0 ? code - ZERO : length * 10 + code - ZERO
    if (length > 32 * words) return -1
  }
  if (length < 0) return -1
  for (let i = 0; i < words; i++) {
    if (((to[at + i] ?? 0) & hostBits(length - 32 * i)) !== 0) return -1
  }
  to[at + words] = length
  return end
}

/** Mask of the bits of one word that lie beyond this many leading ones, where any number is possible. */
export function hostBits(leading: number): number {
  if (leading <= 0) return -1
  return leading >= 32 ? 0 : -1 >>> leading
}

/** Dotted decimal (RFC 3986 3.2.2) as far as it goes, into one word. Returns the offset behind it, or -1. */
export function scanIpv4(bytes: Uint8Array, from: number, to: Uint32Array, at: number): number {
  let value = 0
  let octet = -1
  let dots = 0
  for (let i = from; ; i++) {
    const code = bytes[i] ?? 0
    if (code >= ZERO && code <= NINE) {
      if (octet === 0) return -1
      octet = octet < 0 ? code - ZERO : octet * 10 + code - ZERO
      if (octet > 255) return -1
    } else if (octet >= 0 && code === DOT && dots < 3) {
      value = (value << 8) | octet
      octet = -1
      dots++
    } else {
      if (octet < 0 || dots < 3) return -1
      to[at] = (value << 8) | octet
      return i
    }
  }
}

const groups = new Uint16Array(8)
const tail = new Uint32Array(1)

/** Any form of RFC 4291 2.2 as far as it goes, into four words. Returns the offset behind it, or -1. */
export function scanIpv6(bytes: Uint8Array, from: number, to: Uint32Array, at: number): number {
  let count = 0
  let gap = -1
  let i = from
  if (bytes[i] === COLON) {
    if (bytes[i + 1] !== COLON) return -1
    gap = 0
    i += 2
  }
  for (;;) {
    const start = i
    let value = 0
    let digit = hexDigit(bytes[i] ?? 0)
    while (digit >= 0) {
      if (i - start === 4) return -1
      value = value * 16 + digit
      digit = hexDigit(bytes[++i] ?? 0)
    }
    if (i === start) {
      // Nothing may follow a gap, but something must follow a single colon.
      if (gap !== count || i === from) return -1
      break
    }
    if (bytes[i] === DOT) {
      i = scanIpv4(bytes, start, tail, 0)
      if (i < 0 || count > 6) return -1
      groups[count++] = (tail[0] ?? 0) >>> 16
      groups[count++] = (tail[0] ?? 0) & 0xffff
      break
    }
    if (count === 8) return -1
    groups[count++] = value
    if (bytes[i] !== COLON) break
    i++
    if (bytes[i] === COLON) {
      if (gap >= 0) return -1
      gap = count
      i++
    }
  }
  return placeGroups(count, gap, to, at) ? i : -1
}

/** Fills the gap and joins the groups two by two. */
function placeGroups(count: number, gap: number, to: Uint32Array, at: number): boolean {
  if (gap < 0 ? count !== 8 : count >= 8) return false
  if (gap >= 0) {
    // By hand: calls of copyWithin and fill take longer than the rest of the address.
    let place = 7
    for (let i = count - 1; i >= gap; i--) groups[place--] = groups[i] ?? 0
    while (place >= gap) groups[place--] = 0
  }
  for (let i = 0; i < 4; i++) to[at + i] = ((groups[2 * i] ?? 0) << 16) | (groups[2 * i + 1] ?? 0)
  return true
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO
  if (code >= 97 && code <= 102) return code - 87
  return code >= 65 && code <= 70 ? code - 55 : -1
}
