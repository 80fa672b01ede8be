import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/fci/canonical-json.ts'
import type { EffectiveCapabilities } from '../../src/fci/effective-capabilities.ts'
import { effectiveCapabilities } from '../../src/fci/merge-capabilities.ts'
import { listToNamed, namedToList } from '../../src/fci/private-features/convert-features.ts'
import { blockingFeatures, mayDelegate, transit } from '../../src/fci/private-features/delegate-features.ts'
import { featureOfType, typeOfFeature } from '../../src/fci/private-features/feature-name.ts'
import type { GenericMetadata } from '../../src/fci/private-features/generic-metadata.ts'
import { printGenericMetadata, readMetadataArray } from '../../src/fci/private-features/generic-metadata.ts'
import { featuresInForce } from '../../src/fci/private-features/metadata-features.ts'
import { startReading } from '../../src/fci/reading.ts'

const reading = () => startReading({}, () => new Map())

function readArray(wire: unknown) {
  const notes = reading()
  return { metadata: readMetadataArray(wire, '', notes), codes: notes.diagnostics.map(({ code }) => code) }
}

function inForce(...levels: readonly unknown[]) {
  const notes = reading()
  const found = featuresInForce(
    levels.map((level) => ({ metadata: readMetadataArray(level, '', notes), pointer: '' })),
    notes,
  )
  return {
    said: Object.fromEntries(found.features.map(({ oid, type, value }) => [`${oid} ${type}`, value])),
    rejected: found.rejected,
    codes: notes.diagnostics.map(({ code }) => code),
  }
}

const generic = (type: string, value: unknown, flags: object = {}) => ({
  'generic-metadata-type': type,
  'generic-metadata-value': value,
  ...flags,
})
const item = (oid: string, type: string, value?: object) => ({
  'feature-oid': oid,
  'feature-type': type,
  ...(value && { 'feature-value': value }),
})
const list = (...features: readonly object[]) => generic('MI.PrivateFeatureList', { features })
const named = (name: string, value: object, flags: object = {}) => generic(`MI.PrivateFeature.${name}`, value, flags)

