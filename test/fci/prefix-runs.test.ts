import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import type { Prefix } from '../../src/fci/prefix.ts'
import { containsAddress, formatPrefix, prefixOf } from '../../src/fci/prefix.ts'
import { canonicalPrefixes, comparePrefixes, holdsAddress } from '../../src/fci/prefix-set.ts'
import { anyAddress, anyPrefix } from '../support/fci-arbitraries.ts'

const version4 = anyPrefix.filter(({ version }) => version === 4)
const version6 = anyPrefix.filter(({ version }) => version === 6)
const texts = (prefix: fc.Arbitrary<Prefix>): fc.Arbitrary<readonly string[]> =>
  fc.array(prefix.map(formatPrefix), { minLength: 60, maxLength: 90 })

/** A long list, mostly clean, at times with one value that makes it something else. */
const values = fc.oneof(
  { weight: 4, arbitrary: texts(version4) },
  { weight: 4, arbitrary: texts(version6) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.oneof(texts(version4), texts(version6)),
        fc.nat(),
        fc.constantFrom<unknown>(
          '10.1.1/24',
          '::ffff:1.2.3.0/120',
          '10.0.0.1/8',
          'ü',
          '\\',
          '"',
          7,
          null,
          '1.2.3.4',
          '::/0',
          [],
        ),
      )
      .map(([list, at, odd]) => list.toSpliced(at % list.length, 1, String(odd) === odd ? odd : JSON.stringify(odd))),
  },
)

const footprint = fc.record({
  'footprint-type': fc.constantFrom('ipv4cidr', 'ipv6cidr', 'IPv4CIDR', 'asn', 'x-gps'),
  'footprint-value': values,
})

const list = fc.array(
  fc.oneof(
    footprint,
    fc.record({
      'footprint-type': fc.constantFrom('footprintunion', 'x-set'),
      'footprint-value': fc.array(footprint, { maxLength: 2 }),
    }),
  ),
  { maxLength: 2 },
)

const document = fc.record({
  capabilities: fc.array(
    fc.record({
      'capability-type': fc.constantFrom('FCI.DeliveryProtocol', 'FCI.CapacityLimits', ''),
      'capability-value': fc.oneof(fc.constant({ 'delivery-protocols': ['moqt'] }), fc.record({ footprints: list })),
      footprints: list,
    }),
    { maxLength: 2 },
  ),
})

describe('an advertisement with long lists of prefixes', () => {
  test('says from its text exactly what it says after JSON.parse', () => {
    const mode = fc.constantFrom('lenient' as const, 'strict' as const)
    fc.assert(
      fc.property(document, mode, fc.constantFrom(undefined, 1, '\t'), fc.boolean(), (wire, how, indent, inAlto) => {
        const envelope = inAlto ? { 'cdni-advertisement': { 'capabilities-with-footprints': wire.capabilities } } : wire
        expect(parseAdvertisementText(JSON.stringify(envelope, undefined, indent), { mode: how })).toEqual(
          parseAdvertisement(envelope, { mode: how }),
        )
      }),
    )
  })

  const prefixes = Array.from({ length: 100 }, (_, i) => `10.0.${i}.0/24`)
  const wrap = (value: string): string =>
    `{"capabilities":[{"capability-type":"FCI.X","capability-value":1,"footprints":[{"footprint-type":"ipv4cidr","footprint-value":${value}}]}]}`

  test.each([
    ['that end too early', JSON.stringify(prefixes).slice(0, -1)],
    ['with a comma too many', JSON.stringify(prefixes).replace(/]$/, ',]')],
    ['with a comma too few', JSON.stringify(prefixes).replace('",', '"')],
    ['with two commas', JSON.stringify(prefixes).replace('",', '",,')],
    ['with another bracket', JSON.stringify(prefixes).replace(/]$/, '}')],
  ])('%s is refused', (_, value) => {
    expect(() => parseAdvertisementText(wrap(value))).toThrow(expect.objectContaining({ fault: 'invalid-json' }))
  })

  test('counts them against the limit of values', () => {
    const text = wrap(JSON.stringify(prefixes))
    expect(() => parseAdvertisementText(text, { maxFootprintValues: 100 })).toThrow(
      expect.objectContaining({ fault: 'too-large' }),
    )
    expect(parseAdvertisementText(text, { maxFootprintValues: 101 }).diagnostics).toEqual([])
  })

  test('is refused when the list stands in it twice', () => {
    const twice = wrap(`${JSON.stringify(prefixes)},"footprint-value" :[]`)
    expect(() => parseAdvertisementText(twice)).toThrow(expect.objectContaining({ fault: 'duplicate-member' }))
  })
})

describe('a long list of prefixes', () => {
  const close = fc
    .tuple(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 16, max: 32 }), fc.boolean())
    .map(([low, length, isV4]) =>
      isV4
        ? prefixOf({ version: 4, value: 0xffff0000n | BigInt(low) }, length)
        : prefixOf({ version: 6, value: (0xfe80n << 112n) | (BigInt(low) << 32n) | BigInt(low) }, 4 * length),
    )
  // No wide ones, which would leave nothing of the others.
  const spread = fc
    .tuple(anyAddress, fc.integer({ min: 20, max: 32 }))
    .map(([address, length]) => prefixOf(address, address.version === 4 ? length : 4 * length))
  const many = fc.array(fc.oneof(close, spread), { minLength: 1100, maxLength: 1300, size: 'max' })

  test('comes out in order, without nested ones, as if every pair had been compared', () => {
    fc.assert(
      fc.property(many, (prefixes) => {
        const kept: Prefix[] = []
        for (const prefix of [...prefixes].sort(comparePrefixes)) {
          const last = kept.at(-1)
          if (last === undefined || last.length > prefix.length || !containsAddress(last, prefix)) kept.push(prefix)
        }
        expect(canonicalPrefixes(prefixes)).toEqual(kept)
      }),
      { numRuns: 20 },
    )
  })

  test('is searched for an address as if every prefix had been asked', () => {
    fc.assert(
      fc.property(fc.array(anyPrefix, { maxLength: 20 }), anyAddress, fc.nat(), (prefixes, address, choice) => {
        const canonical = canonicalPrefixes(prefixes)
        for (const wanted of [address, canonical[choice % (canonical.length + 1)] ?? address]) {
          expect(holdsAddress(canonical, wanted)).toBe(prefixes.some((prefix) => containsAddress(prefix, wanted)))
        }
      }),
    )
  })
})
