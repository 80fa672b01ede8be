import { describe, expect, test } from 'vitest'
import { AdvertisementError } from '../../../src/fci/advertisement-error.ts'
import { NOBODY } from '../../../src/fci/footprint-algebra.ts'
import { descend, rootsOf } from '../../../src/fci/named/named-footprint.ts'
import { parseNamedDocument, parseNamedDocumentText } from '../../../src/fci/named/read-named-document.ts'

const EXPIRES = '2030-02-09T17:32:28Z'

function uri(name: string): string {
  return `https://oc.dcdn.example/FCI/footprints/${name}`
}

function def(type: string, ...values: readonly unknown[]) {
  return { 'footprint-type': type, 'footprint-value': values }
}

function footprint(name: string, definition: unknown, more: object = {}) {
  return {
    'footprint-name': name,
    'footprint-uri': uri(name),
    'footprint-expires': EXPIRES,
    'footprint-def': definition,
    ...more,
  }
}

function namespace(...footprints: readonly unknown[]) {
  return { 'footprint-namespace': 'default', 'footprint-type': 'coverage', footprints }
}

function findings(document: unknown, mode: 'lenient' | 'strict' = 'lenient'): readonly (readonly string[])[] {
  return parseNamedDocument(document, { mode }).diagnostics.map(({ severity, code, pointer }) => [
    severity,
    code,
    pointer,
  ])
}

function namesIn(document: unknown): readonly string[] {
  return rootsOf(parseNamedDocument(document)).flatMap((root) => [...descend(root)].map(({ name }) => name))
}

