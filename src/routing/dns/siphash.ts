/**
 * SipHash-2-4 with 64 bits of output, in halves of 32 bits: what RFC 9018 4.4 wants for server cookies.
 *
 * @param key - 16 bytes.
 */
export function sipHash24(key: Uint8Array, data: Uint8Array): Uint8Array {
  const k = new Uint32Array(4)
  for (let i = 0; i < 4; i++) k[i] = littleWord(key, 4 * i)
  const [k0l = 0, k0h = 0, k1l = 0, k1h = 0] = k
  // Low half, high half, of v0 to v3.
  const v = Uint32Array.of(
    k0l ^ 0x70736575,
    k0h ^ 0x736f6d65,
    k1l ^ 0x6e646f6d,
    k1h ^ 0x646f7261,
    k0l ^ 0x6e657261,
    k0h ^ 0x6c796765,
    k1l ^ 0x79746573,
    k1h ^ 0x74656462,
  )
  const whole = data.length & ~7
  for (let at = 0; at < whole; at += 8) absorb(v, littleWord(data, at), littleWord(data, at + 4))
  absorb(v, littleWord(data, whole), littleWord(data, whole + 4) | (data.length << 24))
  v[4] = (v[4] ?? 0) ^ 0xff
  for (let i = 0; i < 4; i++) round(v)
  const [v0l = 0, v0h = 0, v1l = 0, v1h = 0, v2l = 0, v2h = 0, v3l = 0, v3h = 0] = v
  const out = new Uint8Array(8)
  const view = new DataView(out.buffer)
  view.setUint32(0, v0l ^ v1l ^ v2l ^ v3l, true)
  view.setUint32(4, v0h ^ v1h ^ v2h ^ v3h, true)
  return out
}

function absorb(v: Uint32Array, low: number, high: number): void {
  v[6] = (v[6] ?? 0) ^ low
  v[7] = (v[7] ?? 0) ^ high
  round(v)
  round(v)
  v[0] = (v[0] ?? 0) ^ low
  v[1] = (v[1] ?? 0) ^ high
}

function round(v: Uint32Array): void {
  add(v, 0, 2)
  rotate(v, 2, 13)
  mix(v, 2, 0)
  rotate(v, 0, 32)
  add(v, 4, 6)
  rotate(v, 6, 16)
  mix(v, 6, 4)
  add(v, 0, 6)
  rotate(v, 6, 21)
  mix(v, 6, 0)
  add(v, 4, 2)
  rotate(v, 2, 17)
  mix(v, 2, 4)
  rotate(v, 4, 32)
}

function add(v: Uint32Array, to: number, from: number): void {
  const low = (v[to] ?? 0) + (v[from] ?? 0)
  v[to + 1] = (v[to + 1] ?? 0) + (v[from + 1] ?? 0) + (low > 0xffffffff ? 1 : 0)
  v[to] = low
}

function mix(v: Uint32Array, to: number, from: number): void {
  v[to] = (v[to] ?? 0) ^ (v[from] ?? 0)
  v[to + 1] = (v[to + 1] ?? 0) ^ (v[from + 1] ?? 0)
}

function rotate(v: Uint32Array, at: number, bits: number): void {
  const low = v[at] ?? 0
  const high = v[at + 1] ?? 0
  v[at] = bits === 32 ? high : (low << bits) | (high >>> (32 - bits))
  v[at + 1] = bits === 32 ? low : (high << bits) | (low >>> (32 - bits))
}

/** Bytes beyond the end are 0. */
function littleWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
  )
}