const S4 = item('Broadpeak', 'S4Streaming', {
  footprint: { 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.0/24', '198.51.100.0/24'] },
  activation: 'ON',
  mode: 'transparent',
  policy: 'bandwidth-max',
})

describe('private features in metadata', () => {
  test('of the examples of the draft (3.1, 4.2) are read from the list and from the name', () => {
    expect(inForce([list(S4)])).toEqual({
      said: { 'Broadpeak S4Streaming': S4['feature-value'] },
      rejected: [],
      codes: [],
    })
    const hammer = { 'ACME Hammer': { enable: true } }
    expect(inForce([list(item('ACME', 'Hammer', { enable: true }))]).said).toEqual(hammer)
    expect(inForce([named('ACME.Hammer', { enable: true })]).said).toEqual(hammer)
  })

  test.each<[string, readonly unknown[], object, readonly string[]]>([
    [
      'a named feature overrides the list of its array, wherever it stands',
      [[named('ACME.Hammer', { a: 1 }), list(item('ACME', 'Hammer', { a: 2 }), item('ACME', 'Saw', { a: 3 }))]],
      { 'ACME Saw': { a: 3 }, 'ACME Hammer': { a: 1 } },
      [],
    ],
    [
      'the list of a child replaces the parent’s as a whole',
      [[list(item('A', 'X', { a: 1 }), item('A', 'Y', { a: 1 }))], [list(item('A', 'X', { a: 2 }))]],
      { 'A X': { a: 2 } },
      [],
    ],
    ['an empty list of a child takes all listed features away', [[list(item('A', 'X'))], [list()]], {}, []],
    [
      'named features are inherited one by one',
      [[named('A.X', { a: 1 }), named('A.Y', { a: 1 })], [named('A.X', { a: 2 })]],
      { 'A Y': { a: 1 }, 'A X': { a: 2 } },
      [],
    ],
    [
      'a child’s named feature leaves the rest of the parent’s list',
      [[list(item('A', 'X', { a: 1 }), item('A', 'Y', { a: 1 }))], [named('A.X', { a: 2 })]],
      { 'A Y': { a: 1 }, 'A X': { a: 2 } },
      [],
    ],
    [
      'a child’s list overrides the parent’s named feature, being nearer',
      [[named('A.X', { a: 1 }), named('A.Y', { a: 1 })], [list(item('A', 'X', { a: 2 }))]],
      { 'A X': { a: 2 }, 'A Y': { a: 1 } },
      [],
    ],
    [
      'a level without features changes nothing',
      [[named('A.X', {})], [generic('MI.Cache', {})], []],
      { 'A X': {} },
      [],
    ],
    ['an absent value is an empty one', [[list(item('A', 'X'))]], { 'A X': {} }, []],
    [
      'a feature twice in a list counts once, the first',
      [[list(item('A', 'X', { a: 1 }), item('A', 'X', { a: 2 }))]],
      { 'A X': { a: 1 } },
      ['private-feature-repeated'],
    ],
    [
      'a type twice in an array counts once, the first',
      [[named('A.X', { a: 1 }), generic('mi.PRIVATEFEATURE.A.X', { a: 2 })]],
      { 'A X': { a: 1 } },
      ['metadata-type-repeated'],
    ],
    [
      'owner and feature are compared exactly',
      [[named('A.X', { a: 1 }), named('a.x', { a: 2 })]],
      { 'A X': { a: 1 }, 'a x': { a: 2 } },
      [],
    ],
    ['the feature’s name may hold dots', [[named('A.X.y.9', {})]], { 'A X.y.9': {} }, []],
  ])('%s', (_, levels, said, codes) => {
    expect(inForce(...levels)).toEqual({ said, rejected: [], codes })
  })

  test.each<[string, object, string]>([
    ['a named value with href', named('A.X', { href: 'https://ucdn.example/x' }), 'private-feature-href'],
    ['a named value that is no object', generic('MI.PrivateFeature.A.X', 7), 'private-feature-value-invalid'],
    ['a name without feature', named('A', {}), 'private-feature-name-invalid'],
    ['a name with another character', named('A.X-y', {}), 'private-feature-name-invalid'],
    ['a list without features', generic('MI.PrivateFeatureList', {}), 'private-feature-list-invalid'],
    ['a list with an entry that is none', list(item('A', 'X'), { 'feature-oid': 'A' }), 'private-feature-list-invalid'],
  ])('%s is rejected, and keeps the content back if it is to be enforced', (_, wire, code) => {
    const type = 'generic-metadata-type' in wire ? wire['generic-metadata-type'] : ''
    expect(inForce([wire])).toEqual({ said: {}, rejected: [{ type, mandatoryToEnforce: true }], codes: [code] })
    expect(inForce([{ ...wire, 'mandatory-to-enforce': false }]).rejected).toEqual([
      { type, mandatoryToEnforce: false },
    ])
  })

  test('that were rejected on a parent are no matter where a child overrides them', () => {
    expect(inForce([named('A.X', { href: 'x' })], [named('A.X', { a: 1 })])).toMatchObject({
      said: { 'A X': { a: 1 } },
      rejected: [],
    })
    expect(inForce([named('A.X', { a: 1 })], [named('A.X', { href: 'x' })])).toMatchObject({
      said: {},
      rejected: [{ mandatoryToEnforce: true }],
    })
  })

  test('have flags that permit less when they cannot be read', () => {
    const { metadata, codes } = readArray([
      named('A.X', {}, { 'mandatory-to-enforce': 'no', 'safe-to-redistribute': 'yes', incomprehensible: 0 }),
    ])
    expect(metadata).toMatchObject([{ mandatoryToEnforce: true, safeToRedistribute: false, incomprehensible: true }])
    expect(codes).toEqual(['metadata-flag-invalid', 'metadata-flag-invalid', 'metadata-flag-invalid'])
  })
})

describe('the name of a feature', () => {
  test.each([
    ['MI.PrivateFeature.ACME.Hammer', { oid: 'ACME', type: 'Hammer' }],
    ['mi.privatefeature.ACME.a.b', { oid: 'ACME', type: 'a.b' }],
    ['MI.PrivateFeature.ACME', undefined],
    ['MI.PrivateFeature.ACME.', undefined],
    ['MI.PrivateFeature.AC ME.x', undefined],
    ['MI.PrivateFeatureList', undefined],
    ['MI.PrivateFeature.ACME.x\n', undefined],
  ])('%j is %j', (type, feature) => {
    expect(featureOfType(type)).toEqual(feature)
  })

  test('is there only for letters and digits, and comes back', () => {
    const part = fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9]{1,4}$/),
      fc.constantFrom('Lumen Technologies', 'a-b', '', 'ä', 'a.b'),
    )
    fc.assert(
      fc.property(part, part, (oid, type) => {
        const name = typeOfFeature({ oid, type })
        expect(name !== undefined).toBe(/^[a-zA-Z0-9]+$/.test(oid) && /^[a-zA-Z0-9]+(\.[a-zA-Z0-9]+)*$/.test(type))
        if (name !== undefined) expect(featureOfType(name)).toEqual({ oid, type })
      }),
    )
  })
})

