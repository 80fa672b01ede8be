import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinRanges, largestPrefixes, measureRanges, rangesOf, subtractRanges } from '../../src/fci/address-ranges.ts'
import { compareAdvertisements, lostShare } from '../../src/fci/compare-advertisements.ts'
import { footprintOf } from '../../src/fci/footprint-algebra.ts'
import { lostParts, partsOf } from '../../src/fci/footprint-loss.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { anyAdvertisement, anyFootprint, closeClient, closePrefix } from '../support/fci-arbitraries.ts'

const footprint = (type: string, ...values: readonly string[]) => ({
  'footprint-type': type,
  'footprint-value': values,
})
const delivering = (...footprints: readonly object[]) => ({
  'capability-type': 'FCI.DeliveryProtocol',
  'capability-value': { 'delivery-protocols': ['https/1.1'] },
  footprints,
})
const relaying = (...footprints: readonly object[]) => ({
  'capability-type': 'FCI.DeliveryProtocol',
  'capability-value': { 'delivery-protocols': ['moqt'] },
  footprints,
})
const read = (...capabilities: readonly object[]) => parseAdvertisement({ capabilities })

describe('address ranges', () => {
  const prefixes = fc.array(closePrefix, { maxLength: 8 })

  test('subtracted from each other hold exactly the addresses of the one that are not in the other', () => {
    fc.assert(
      fc.property(prefixes, prefixes, closeClient, (a, b, { address }) => {
        const holds = (ranges: ReturnType<typeof rangesOf>): boolean =>
          ranges.some(({ first, last }) => first <= address.value && address.value <= last)
        const [inA, inB] = [rangesOf(a, address.version), rangesOf(b, address.version)]
        expect(holds(subtractRanges(inA, inB))).toBe(holds(inA) && !holds(inB))
        expect(holds(joinRanges([...inA, ...inB]))).toBe(holds(inA) || holds(inB))
      }),
    )
  }, 60_000)

  test('are the same addresses when taken apart into prefixes', () => {
    fc.assert(
      fc.property(prefixes, prefixes, fc.constantFrom(4 as const, 6 as const), (a, b, version) => {
        const ranges = subtractRanges(rangesOf(a, version), rangesOf(b, version))
        expect(rangesOf(largestPrefixes(ranges, version, 10_000), version)).toEqual(ranges)
      }),
    )
  })

  test('are measured in addresses and in /48 prefixes', () => {
    const { capabilities } = read(delivering(footprint('ipv4cidr', '192.0.2.0/24', '198.51.100.7/32')))
    expect(measureRanges(partsOf(capabilities[0]?.footprint ?? { kind: 'global' }).v4, 4)).toBe(257)
    expect(measureRanges(partsOf({ kind: 'global' }).v4, 4)).toBe(2 ** 32)
    expect(measureRanges(partsOf({ kind: 'global' }).v6, 6)).toBe(2 ** 48)
  })
})

describe('what one footprint loses to another', () => {
  test('is nothing when it grows, and nothing to itself', () => {
    fc.assert(
      fc.property(anyFootprint, anyFootprint, (a, b) => {
        const nothing = { v4: [], v6: [], asns: [], countries: [], subdivisions: [] }
        expect(lostParts(a, a)).toEqual(nothing)
        expect(lostParts(a, { kind: 'global' })).toEqual(nothing)
        if (a.kind === 'some' && b.kind === 'some') {
          expect(lostParts(a, footprintOf([...a.anyOf, ...b.anyOf]))).toEqual(nothing)
        }
      }),
    )
  }, 60_000)

  test('is something when a client of an address footprint is no longer held', () => {
    fc.assert(
      fc.property(fc.array(closePrefix, { minLength: 1 }), anyFootprint, closeClient, (prefixes, after, client) => {
        const before = footprintOf([{ prefixes }])
        if (matchFootprint(before, client) === undefined || matchFootprint(after, client) !== undefined) return
        const lost = lostParts(before, after)[client.address.version === 4 ? 'v4' : 'v6']
        expect(lost.some(({ first, last }) => first <= client.address.value && client.address.value <= last)).toBe(true)
      }),
    )
  }, 60_000)

  test.each<[string, readonly object[], readonly object[], Partial<Record<string, number>>]>([
    [
      'half of the prefixes',
      [footprint('ipv4cidr', '192.0.2.0/24')],
      [footprint('ipv4cidr', '192.0.2.0/25')],
      { v4: 0.5 },
    ],
    ['codes', [footprint('countrycode', 'de', 'fr', 'it', 'es')], [footprint('countrycode', 'de')], { codes: 0.75 }],
    [
      'nothing, as the country holds the subdivision',
      [footprint('subdivisioncode', 'us-ny')],
      [footprint('countrycode', 'us')],
      {},
    ],
    [
      'a country narrowed to one network',
      [footprint('countrycode', 'us')],
      [footprint('countrycode', 'us'), footprint('ipv4cidr', '192.0.2.0/24')],
      { codes: 1 },
    ],
    [
      'addresses that from now on need a country too',
      [footprint('ipv6cidr', '2001:db8::/32')],
      [footprint('countrycode', 'us'), footprint('ipv6cidr', '2001:db8::/32')],
      { v6: 1 },
    ],
  ])('%s', (_, before, after, shares) => {
    const difference = compareAdvertisements(read(delivering(...before)), read(delivering(...after)))
    expect(difference.lostShares).toEqual({ v4: 0, v6: 0, codes: 0, ...shares })
    expect(lostShare(read(delivering(...before)), read(delivering(...after)))).toBe(
      Math.max(0, ...Object.values(shares).map(Number)),
    )
  })
})