describe('a footprint advertisement', () => {
  const us = footprint('us', def('countrycode', 'us'), {
    subfootprints: [footprint('us/ny', def('subdivisioncode', 'us-ny'))],
  })

  test('may be an array of namespaces, one of them, or one footprint', () => {
    expect(parseNamedDocument([namespace(us)])).toMatchObject({
      kind: 'namespaces',
      namespaces: [{ name: 'default', type: 'coverage', roots: [{ name: 'us', children: [{ name: 'us/ny' }] }] }],
      diagnostics: [],
    })
    expect(parseNamedDocument(namespace(us))).toMatchObject({ kind: 'namespace', namespace: { name: 'default' } })
    expect(parseNamedDocument(us)).toEqual({
      kind: 'footprint',
      footprint: {
        name: 'us',
        uri: uri('us'),
        expiresAt: Date.parse(EXPIRES),
        definition: { kind: 'some', anyOf: [{ countries: ['us'] }] },
        children: [
          {
            name: 'us/ny',
            uri: uri('us/ny'),
            expiresAt: Date.parse(EXPIRES),
            definition: { kind: 'some', anyOf: [{ subdivisions: ['us-ny'] }] },
            children: [],
          },
        ],
      },
      diagnostics: [],
    })
  })

  test('may define an empty footprint, which matches nobody', () => {
    const document = parseNamedDocument(footprint('none', def('ipv4cidr')))
    expect(document).toMatchObject({ footprint: { definition: NOBODY } })
    expect(document.diagnostics.map(({ code }) => code)).toEqual(['footprint-value-empty', 'footprint-empty'])
  })

  test.each<[string, unknown, (readonly string[])[], readonly string[]]>([
    [
      'sub-footprints under the member of the example in [NF] 4.2',
      namespace(footprint('us', def('countrycode', 'us'), { footprints: [footprint('ny', def('countrycode', 'us'))] })),
      [['warning', 'subfootprints-member', '/footprints/0/footprints']],
      ['us', 'ny'],
    ],
    [
      'sub-footprints under both members',
      namespace(
        footprint('us', def('countrycode', 'us'), {
          footprints: [footprint('b', def('subdivisioncode', 'us-ny'))],
          subfootprints: [footprint('a', def('subdivisioncode', 'us-nj'))],
        }),
      ),
      [
        ['warning', 'subfootprints-member', '/footprints/0/footprints'],
        ['warning', 'subfootprints-twice', '/footprints/0'],
      ],
      ['us', 'a', 'b'],
    ],
    [
      'a footprint without name',
      namespace({ ...footprint('us', def('countrycode', 'us')), 'footprint-name': null }),
      [['warning', 'named-name-invalid', '/footprints/0/footprint-name']],
      [uri('us')],
    ],
    [
      'a footprint without URI',
      namespace({ ...footprint('us', def('countrycode', 'us')), 'footprint-uri': 'default/us' }),
      [['error', 'named-uri-invalid', '/footprints/0/footprint-uri']],
      ['us'],
    ],
    [
      'a footprint without name and URI',
      namespace({ 'footprint-expires': EXPIRES, 'footprint-def': def('countrycode', 'us') }),
      [
        ['error', 'named-uri-invalid', '/footprints/0/footprint-uri'],
        ['error', 'named-name-invalid', '/footprints/0/footprint-name'],
      ],
      [],
    ],
    [
      'an expiry that is no day of its month',
      namespace({ ...footprint('us', def('countrycode', 'us')), 'footprint-expires': '2023-02-29T00:00:00Z' }),
      [['error', 'named-expires-invalid', '/footprints/0/footprint-expires']],
      ['us'],
    ],
    [
      'no definition',
      namespace({ ...footprint('us', null) }),
      [['error', 'named-def-invalid', '/footprints/0/footprint-def']],
      ['us'],
    ],
    [
      'a definition of several objects',
      namespace(footprint('us', [def('countrycode', 'us'), def('asn', 'as64496')])),
      [['warning', 'named-def-array', '/footprints/0/footprint-def']],
      ['us'],
    ],
    [
      'a namespace without type',
      [{ 'footprint-namespace': 'a', footprints: [] }],
      [['warning', 'namespace-type-missing', '/0']],
      [],
    ],
    [
      'a namespace of unknown type',
      [{ ...namespace(us), 'footprint-type': 'asn' }],
      [['error', 'namespace-type-invalid', '/0/footprint-type']],
      [],
    ],
    [
      'two namespaces of one name',
      [namespace(us), namespace(footprint('b', def('asn', 'as64496')))],
      [['error', 'namespace-twice', '/1/footprint-namespace']],
      ['us', 'us/ny'],
    ],
    ['what is no namespace', [7, namespace(us)], [['error', 'namespace-invalid', '/0']], ['us', 'us/ny']],
    [
      'a GenericMetadata object around it',
      { 'generic-metadata-type': 'MI.NamedFootprint', 'generic-metadata-value': footprint('us', def('asn', 'as1')) },
      [['warning', 'named-generic-metadata', '']],
      ['us'],
    ],
  ])('%s is read with a finding', (_, document, expected, names) => {
    expect(findings(document)).toEqual(expected)
    expect(namesIn(document)).toEqual(names)
  })

  test.each<[string, unknown, string, string]>([
    [
      'a name twice in one namespace',
      namespace(footprint('us', def('countrycode', 'us')), {
        ...footprint('us', def('countrycode', 'ca')),
        'footprint-uri': uri('ca'),
      }),
      'named-name-twice',
      '/footprints/1/footprint-name',
    ],
    [
      'a URI twice in two namespaces',
      [
        namespace(footprint('us', def('countrycode', 'us'))),
        { ...namespace(footprint('us', def('countrycode', 'us'))), 'footprint-namespace': 'live' },
      ],
      'named-uri-twice',
      '/1/footprints/0/footprint-uri',
    ],
    [
      'a child that outlives its parent',
      footprint('us', def('countrycode', 'us'), {
        subfootprints: [
          { ...footprint('ny', def('subdivisioncode', 'us-ny')), 'footprint-expires': '2031-01-01T00:00:00Z' },
        ],
      }),
      'named-expires-after-parent',
      '/subfootprints/0/footprint-expires',
    ],
  ])('%s is reported', (_, document, code, pointer) => {
    expect(findings(document).map(([, ...finding]) => finding)).toEqual([[code, pointer]])
  })

  test.each<[string, unknown, unknown, string]>([
    ['addresses', def('ipv4cidr', '192.0.2.0/24'), def('ipv4cidr', '192.0.2.0/25', '198.51.100.0/24'), '198.51.100.0'],
    ['a subdivision', def('countrycode', 'us'), def('subdivisioncode', 'us-ny', 'ca-on'), 'ca-on'],
    ['an AS number', def('asn', 'as64496'), def('asn', 'as64497'), 'as64497'],
    ['anything in a parent of nobody', def('asn'), def('countrycode', 'us'), 'us'],
    [
      'addresses of an expression',
      def('expr', 'ep.ipv4addr ipmatch "192.0.2.0/24" and not (ep.ipv4addr ipmatch "192.0.2.128/25")'),
      def('ipv4cidr', '192.0.2.0/24'),
      '192.0.2.128',
    ],
  ])('%s outside the parent are reported with an example', (_, parent, child, example) => {
    const document = footprint('p', parent, { subfootprints: [footprint('c', child)] })
    const found = parseNamedDocument(document).diagnostics.filter(({ code }) => code === 'named-outside-parent')
    expect(found).toEqual([
      {
        severity: 'error',
        code: 'named-outside-parent',
        pointer: '/subfootprints/0/footprint-def',
        message: expect.stringContaining(`${example} is in it and not in its parent "p"`),
      },
    ])
  })

  test.each<[string, unknown, unknown]>([
    ['prefixes inside an AS', def('asn', 'as64496'), def('ipv4cidr', '192.0.2.0/24')],
    ['a country inside a subdivision', def('subdivisioncode', 'us-ny'), def('countrycode', 'us')],
    ['subdivisions of the parent’s country', def('countrycode', 'us', 'ca'), def('subdivisioncode', 'us-ny', 'ca-on')],
    [
      'neighbouring prefixes that fill the parent',
      def('ipv4cidr', '192.0.2.0/25', '192.0.2.128/25'),
      def('ipv4cidr', '192.0.2.0/24'),
    ],
    ['everything, in a parent of several kinds', def('expr', 'ep.asn == 1 or ep.country == "us"'), def('asn', 'as2')],
  ])('%s are no finding, because no address proves the contrary', (_, parent, child) => {
    const document = footprint('p', parent, { subfootprints: [footprint('c', child)] })
    expect(findings(document)).toEqual([])
  })

  test.each<[string, unknown, unknown, string]>([
    ['addresses', def('ipv4cidr', '192.0.2.0/24'), def('ipv4cidr', '192.0.2.128/26'), '192.0.2.128'],
    ['IPv6 addresses', def('ipv6cidr', '2001:db8::/48'), def('ipv6cidr', '2001:db8::/32'), '2001:db8::'],
    ['codes', def('countrycode', 'us', 'ca'), def('countrycode', 'ca', 'de'), 'ca'],
    ['AS numbers', def('asn', 'as64496'), def('asn', 'as64496'), 'as64496'],
  ])('%s of two siblings are reported with an example', (_, first, second, example) => {
    const found = parseNamedDocument(namespace(footprint('a', first), footprint('b', second))).diagnostics
    expect(found).toEqual([
      {
        severity: 'error',
        code: 'named-siblings-overlap',
        pointer: '/footprints/1/footprint-def',
        message: expect.stringContaining(`${example} is in its sibling "a" too`),
      },
    ])
  })

  test('a name and a URI may be used again in another namespace or document only if they differ', () => {
    const live = {
      ...namespace({ ...us, 'footprint-uri': uri('live/us'), subfootprints: [] }),
      'footprint-namespace': 'live',
    }
    expect(findings([namespace(us), live])).toEqual([])
  })

  test('read strictly, the forms of the example are errors', () => {
    const old = footprint('us', def('countrycode', 'us'), { footprints: [footprint('ny', def('countrycode', 'us'))] })
    expect(findings(old, 'strict')).toEqual([['error', 'subfootprints-invalid', '/footprints']])
    expect(findings([{ 'footprint-namespace': 'a', footprints: [] }], 'strict')).toEqual([
      ['error', 'namespace-type-invalid', '/0/footprint-type'],
    ])
  })

  test.each<[string, string, string, string]>([
    ['a number', '7', 'not-named-footprints', ''],
    ['an object of another kind', '{"capabilities":[]}', 'not-named-footprints', ''],
    ['a namespace that is unusable', '{"footprint-namespace":""}', 'not-named-footprints', ''],
    ['no JSON', '[{"footprint-namespace":"a",}]', 'invalid-json', ''],
    ['a member twice', '{"footprint-name":"a","footprint-name":"b"}', 'duplicate-member', '/footprint-name'],
  ])('%s is refused', (_, text, fault, pointer) => {
    expect(() => parseNamedDocumentText(text)).toThrow(
      expect.objectContaining({ name: AdvertisementError.name, fault, pointer }),
    )
  })

  test('is bounded in number and depth', () => {
    const many = namespace(...Array.from({ length: 11 }, (_, i) => footprint(`f${i}`, def('asn', `as${i}`))))
    expect(() => parseNamedDocument(many, { maxFootprints: 10 })).toThrow(
      expect.objectContaining({ fault: 'too-large' }),
    )
    let deep = footprint('deep', def('countrycode', 'us'))
    for (let i = 0; i < 16; i++) deep = footprint(`d${i}`, def('countrycode', 'us'), { subfootprints: [deep] })
    expect(findings(deep)).toEqual([['error', 'named-too-deep', '/subfootprints/0'.repeat(16)]])
  })
})
