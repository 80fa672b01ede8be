import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { isLocationAllowed, readLocationRules } from '../../src/fci/location-rules.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseMediaType } from '../../src/fci/media-type.ts'
import { MelError } from '../../src/fci/mel/mel-error.ts'
import { readExpression } from '../../src/fci/mel/read-expression.ts'
import { compileRegex, RegexError } from '../../src/fci/mel/regex.ts'
import { parseNamedDocument, parseNamedDocumentText } from '../../src/fci/named/read-named-document.ts'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { parseAddress } from '../../src/fci/prefix.ts'
import { readPrefix } from '../../src/fci/read-prefix.ts'
import { FUZZ_RUNS } from '../support/fuzz-runs.ts'

const TIMEOUT = { timeout: 120_000 }
const runs = { numRuns: FUZZ_RUNS }

/** Whatever JSON can hold, made of the words that the parsers look for, in places where they may or may not belong. */
const word = fc.constantFrom<unknown>(
  'named',
  'asn',
  'ipv4cidr',
  'ipv6cidr',
  'expr',
  'footprintunion',
  'countrycode',
  'coverage',
  'rfc8805',
  'private',
  'country',
  '192.0.2.0/24',
  '2001:db8::/32',
  '10.1.1/24',
  'as1',
  '1:1',
  '1:2',
  'us',
  'ep.asn == 1:1 or not ( $ep.country = "us" )',
  'https://dcdn.example/a',
  'https://dcdn.example/b',
  '2030-02-09T17:32:28Z',
  'deny',
  'allow',
  'FCI.DeliveryProtocol',
  '',
  '\u0000',
  null,
  true,
  -1,
  1e300,
)
const member = fc.constantFrom(
  'capabilities',
  'capability-type',
  'capability-value',
  'delivery-protocols',
  'footprints',
  'subfootprints',
  'footprint-type',
  'footprint-value',
  'footprint-source',
  'footprint-source-type',
  'footprint-source-uri',
  'footprint-source-footprint-type',
  'footprint-namespace',
  'footprint-name',
  'footprint-uri',
  'footprint-expires',
  'footprint-def',
  'locations',
  'action',
  '__proto__',
)
const json = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.array(fc.tuple(member, tie('any')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
  ),
})).any

const VALUES = {
  asn: ['as1'],
  countrycode: ['us'],
  expr: ['ep.asn == 1'],
  named: ['https://dcdn.example/a'],
  footprintunion: [{ 'footprint-type': 'asn', 'footprint-value': ['as1'] }],
}
const SOURCED_TYPES = ['asn', 'countrycode', 'expr', 'named', 'footprintunion'] as const

const client = { address: parseAddress('192.0.2.7') ?? { version: 4 as const, value: 0n }, asn: 1, country: 'us' }

/** What prefixes, media types, expressions and patterns are made of, parted by blanks. */
const PIECES =
  `1 255 . : :: / 24 ffff a ( ) [ ] { } * + ? | ^ $ \\ " ' ; = application/cdni ptype ep.asn == ~= and not , -`
    .split(' ')
    .concat(' ', ' and ', ' not ')

/** The fault of a document that is refused; anything else that is thrown fails the test. */
function refusalOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof AdvertisementError) return error.fault
    throw error
  }
}

describe('whatever comes in', () => {
  test('an advertisement is read or refused', TIMEOUT, () => {
    fc.assert(
      fc.property(json, (value) => {
        const capability = { 'capability-type': 'FCI.X', 'capability-value': value, footprints: value }
        const { capabilities } = parseAdvertisement({ capabilities: [capability, value] })
        for (const { footprint } of capabilities) matchFootprint(footprint, client)
        expect(refusalOf(() => parseAdvertisement(value)) ?? 'not-an-advertisement').toBe('not-an-advertisement')
      }),
      runs,
    )
  })

  test('a footprint advertisement is read or refused', TIMEOUT, () => {
    fc.assert(
      fc.property(json, fc.boolean(), (value, lenient) => {
        const options = { mode: lenient ? ('lenient' as const) : ('strict' as const) }
        const document = [{ 'footprint-namespace': 'n', 'footprint-type': 'coverage', footprints: [value] }, value]
        expect(parseNamedDocument(document, options).kind).toBe('namespaces')
        const fault = refusalOf(() => parseNamedDocument(value, options))
        expect(fault ?? 'not-named-footprints').toBe('not-named-footprints')
      }),
      runs,
    )
  })

  test('a list of sources is read, or lets nobody in', TIMEOUT, () => {
    fc.assert(
      fc.property(json, fc.constantFrom(...SOURCED_TYPES), (source, type) => {
        const footprint = { 'footprint-type': type, 'footprint-value': VALUES[type], 'footprint-source': source }
        const { capabilities } = parseAdvertisement({
          capabilities: [{ 'capability-type': 'FCI.X', 'capability-value': 1, footprints: [footprint] }],
        })
        const isNone = source === null || (Array.isArray(source) && source.length === 0)
        // The client's own facts are not those of a source.
        for (const { footprint: read } of capabilities) {
          if (!isNone) expect(matchFootprint(read, client)).toBeUndefined()
        }
      }),
      runs,
    )
  })

  test('rules of locations are read, and let nobody in whom they do not name', TIMEOUT, () => {
    fc.assert(
      fc.property(json, (value) => {
        const acl = readLocationRules({ locations: [value, { action: 'deny', footprints: [value] }] })
        expect(isLocationAllowed(acl, { address: { version: 6, value: 1n } })).toBe(false)
      }),
      runs,
    )
  })

  test('a text is read as JSON or refused', TIMEOUT, () => {
    const text = fc
      .tuple(json, fc.nat(), fc.nat({ max: 8 }), fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '\u0000'))
      .map(([value, at, drop, put]) => {
        const whole = JSON.stringify({ capabilities: [value], 'footprint-name': 'a', 'footprint-def': value })
        const cut = at % (whole.length + 1)
        return whole.slice(0, cut) + put + whole.slice(cut + drop)
      })
    const faults = ['invalid-json', 'duplicate-member', 'not-an-advertisement', 'not-named-footprints', 'too-deep']
    fc.assert(
      fc.property(text, (broken) => {
        for (const read of [parseAdvertisementText, parseNamedDocumentText]) {
          const fault = refusalOf(() => read(broken))
          if (fault !== undefined) expect(faults).toContain(fault)
        }
      }),
      runs,
    )
  })

  test('a short text is a value or a named fault of every small grammar', TIMEOUT, () => {
    const piece = fc.constantFrom(...PIECES)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        const text = pieces.join('')
        readPrefix(text)
        parseMediaType(text)
        const faults: unknown[] = []
        for (const read of [
          () => readExpression(text, { lenient: true, qualifiersOf: () => 0 }),
          () => compileRegex(text, true).matches(text),
        ]) {
          try {
            read()
          } catch (error) {
            faults.push(error)
          }
        }
        for (const fault of faults) expect(fault instanceof MelError || fault instanceof RegexError).toBe(true)
      }),
      runs,
    )
  })
})
