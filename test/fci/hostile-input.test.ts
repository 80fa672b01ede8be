import { describe, expect, test } from 'vitest'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { NOBODY } from '../../src/fci/footprint-algebra.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { buildNamedRegistry } from '../../src/fci/named/named-registry.ts'
import { parseNamedDocument, parseNamedDocumentText } from '../../src/fci/named/read-named-document.ts'
import { resolveNamed } from '../../src/fci/named/resolve-named.ts'
import { parseAdvertisement, parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'

const address = { version: 4 as const, value: 0xc0000207n }
const URI = 'https://dcdn.example/footprints'

function object(type: string, values: unknown) {
  return { 'footprint-type': type, 'footprint-value': values }
}

function advertisement(...footprints: readonly unknown[]) {
  return { capabilities: [{ 'capability-type': 'FCI.X', 'capability-value': 1, footprints }] }
}

function named(name: string, definition: unknown, more: object = {}) {
  return {
    'footprint-name': name,
    'footprint-uri': `${URI}/${name}`,
    'footprint-expires': '2030-01-01T00:00:00Z',
    'footprint-def': definition,
    ...more,
  }
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof AdvertisementError) return error.fault
    throw error
  }
}

const SECONDS = { timeout: 30_000 }

describe('hostile documents take bounded time and give a finding', () => {
  test('a million elements are read, one more is refused', SECONDS, () => {
    const prefixes = Array.from({ length: 999_999 }, (_, i) => `${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}.0/24`)
    const text = JSON.stringify(advertisement(object('ipv4cidr', prefixes)))
    const { capabilities, diagnostics } = parseAdvertisementText(text)
    expect(diagnostics).toEqual([])
    expect(matchFootprint(capabilities[0]?.footprint ?? NOBODY, { address: { version: 4, value: 5n } })).toMatchObject({
      value: '0.0.0.0/24',
    })
    const more = JSON.stringify(advertisement(object('ipv4cidr', [...prefixes, '10.0.0.0/8', '10.0.0.0/8'])))
    expect(faultOf(() => parseAdvertisementText(more))).toBe('too-large')
    const codes = Array.from({ length: 1_000_001 }, (_, i) => `as${i}`)
    expect(faultOf(() => parseAdvertisement(advertisement(object('asn', codes))))).toBe('too-large')
    expect(faultOf(() => parseAdvertisement(advertisement(object('named', codes))))).toBe('too-large')
  })

  test('ten thousand nested unions are refused as text, and are nobody as objects', SECONDS, () => {
    const depth = 10_000
    const text = `{"capabilities":[{"capability-type":"X","capability-value":1,"footprints":[${'{"footprint-type":"footprintunion","footprint-value":['.repeat(depth)}${']}'.repeat(depth)}]}]}`
    expect(faultOf(() => parseAdvertisementText(text))).toBe('too-deep')
    let nested: unknown = object('asn', ['as1'])
    for (let i = 0; i < depth; i++) nested = object('footprintunion', [nested])
    const { capabilities, diagnostics } = parseAdvertisement(advertisement(nested))
    expect(capabilities[0]?.footprint).toEqual(NOBODY)
    expect(diagnostics.map(({ code }) => code)).toContain('footprintunion-nested')
  })

  test('ten thousand unions side by side are nobody once they multiply', SECONDS, () => {
    const unions = Array.from({ length: 10_000 }, (_, i) =>
      object('footprintunion', [object('asn', [`as${i}`]), object('countrycode', ['us'])]),
    )
    const { capabilities } = parseAdvertisement(advertisement(...unions))
    expect(matchFootprint(capabilities[0]?.footprint ?? NOBODY, { address, asn: 1 })).toBeUndefined()
  })

  test.each<[string, string]>([
    ['parentheses', `${'('.repeat(4000)}ep.asn == 1${')'.repeat(4000)}`],
    ['negations', `${'not '.repeat(2000)}ep.asn == 1`],
    [
      'a product of choices',
      Array.from(
        { length: 60 },
        (_, i) => `(ep.asn == ${i} or ep.country == "a${String.fromCharCode(97 + (i % 26))}")`,
      ).join(' and '),
    ],
    ['globs', `${'ep.country . '.repeat(300)}"x" *= "${'*a'.repeat(1500)}"`],
    ['a pattern', `ep.country ~= "${'(a*)*'.repeat(200)}b"`],
    ['repetitions', 'ep.country ~= "((((a{99}){99}){99}){99}){99}"'],
    ['its length', `ep.asn == 1${' or ep.asn == 1'.repeat(100_000)}`],
  ])('an expression that explodes by %s is bounded', { timeout: 5000 }, (_, expression) => {
    const { capabilities } = parseAdvertisement(advertisement(object('expr', [expression])))
    const footprint = capabilities[0]?.footprint ?? NOBODY
    for (let i = 0; i < 100; i++) matchFootprint(footprint, { address, asn: i, country: 'us' })
    expect(printAdvertisement({ capabilities, diagnostics: [] }).capabilities.length).toBeLessThanOrEqual(1)
  })

  test('a hundred thousand objects with sources of their own are refused or nobody', SECONDS, () => {
    const objects = Array.from({ length: 100_000 }, (_, i) => ({
      ...object('asn', [`as${i}`]),
      'footprint-source': [
        {
          'footprint-source-type': 'private',
          'footprint-source-uri': `https://db${i}.example`,
          'footprint-source-footprint-type': ['asn'],
        },
      ],
    }))
    const { capabilities, diagnostics } = parseAdvertisement(advertisement(...objects))
    expect(capabilities[0]?.footprint).toEqual(NOBODY)
    expect(diagnostics.map(({ code }) => code)).toEqual(['footprint-too-complex'])
  })

  test('named footprints without end are refused by number, depth and text', SECONDS, () => {
    const many = Array.from({ length: 10_001 }, (_, i) => named(`f${i}`, object('asn', [`as${i}`])))
    const namespace = (footprints: readonly unknown[]) => [
      { 'footprint-namespace': 'n', 'footprint-type': 'coverage', footprints },
    ]
    expect(faultOf(() => parseNamedDocument(namespace(many)))).toBe('too-large')
    const deep = `${'{"footprint-name":"a","subfootprints":['.repeat(10_000)}${']}'.repeat(10_000)}`
    expect(faultOf(() => parseNamedDocumentText(deep))).toBe('too-deep')
    let loop: { [member: string]: unknown } = named('loop', object('asn', ['as1']))
    loop = Object.assign(loop, { subfootprints: [loop] })
    expect(parseNamedDocument(loop).diagnostics.map(({ code }) => code)).toContain('named-too-deep')
  })

  test('ten thousand siblings that all overlap are told of in bounded time and number', SECONDS, () => {
    const siblings = Array.from({ length: 10_000 }, (_, i) => named(`f${i}`, object('ipv4cidr', ['10.0.0.0/8'])))
    const { diagnostics } = parseNamedDocument({
      'footprint-namespace': 'n',
      'footprint-type': 'coverage',
      footprints: siblings,
    })
    expect(diagnostics).toHaveLength(100)
    expect(diagnostics.every(({ code }) => code === 'named-siblings-overlap')).toBe(true)
  })

  test('ten thousand children of a parent of many prefixes are checked in bounded time', SECONDS, () => {
    const around = Array.from({ length: 50_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/25`)
    const children = Array.from({ length: 9000 }, (_, i) =>
      named(`c${i}`, object('ipv4cidr', [`10.${i >> 8}.${i & 255}.0/26`])),
    )
    const { diagnostics } = parseNamedDocument(named('p', object('ipv4cidr', around), { subfootprints: children }))
    expect(diagnostics).toEqual([])
  })

  test('when everything is expired nobody is matched, and everything is kept for republication', () => {
    const document = parseNamedDocument(named('us', object('countrycode', ['us'])))
    const registry = buildNamedRegistry([{ document, fetchedAt: 0 }], 1000)
    const model = parseAdvertisement(advertisement(object('named', [`${URI}/us`])))
    const late = Date.parse('2031-01-01T00:00:00Z')
    const resolved = resolveNamed(model, registry, late)
    expect(resolved.unresolved).toEqual([{ uri: `${URI}/us`, why: 'expired' }])
    expect(
      matchFootprint(resolved.advertisement.capabilities[0]?.footprint ?? NOBODY, { address, country: 'us' }),
    ).toBeUndefined()
    expect(printAdvertisement(resolved.advertisement)).toEqual(printAdvertisement(model))
  })
})
