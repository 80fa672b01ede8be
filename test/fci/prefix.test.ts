import { isIP } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import {
  containsAddress,
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  prefixOf,
} from '../../src/fci/prefix.ts'
import { canonicalPrefixes, intersectPrefixes } from '../../src/fci/prefix-set.ts'
import { readPrefix } from '../../src/fci/read-prefix.ts'
import { anyAddress, anyPrefix, closeClient, closePrefix } from '../support/fci-arbitraries.ts'

const HOSTILE = [
  '',
  ' ',
  ':',
  '::',
  ':::',
  '::1',
  '1::',
  '1:::2',
  '1::2::3',
  ':1',
  '1:',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:8:9',
  '::2:3:4:5:6:7:8',
  '1::3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '12345::',
  '::12345',
  'g::',
  '::ffff:1.2.3.4',
  '::1.2.3.4',
  '1.2.3.4::',
  '::1.2.3',
  '::1.2.3.256',
  '::01.2.3.4',
  '1:2:3:4:5:6:1.2.3.4',
  '1:2:3:4:5:6:7:1.2.3.4',
  '1:2:3:4:5::1.2.3.4',
  '1:2:3:4:5:6::1.2.3.4',
  '::1.2.3.4:5',
  '1.2.3.4',
  '01.2.3.4',
  '1.2.3.04',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '256.1.1.1',
  '0.0.0.0',
  '00.0.0.0',
  '255.255.255.255',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '1.2.3.4\n',
  '0x1.2.3.4',
  '1e1.2.3.4',
  '-1.2.3.4',
  '+1.2.3.4',
  '1.2.3.4/24',
  '[::1]',
  '[::1]:80',
  '1.2.3.4:80',
  '١.2.3.4',
  '::ﬀ',
  'fe80::1/64',
  '0:0:0:0:0:0:0:0',
  '00001::',
  '1:2',
  '1',
  'localhost',
]

/** Texts near the edge between address and not: valid ones with a character put in, taken out or changed. */
const nearAddress = fc
  .tuple(
    anyAddress.map(formatAddress),
    fc.nat(),
    fc.constantFrom('', ':', '.', '::', '0', 'f', '1', 'g', ' ', '/', '[', ']'),
    fc.nat({ max: 2 }),
  )
  .map(
    ([text, at, put, drop]) =>
      text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + drop),
  )

function versionOf(text: string): number {
  return parseAddress(text)?.version ?? 0
}

describe('parseAddress', () => {
  test.each(HOSTILE)('agrees with net.isIP on %j', (text) => {
    expect(versionOf(text)).toBe(isIP(text))
  })

  test('agrees with net.isIP on texts next to addresses', () => {
    fc.assert(
      fc.property(nearAddress, (text) => {
        expect(versionOf(text)).toBe(isIP(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('agrees with net.isIP on any text of the characters of addresses', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.g/ '.split('')), maxLength: 24 })
    fc.assert(
      fc.property(text, (candidate) => {
        expect(versionOf(candidate)).toBe(isIP(candidate))
      }),
      { numRuns: 2000 },
    )
  })

  test('refuses zone ids, which net.isIP lets through', () => {
    expect(parseAddress('fe80::1%eth0')).toBeUndefined()
  })

  test('gives the same bits as another parser', () => {
    fc.assert(
      fc.property(anyAddress.map(formatAddress), (text) => {
        const bytes = ipaddr.parse(text).toByteArray()
        expect(parseAddress(text)?.value).toBe(bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n))
      }),
    )
  })
})

describe('formatAddress', () => {
  test('prints what parses to the same address', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })

  test('prints RFC 5952 text', () => {
    const sparse = fc
      .array(fc.constantFrom(0, 0, 0, 1, 0xdb8, 0xffff), { minLength: 8, maxLength: 8 })
      .filter((parts) => parts.slice(0, 6).join() !== '0,0,0,0,0,65535')
    fc.assert(
      fc.property(sparse, (parts) => {
        const value = parts.reduce((sum, part) => sum * 65536n + BigInt(part), 0n)
        expect(formatAddress({ version: 6, value })).toBe(new ipaddr.IPv6(parts).toRFC5952String())
      }),
    )
  })

  test.each([
    ['2001:0DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::ffff:c000:207', '::ffff:192.0.2.7'],
  ])('prints %s as %s', (text, canonical) => {
    const address = parseAddress(text)
    expect(address && formatAddress(address)).toBe(canonical)
  })
})

describe('parsePrefix', () => {
  test('reads back every printed prefix', () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)
      }),
    )
  })

  test.each([
    '10.1.1/24',
    '10.0.0.1/24',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '/8',
    '::/129',
    '::/1e1',
    '10.0.0.0/8/8',
    '10.0.0.0 /8',
  ])('refuses %s', (text) => {
    expect(parsePrefix(text)).toBeUndefined()
  })
})

