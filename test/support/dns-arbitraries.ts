import fc from 'fast-check'
import { ABSENT_SCOPE, OTHER_SCOPE, optAt, type QueryShape, queryOf, SCOPE, withOption } from './dns-world.ts'

const name = fc.oneof(
  fc.constantFrom(
    `${SCOPE}.cdn.example`,
    `${OTHER_SCOPE.toUpperCase()}.CDN.example`,
    `${ABSENT_SCOPE}.cdn.example`,
    'any.cdn.example',
    'cdn.example',
    `_explain.${SCOPE}.cdn.example`,
    'ns1.cdn.example',
    'hosts.cdn.example',
    'nothing.cdn.example',
    'elsewhere.example',
    '.',
  ),
  fc.stringMatching(/^[a-z0-9-]{1,20}(\.[a-z0-9_]{1,10}){0,3}$/).map((labels) => `${labels}.cdn.example`),
)

const subnet = fc
  .tuple(
    fc.constantFrom('192.0.2.0', '198.51.100.0', '203.0.113.0', '10.0.0.0'),
    fc.constantFrom(0, 1, 8, 16, 20, 23, 24, 25, 32),
  )
  .map(([ip, bits]) => `${bits >= 24 ? ip : maskText(ip, bits)}/${bits}`)
const subnet6 = fc
  .tuple(fc.constantFrom('2001:db8:1::', '2001:db8:2::', '2002:c000:200::'), fc.constantFrom(48, 56, 64, 128))
  .map(([ip, bits]) => `${ip}/${bits}`)

function maskText(ip: string, bits: number): string {
  const value = ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const kept = bits === 0 ? 0 : (value & (-1 << (32 - bits))) >>> 0
  return [kept >>> 24, (kept >>> 16) & 255, (kept >>> 8) & 255, kept & 255].join('.')
}

/** Queries as resolvers send them. */
export const plainQuery: fc.Arbitrary<QueryShape> = fc
  .record({
    name,
    type: fc.constantFrom('A', 'AAAA', 'CNAME', 'TXT', 'SOA', 'NS', 'CAA', 'ANY', 'DS'),
    id: fc.nat(65_535),
    edns: fc.boolean(),
    udpSize: fc.constantFrom(0, 512, 1232, 4096, 65_535),
    subnet: fc.option(fc.oneof(subnet, subnet6), { nil: undefined }),
    cookie: fc.option(
      fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
  })
  .map(({ subnet: network, cookie, ...shape }) => ({
    ...shape,
    ...(network === undefined ? {} : { subnet: network }),
    ...(cookie === undefined ? {} : { cookie }),
  }))

/** A source of chance that is quick: fast-check would spend most of a fuzz run on drawing. */
type Chance = (below: number) => number

function chanceOf(seed: number): Chance {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const SHARP_BYTES = [0, 1, 2, 8, 10, 12, 41, 63, 64, 192, 255] as const
const OPTION_CODES = [3, 8, 10, 11, 12, 14, 15, 65_001] as const

/** One thing wrong with a message. */
function mutate(message: Buffer, chance: Chance): Buffer {
  const at = chance(message.length + 1)
  const copy = Buffer.from(message)
  switch (chance(7)) {
    case 0:
      copy[at] = chance(256)
      return copy
    case 1:
      copy[at] = SHARP_BYTES[chance(SHARP_BYTES.length)] ?? 0
      return copy
    case 2:
      // The header and its counts are where most can go wrong.
      copy[chance(12)] = chance(4)
      return copy
    case 3:
      return copy.subarray(0, at)
    case 4:
      return Buffer.concat([copy.subarray(0, at), noise(chance(9), chance), copy.subarray(at)])
    case 5:
      return Buffer.concat([copy, noise(chance(40), chance)])
    default:
      return addOption(copy, OPTION_CODES[chance(OPTION_CODES.length)] ?? 0, noise(chance(25), chance))
  }
}

function noise(length: number, chance: Chance): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => chance(256)))
}

/** With another option at its end where there is an OPT record to hold it. */
function addOption(message: Buffer, code: number, data: Buffer): Buffer {
  try {
    return optAt(message) + 11 <= message.length ? withOption(message, code, data) : message
  } catch {
    return message
  }
}

/** What a hostile network sends: noise, and a query with up to six things wrong, in many ways. */
export function hostileMessages(shape: QueryShape, seed: number, count: number): readonly Buffer[] {
  const chance = chanceOf(seed)
  const query = queryOf(shape)
  return Array.from({ length: count }, () => {
    if (chance(10) === 0) return noise(chance(300), chance)
    let message = query
    for (let left = chance(7); left > 0; left--) message = mutate(message, chance)
    return message
  })
}