const oid = fc.constantFrom('A', 'b', 'Lumen Technologies')
const feature = fc.constantFrom('X', 'X.y', 'x-y')
const value = fc.constantFrom<JsonValue>({}, { a: 1 }, { a: { href: 'x' } }, { footprint: ['192.0.2.0/24'] })
const flags = fc.record({
  mandatoryToEnforce: fc.boolean(),
  safeToRedistribute: fc.boolean(),
  incomprehensible: fc.boolean(),
})
const listObject = fc.tuple(fc.array(fc.tuple(oid, feature, value), { maxLength: 4 }), flags).map(
  ([features, those]): GenericMetadata => ({
    type: 'MI.PrivateFeatureList',
    value: {
      features: features.map(([one, type, its]) => ({
        'feature-oid': one,
        'feature-type': type,
        'feature-value': its,
      })),
    },
    ...those,
  }),
)
const namedObject = fc
  .tuple(
    fc.constantFrom('MI.PrivateFeature.A.X', 'MI.PrivateFeature.b.X.y', 'MI.PrivateFeature.A.Z', 'MI.Cache'),
    value,
    flags,
  )
  .map(([type, its, those]): GenericMetadata => ({ type, value: its, ...those }))
const metadataArray = fc.uniqueArray(fc.oneof(listObject, namedObject), { selector: ({ type }) => type, maxLength: 5 })

