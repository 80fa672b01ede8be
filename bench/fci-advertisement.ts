/** How many prefixes the advertisement holds: four fifths IPv4, as in the routing table of the Internet. */
export const PREFIXES = 100_000

/** An advertisement of distinct prefixes in no order, the same in every run. */
export function advertisementText(): string {
  const random = seededRandom(20_261_121)
  const ipv4 = distinct(PREFIXES * 0.8, () => {
    const length = 16 + Math.floor(9 * Math.sqrt(random()))
    const address = (Math.floor((1 + random() * 222) * 2 ** 24) & (-1 << (32 - length))) >>> 0
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}/${length}`
  })
  const ipv6 = distinct(PREFIXES * 0.2, () => {
    const group = (from: number, to: number): string => Math.floor(from + random() * (to - from)).toString(16)
    const head = `${group(0x2001, 0x2c10)}:${group(1, 0x10000)}`
    return random() < 0.3 ? `${head}::/32` : `${head}:${group(1, 0x10000)}::/48`
  })
  return JSON.stringify({
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['moqt'] },
        footprints: [
          {
            'footprint-type': 'footprintunion',
            'footprint-value': [
              { 'footprint-type': 'ipv4cidr', 'footprint-value': ipv4 },
              { 'footprint-type': 'ipv6cidr', 'footprint-value': ipv6 },
            ],
          },
        ],
      },
    ],
  })
}

function distinct(count: number, draw: () => string): readonly string[] {
  const values = new Set<string>()
  while (values.size < count) values.add(draw())
  return [...values]
}

/** Numbers from 0 to 1 without 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
