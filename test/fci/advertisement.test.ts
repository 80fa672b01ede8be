import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AdvertisedCapability, Advertisement } from '../../src/fci/advertisement.ts'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { canonicalCapabilities } from '../../src/fci/canonical-advertisement.ts'
import { compareConjunctions } from '../../src/fci/conjunction-order.ts'
import type { Conjunction } from '../../src/fci/footprint.ts'
import { footprintOf } from '../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { prefixOf } from '../../src/fci/prefix.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'
import { printFootprint } from '../../src/fci/print-footprints.ts'
import { anyAdvertisement, closeClient } from '../support/fci-arbitraries.ts'

const oneWireSource = fc.record({
  'footprint-source-type': fc.constantFrom('rfc8805', 'private', 'Private', 'x-dns', 7),
  'footprint-source-uri': fc.constantFrom('https://noc.example/geo.csv', 'http://noc.example/geo.csv', ''),
  'footprint-source-footprint-type': fc.oneof(
    fc.array(fc.constantFrom('country', 'asn', 'subdivisioncode', 'countrycode', 'x')),
    fc.constant('country'),
  ),
})

const wireSource = fc.oneof(fc.array(oneWireSource, { maxLength: 2 }), oneWireSource, fc.jsonValue())

const wireFootprint = fc.letrec((tie) => ({
  simple: fc.record(
    {
      'footprint-type': fc.oneof(
        fc.constantFrom(
          'ipv4cidr',
          'ipv6cidr',
          'asn',
          'countrycode',
          'subdivisioncode',
          'named',
          'country',
          'IPv4CIDR',
        ),
        fc.constant('expr'),
        fc.string(),
      ),
      'footprint-source': wireSource,
      'footprint-value': fc.oneof(
        fc.array(
          fc.constantFrom(
            '192.0.2.0/24',
            '10.1.1/24',
            '2001:db8::/32',
            '::ffff:1.2.3.4',
            'as1',
            '1:1',
            '1:2',
            'US',
            'us-ny',
            '',
            '/',
            'ep.asn == 1 or ep.ipv4addr ipmatch "192.0.2.0/24"',
            'https://dcdn.example/footprints/us',
          ),
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['footprint-type', 'footprint-value'] },
  ),
  union: fc.record({
    'footprint-type': fc.constant('footprintunion'),
    'footprint-value': fc.array(tie('any'), { maxLength: 3 }),
    'footprint-source': fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: wireSource }),
  }),
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('simple'), tie('union')),
})).any

const wireDocument = fc.record({
  capabilities: fc.array(
    fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          'capability-type': fc.constantFrom(
            'FCI.DeliveryProtocol',
            'fci.logging',
            'FCI.PrivateFeatures',
            'FCI.Other',
            '',
          ),
          'capability-value': fc.oneof(fc.jsonValue(), fc.constant({ 'delivery-protocols': ['moqt'] })),
          footprints: fc.oneof(fc.array(wireFootprint, { maxLength: 4 }), fc.jsonValue()),
        },
        { requiredKeys: ['capability-type', 'capability-value'] },
      ),
    ),
    { maxLength: 4 },
  ),
})

/** The canonical capabilities without what is withheld when they are printed. */
function printable(capabilities: readonly AdvertisedCapability[]): readonly AdvertisedCapability[] {
  const kept = capabilities.map((capability) => {
    const { footprint } = capability
    if (footprint.kind === 'global') return capability
    const { withheld } = printFootprint(footprint)
    const isWithheld = (one: Conjunction) => withheld.some((other) => compareConjunctions(one, other) === 0)
    return { ...capability, footprint: footprintOf(footprint.anyOf.filter((one) => !isWithheld(one))) }
  })
  return canonicalCapabilities(
    canonicalCapabilities(kept).filter(({ footprint }) => footprint.kind === 'global' || footprint.anyOf.length > 0),
  )
}

/** Findings about what is kept as it came and holds for nobody. */
const KEPT_UNREAD = /-unknown$|^footprint-source-(?:named|lacks-fact)$/

const anyOptions = fc.record({
  mode: fc.constantFrom('lenient' as const, 'strict' as const),
  combination: fc.constantFrom('and' as const, 'or' as const),
})

