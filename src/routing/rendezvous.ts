/**
 * Weighted rendezvous hashing: the draw of one provider for one key. The lowest draw comes first. Each draw depends on
 * nothing but key, id and weight, so a changed weight, an added or a removed provider moves only its own share of keys.
 * A weight of 0 draws last, beyond every positive weight.
 */
export function drawProvider(key: string, provider: string, weight: number): number {
  if (!(weight > 0)) return Number.POSITIVE_INFINITY
  return -Math.log(hashToUnit(`${key}\u0000${provider}`)) / weight
}

/** A well-mixed hash of the text, in the open interval (0, 1), of 52 bits: equal on every machine. */
export function hashToUnit(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  const high = b >>> 0
  const low = a >>> 12
  return (high * 1048576 + low + 0.5) / 4503599627370496
}