describe('readPrefix', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0/24', []],
    ['10.1.1/24', '10.1.1.0/24', ['short-ipv4']],
    ['10/8', '10.0.0.0/8', ['short-ipv4']],
    ['10.1.1/22', '10.1.0.0/22', ['short-ipv4', 'host-bits']],
    ['2001:db8:3333:4444/48', '2001:db8:3333::/48', ['short-ipv6', 'host-bits']],
    ['192.0.2.77/24', '192.0.2.0/24', ['host-bits']],
    ['192.0.2.7', '192.0.2.7/32', ['without-length']],
    ['2001:DB8::/32', '2001:db8::/32', []],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24', ['ipv4-mapped']],
    ['::ffff:0:0/96', '0.0.0.0/0', ['ipv4-mapped']],
  ])('reads %s as %s', (text, canonical, repairs) => {
    const read = readPrefix(text)
    expect(read.prefix && { prefix: formatPrefix(read.prefix), repairs: read.repairs }).toEqual({
      prefix: canonical,
      repairs,
    })
  })

  test.each(['10.1/24', '10.1.1', '2001:db8/48', '2001:db8', '10.1.1/33', '1.2.3.4.5/8', '10.1.1./24', 'x/8', '', '/'])(
    'refuses %s',
    (text) => {
      expect(readPrefix(text).prefix).toBeUndefined()
    },
  )

  test('never throws, and what it reads is canonical', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          nearAddress,
          fc.tuple(nearAddress, fc.nat({ max: 200 })).map(([a, n]) => `${a}/${n}`),
        ),
        (text) => {
          const { prefix } = readPrefix(text)
          if (prefix !== undefined) expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)
        },
      ),
    )
  })
})

describe('prefix sets', () => {
  const set = fc.array(closePrefix, { maxLength: 12 })

  test('keep their members and lose every prefix inside another', () => {
    fc.assert(
      fc.property(set, closeClient, (prefixes, { address }) => {
        const canonical = canonicalPrefixes(prefixes)
        const holding = canonical.filter((prefix) => containsAddress(prefix, address))
        expect(holding).toHaveLength(prefixes.some((prefix) => containsAddress(prefix, address)) ? 1 : 0)
        for (const prefix of canonical) expect(prefixes).toContainEqual(prefix)
      }),
    )
  })

  test('are the same whatever order they came in, and canonical ones are left alone', () => {
    fc.assert(
      fc.property(set, (prefixes) => {
        const canonical = canonicalPrefixes(prefixes)
        expect(canonicalPrefixes([...prefixes].reverse())).toEqual(canonical)
        expect(canonicalPrefixes(canonical)).toBe(canonical)
      }),
    )
  })

  test('intersect to exactly the shared addresses', () => {
    fc.assert(
      fc.property(set, set, closeClient, (left, right, { address }) => {
        const a = canonicalPrefixes(left)
        const b = canonicalPrefixes(right)
        const holds = (prefixes: typeof a): boolean => prefixes.some((prefix) => containsAddress(prefix, address))
        const shared = intersectPrefixes(a, b)
        expect(holds(shared)).toBe(holds(a) && holds(b))
        expect(canonicalPrefixes(shared)).toEqual(shared)
        expect(intersectPrefixes(b, a)).toEqual(shared)
      }),
    )
  })
})

test('containsAddress is what masking the address says', () => {
  fc.assert(
    fc.property(closePrefix, closeClient, (prefix, { address }) => {
      const expected = address.version === prefix.version && prefixOf(address, prefix.length).value === prefix.value
      expect(containsAddress(prefix, address)).toBe(expected)
    }),
  )
})