describe('two advertisements', () => {
  test('differ in what each says, with examples', () => {
    const before = read(
      delivering(footprint('ipv4cidr', '192.0.2.0/24', '198.51.100.0/24')),
      relaying(footprint('ipv4cidr', '192.0.2.0/24')),
      { 'capability-type': 'FCI.RedirectionMode', 'capability-value': { 'redirection-modes': ['DNS-I'] } },
    )
    const after = read(
      delivering(footprint('ipv4cidr', '192.0.2.0/24', '203.0.113.0/24'), footprint('ipv6cidr', '2001:db8::/32')),
      relaying(footprint('asn', 'as64496')),
      { 'capability-type': 'FCI.RedirectionMode', 'capability-value': { 'redirection-modes': ['HTTP-I'] } },
    )
    const none = { before: 0, after: 0, gained: 0, lost: 0, gainedExamples: [], lostExamples: [] }
    expect(compareAdvertisements(before, after)).toEqual({
      changed: true,
      moq: {
        v4: { before: 256, after: 0, gained: 0, lost: 256, gainedExamples: [], lostExamples: ['192.0.2.0/24'] },
        v6: none,
        asns: { before: 0, after: 1, gained: 1, lost: 0, gainedExamples: ['AS64496'], lostExamples: [] },
        countries: none,
        subdivisions: none,
      },
      delivery: {
        v4: {
          before: 512,
          after: 512,
          gained: 256,
          lost: 256,
          gainedExamples: ['203.0.113.0/24'],
          lostExamples: ['198.51.100.0/24'],
        },
        v6: { before: 0, after: 65_536, gained: 65_536, lost: 0, gainedExamples: ['2001:db8::/32'], lostExamples: [] },
        asns: { before: 0, after: 1, gained: 1, lost: 0, gainedExamples: ['AS64496'], lostExamples: [] },
        countries: none,
        subdivisions: none,
      },
      lostShares: { v4: 1, v6: 0, codes: 0 },
      capabilities: [
        { type: 'FCI.DeliveryProtocol', change: 'footprint', value: '{"delivery-protocols":["https/1.1"]}' },
        { type: 'FCI.DeliveryProtocol', change: 'footprint', value: '{"delivery-protocols":["moqt"]}' },
        { type: 'FCI.RedirectionMode', change: 'removed', value: '{"redirection-modes":["DNS-I"]}' },
        { type: 'FCI.RedirectionMode', change: 'added', value: '{"redirection-modes":["HTTP-I"]}' },
      ],
      furtherCapabilities: 0,
    })
  })

  test('that are the same have no difference, whatever they say', () => {
    fc.assert(
      fc.property(anyAdvertisement, (advertisement) => {
        const difference = compareAdvertisements(advertisement, advertisement)
        expect(difference).toMatchObject({ changed: false, capabilities: [], lostShares: { v4: 0, v6: 0, codes: 0 } })
        expect(lostShare(advertisement, advertisement)).toBe(0)
      }),
    )
  })

  test('lose everything when the second is empty, and nothing when the first was', () => {
    const some = read(relaying(footprint('countrycode', 'de')))
    expect(lostShare(some, read())).toBe(1)
    expect(lostShare(read(), some)).toBe(0)
  })

  test('lose nothing when alternatives are said one by one', () => {
    const together = read(delivering(footprint('countrycode', 'de', 'fr'), footprint('asn', 'as1', 'as2')))
    const apart = ['de', 'fr'].flatMap((country) =>
      ['as1', 'as2'].map((asn) => delivering(footprint('countrycode', country), footprint('asn', asn))),
    )
    expect(lostShare(together, read(...apart))).toBe(0)
    expect(lostShare(together, read(...apart.slice(1)))).toBeGreaterThan(0)
  })

  test('are compared in bounded space, without passwords', () => {
    const source = (i: number) => ({
      'capability-type': 'FCI.LoggingSource',
      'capability-value': { transports: [{ host: `${i}.example`, password: 'hunter2', 'access-key-secret': 'x1y2' }] },
    })
    const difference = compareAdvertisements(read(), read(...Array.from({ length: 150 }, (_, i) => source(i))))
    expect(difference.capabilities).toHaveLength(100)
    expect(difference.furtherCapabilities).toBe(50)
    expect(JSON.stringify(difference)).not.toMatch(/hunter2|x1y2/)
  })

  test('of many narrow footprints, or of many codes, are compared in bounded time', () => {
    const narrow = (asn: string) =>
      Array.from({ length: 1100 }, (_, i) =>
        delivering(footprint('asn', asn), footprint('ipv4cidr', `10.${i >> 8}.${i & 255}.0/24`)),
      )
    expect(lostShare(read(...narrow('as64496')), read(...narrow('as64497')))).toBe(1)
    const codes = (from: number) => Array.from({ length: 100_000 }, (_, i) => `as${from + i}`)
    const [before, after] = [
      read(delivering(footprint('asn', ...codes(0)))),
      read(delivering(footprint('asn', ...codes(50_000)))),
    ]
    expect(lostShare(before, after)).toBe(0.5)
  }, 20_000)
})