describe('conversion between list and names', () => {
  const force = (metadata: readonly GenericMetadata[]) =>
    new Map(
      featuresInForce([{ metadata, pointer: '' }], reading()).features.map((one) => [
        `${one.oid} ${one.type}`,
        { ...one, form: 'any' },
      ]),
    )

  test('of the example of the draft gives the other example, and back', () => {
    const [asList, asName] = [
      [list(item('ACME', 'Hammer', { enable: true }))],
      [named('ACME.Hammer', { enable: true })],
    ]
    expect(listToNamed(readArray(asList).metadata).map(printGenericMetadata)).toEqual(asName)
    expect(namedToList(readArray(asName).metadata).map(printGenericMetadata)).toEqual(asList)
  })

  test('leaves the same features in force with the same flags, both ways', () => {
    fc.assert(
      fc.property(metadataArray, (metadata) => {
        for (const convert of [listToNamed, namedToList]) {
          expect(force(convert(metadata))).toEqual(force(metadata))
          expect(convert(convert(metadata))).toEqual(convert(metadata))
          expect(convert(metadata).filter(({ type }) => type === 'MI.Cache')).toEqual(
            metadata.filter(({ type }) => type === 'MI.Cache'),
          )
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('to names keeps in the list what has no name, and what a Link reader would follow', () => {
    const metadata = readArray([
      list(item('Lumen Technologies', 'X', {}), item('A', 'X', { at: [{ href: 'x' }] }), item('A', 'Y', {})),
    ]).metadata
    expect(listToNamed(metadata).map(printGenericMetadata)).toEqual([
      list(item('Lumen Technologies', 'X', {}), item('A', 'X', { at: [{ href: 'x' }] })),
      named('A.Y', {}),
    ])
  })

  test('to a list keeps named features apart whose flags differ', () => {
    const metadata = readArray([named('A.X', {}), named('A.Y', {}, { 'mandatory-to-enforce': false })]).metadata
    expect(namedToList(metadata).map(printGenericMetadata)).toEqual([
      list(item('A', 'X', {})),
      named('A.Y', {}, { 'mandatory-to-enforce': false }),
    ])
  })
})

describe('a feature on its way', () => {
  const metadata = (mte: boolean, str: boolean, incomprehensible = false): GenericMetadata => ({
    type: 'MI.PrivateFeature.A.X',
    value: { a: 1 },
    mandatoryToEnforce: mte,
    safeToRedistribute: str,
    incomprehensible,
  })

  test.each<
    [mte: boolean, str: boolean, understood: boolean, serve: boolean, passedOn: 'unchanged' | 'incomprehensible']
  >([
    [false, true, true, true, 'unchanged'],
    [false, true, false, true, 'unchanged'],
    [false, false, false, true, 'incomprehensible'],
    [false, false, true, true, 'incomprehensible'],
    [true, true, true, true, 'unchanged'],
    [true, true, false, false, 'unchanged'],
    [true, false, true, true, 'incomprehensible'],
    [true, false, false, false, 'incomprehensible'],
  ])(
    'MtE %s, StR %s, understood %s: serve %s, passed on %s (RFC 8006 Table 2)',
    (mte, str, understood, serve, passedOn) => {
      const one = metadata(mte, str)
      expect(transit(one, understood)).toEqual({
        serve,
        passOn: passedOn === 'unchanged' ? one : { ...one, incomprehensible: true },
      })
    },
  )

  test('is passed on transformed where it is understood and not safe', () => {
    const one = metadata(true, false)
    expect(transit(one, true, () => ({ b: 2 })).passOn).toEqual({ ...one, value: { b: 2 } })
    expect(transit(one, false, () => ({ b: 2 })).passOn).toEqual({ ...one, incomprehensible: true })
  })

  test.each([true, false])('that is incomprehensible stays so and is never applied, MtE %s (Table 3)', (mte) => {
    const one = metadata(mte, false, true)
    expect(transit(one, true, () => ({ b: 2 }))).toEqual({ serve: !mte, passOn: one })
  })

  const capabilities = (...features: readonly object[]): EffectiveCapabilities =>
    effectiveCapabilities([{ type: 'FCI.PrivateFeatures', value: { features }, footprint: { kind: 'global' } }])
  const configured = (...wire: readonly object[]) =>
    featuresInForce([{ metadata: readArray(wire).metadata, pointer: '' }], reading())

  test('goes only to a CDN that advertises owner and type for the client', () => {
    const features = configured(named('ACME.Hammer', {}), named('ACME.Saw', {}, { 'mandatory-to-enforce': false }))
    expect(mayDelegate(features, capabilities(item('ACME', 'Hammer')))).toBe(true)
    expect(mayDelegate(features, capabilities(item('acme', 'Hammer'), item('ACME', 'Saw')))).toBe(false)
    expect(blockingFeatures(features, capabilities())).toMatchObject([{ oid: 'ACME', type: 'Hammer' }])
  })

  test('goes to nobody when it is incomprehensible or rejected and must be enforced', () => {
    const all = capabilities(item('A', 'X'))
    expect(mayDelegate(configured(named('A.X', {}, { incomprehensible: true })), all)).toBe(false)
    expect(mayDelegate(configured(named('A.X', { href: 'x' })), all)).toBe(false)
    expect(mayDelegate(configured(named('A.X', { href: 'x' }, { 'mandatory-to-enforce': false })), all)).toBe(true)
  })
})