describe('an advertisement', () => {
  test('that is printed and read back is the same model, without findings but for unknown types', () => {
    fc.assert(
      fc.property(anyAdvertisement, anyOptions, (advertisement, { mode }) => {
        const again = parseAdvertisementText(JSON.stringify(printAdvertisement(advertisement)), { mode })
        expect(again.capabilities).toEqual(printable(advertisement.capabilities))
        expect(again.diagnostics.filter(({ code }) => !KEPT_UNREAD.test(code))).toEqual([])
      }),
      { numRuns: 250 },
    )
  })

  test('withholds what no list can say without doubt, and nothing else', () => {
    const uri = (name: string) => `https://dcdn.example/${name}`
    const sources = [{ type: 'private' as const, uri: 'https://db.example', facts: ['asn' as const] }]
    const sourced = [{ sources, within: footprintOf([{ asns: [64496] }]) }]
    const said = (conjunction: Conjunction) => printFootprint(footprintOf([conjunction])).lists
    expect(said({ named: [[uri('a')], [uri('b'), uri('c')]] })).toEqual([
      [
        { 'footprint-type': 'named', 'footprint-value': [uri('a')] },
        {
          'footprint-type': 'footprintunion',
          'footprint-value': [{ 'footprint-type': 'named', 'footprint-value': [uri('b'), uri('c')] }],
        },
      ],
    ])
    expect(said({ named: [[uri('a')], [uri('b')], [uri('c')]] })).toEqual([])
    expect(said({ asns: [64497], sourced })).toEqual([
      [
        { 'footprint-type': 'asn', 'footprint-value': ['as64497'] },
        {
          'footprint-type': 'footprintunion',
          'footprint-value': [
            {
              'footprint-type': 'asn',
              'footprint-value': ['as64496'],
              'footprint-source': [
                {
                  'footprint-source-type': 'private',
                  'footprint-source-uri': 'https://db.example',
                  'footprint-source-footprint-type': ['asn'],
                },
              ],
            },
          ],
        },
      ],
    ])
    const bothFamilies = [0, 1].map((i) => prefixOf({ version: i === 0 ? 4 : 6, value: 0n }, 8))
    expect(said({ asns: [64497], sourced, prefixes: bothFamilies })).toEqual([])
  })

  test('keeps a capability of unknown meaning in one object where one list of footprints can say it', () => {
    const footprints = [
      { 'footprint-type': 'asn', 'footprint-value': ['as64496'] },
      {
        'footprint-type': 'footprintunion',
        'footprint-value': [
          { 'footprint-type': 'countrycode', 'footprint-value': ['us'] },
          { 'footprint-type': 'subdivisioncode', 'footprint-value': ['ca-on'] },
        ],
      },
    ]
    const document = { capabilities: [{ 'capability-type': 'FCI.Future', 'capability-value': {}, footprints }] }
    expect(printAdvertisement(parseAdvertisement(document))).toEqual(document)
  })

  test('keeps conjunctions apart that differ only in values of one type', () => {
    const footprint = footprintOf([
      { asns: [64496], prefixes: [prefixOf({ version: 4, value: 0xc0000200n }, 24)] },
      { asns: [64496], prefixes: [prefixOf({ version: 4, value: 0xc6336400n }, 24)] },
    ])
    const capability = { type: 'FCI.DeliveryProtocol', value: { 'delivery-protocols': ['moqt'] }, footprint }
    const printed = printAdvertisement({ capabilities: [capability], diagnostics: [] })
    expect(printed.capabilities).toHaveLength(2)
    expect(parseAdvertisement(printed).capabilities).toEqual([capability])
  })

  test('of whatever content is read without a throw, and printing what was read changes nobody’s coverage', () => {
    fc.assert(
      fc.property(wireDocument, anyOptions, closeClient, (document, options, client) => {
        const advertisement = parseAdvertisement(document, options)
        const again = parseAdvertisement(printAdvertisement(advertisement), { mode: options.mode })
        for (const { type, value, footprint } of advertisement.capabilities) {
          if (matchFootprint(footprint, client) === undefined) continue
          if (printFootprint(footprint).withheld.length > 0) continue
          const kept = again.capabilities.filter(
            (other) => other.type === type && JSON.stringify(other.value) === JSON.stringify(value),
          )
          expect(kept.some((other) => matchFootprint(other.footprint, client) !== undefined)).toBe(true)
        }
        expect(again.capabilities.length).toBeGreaterThanOrEqual(
          Math.min(1, printAdvertisement(advertisement).capabilities.length),
        )
      }),
      { numRuns: 400 },
    )
  })

  test('never covers more once it is printed and read back', () => {
    fc.assert(
      fc.property(fc.array(wireFootprint, { minLength: 1, maxLength: 4 }), closeClient, (footprints, client) => {
        const document = { capabilities: [{ 'capability-type': 'FCI.X', 'capability-value': 1, footprints }] }
        const covers = ({ capabilities }: Advertisement) =>
          capabilities.some(({ footprint }) => matchFootprint(footprint, client) !== undefined)
        const advertisement = parseAdvertisement(document)
        if (covers(parseAdvertisement(printAdvertisement(advertisement)))) expect(covers(advertisement)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  test('never prints an empty list of footprints', () => {
    fc.assert(
      fc.property(wireDocument, anyOptions, (document, options) => {
        for (const { footprints } of printAdvertisement(parseAdvertisement(document, options)).capabilities) {
          expect(footprints).not.toEqual([])
        }
      }),
    )
  })

  test('read strictly never covers a client that it does not cover read leniently', () => {
    const ordinary = fc.array(wireFootprint, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(ordinary, closeClient, (footprints, client) => {
        const read = (mode: 'strict' | 'lenient'): boolean =>
          parseAdvertisement(
            { capabilities: [{ 'capability-type': 'FCI.X', 'capability-value': 1, footprints }] },
            { mode },
          ).capabilities.some(({ footprint }) => matchFootprint(footprint, client) !== undefined)
        if (read('strict')) expect(read('lenient')).toBe(true)
      }),
    )
  })
})

describe('versionOf', () => {
  test('is equal exactly for equal canonical models', () => {
    fc.assert(
      fc.property(anyAdvertisement, anyAdvertisement, (a, b) => {
        const text = (advertisement: typeof a): string =>
          JSON.stringify(canonicalCapabilities(advertisement.capabilities), (_, value: unknown) =>
            typeof value === 'bigint' ? `${value}n` : value,
          )
        expect(versionOf(a)).toBe(
          versionOf({ ...a, diagnostics: [{ severity: 'error', code: 'x', message: 'y', pointer: '' }] }),
        )
        expect(versionOf(a) === versionOf(b)).toBe(text(a) === text(b))
      }),
    )
  })

  test('tells a capability for nobody from none, although neither is printed', () => {
    const nobody = {
      type: 'FCI.DeliveryProtocol',
      value: { 'delivery-protocols': ['moqt'] },
      footprint: { kind: 'some' as const, anyOf: [] },
    }
    const one = { capabilities: [nobody], diagnostics: [] }
    const none = { capabilities: [], diagnostics: [] }
    expect(printAdvertisement(one)).toEqual(printAdvertisement(none))
    expect(versionOf(one)).not.toBe(versionOf(none))
  })
})
