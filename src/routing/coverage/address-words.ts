import { scanAddressText } from '../../fci/scan-prefix.ts'

/**
 * Reads a text into words and reduces it to IPv4 where that is right, as `parseAddress` and `reduceToIpv4` do one after
 * the other, with nothing allocated. Returns the version of what now stands in `words`, or 0 if the text is no address.
 */
export function scanClient(text: string, words: Uint32Array): 0 | 4 | 6 {
  const version = scanAddressText(text, words)
  return version === 6 ? reduceWords(words) : version
}

function reduceWords(words: Uint32Array): 4 | 6 {
  const first = words[0] ?? 0
  const second = words[1] ?? 0
  const third = words[2] ?? 0
  const fourth = words[3] ?? 0
  if (second === 0 && ((first === 0 && third === 0xffff) || (first === 0x64ff9b && third === 0))) words[0] = fourth
  else if (first >>> 16 === 0x2002) words[0] = (first << 16) | (second >>> 16)
  else if (first === 0x20010000) words[0] = ~fourth
  else return 6
  return 4
}

/** How many bits the addresses in words share from the first on. */
export function commonBits(a: Uint32Array, at: number, b: Uint32Array, from: number, words: number): number {
  for (let word = 0; word < words; word++) {
    const differing = (a[at + word] ?? 0) ^ (b[from + word] ?? 0)
    if (differing !== 0) return word * 32 + Math.clz32(differing)
  }
  return words * 32
}
