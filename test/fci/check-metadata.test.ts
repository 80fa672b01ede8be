import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkMetadata } from '../../src/fci/check-metadata.ts'

const generic = (type: string, value: object, flags: object = {}) => ({
  'generic-metadata-type': type,
  'generic-metadata-value': value,
  ...flags,
})
const listed = (...types: readonly string[]) =>
  generic('MI.PrivateFeatureList', {
    features: types.map((type) => ({ 'feature-oid': 'ACME', 'feature-type': type, 'feature-value': {} })),
  })

const INDEX = {
  hosts: [
    {
      host: 'video.example',
      'host-metadata': {
        metadata: [listed('Hammer', 'Saw'), generic('MI.PrivateFeature.ACME.Drill', { href: 'x' })],
        paths: [
          {
            'path-pattern': { pattern: '/movies/*' },
            'path-metadata': {
              metadata: [
                generic('MI.PrivateFeature.ACME.Hammer', { a: 1 }),
                generic('MI.PrivateFeature.ACME.Drill', {}),
                generic('MI.Cache', {}, { 'mandatory-to-enforce': false }),
              ],
              paths: [{ 'path-pattern': { pattern: '/x/*' }, 'path-metadata': { href: 'https://ucdn.example/x' } }],
            },
          },
        ],
      },
    },
  ],
}

describe('the check of metadata', () => {
  test('tells per host and path which private features are in force, and what blocks', () => {
    const { understood, findings } = checkMetadata(JSON.stringify(INDEX, undefined, 1), {})
    expect(
      understood?.map(({ place, features, isBlocked }) => [
        place,
        features.map(({ type, form }) => `${type} ${form}`),
        isBlocked,
      ]),
    ).toEqual([
      [['video.example'], ['Hammer list', 'Saw list'], true],
      [['video.example', '/movies/*'], ['Saw list', 'Hammer named', 'Drill named'], false],
    ])
    expect(understood?.[1]).toMatchObject({
      types: ['MI.Cache', 'MI.PrivateFeature.ACME.Drill', 'MI.PrivateFeature.ACME.Hammer', 'MI.PrivateFeatureList'],
      mandatory: ['MI.PrivateFeature.ACME.Drill', 'MI.PrivateFeature.ACME.Hammer', 'MI.PrivateFeatureList'],
    })
    const path = '/hosts/0/host-metadata'
    expect(findings.map(({ code, pointer, clause }) => [code, pointer, clause])).toEqual([
      ['private-feature-href', `${path}/metadata`, 'RFC 8006 4.3.1'],
      ['metadata-link', `${path}/paths/0/path-metadata/paths/0/path-metadata`, 'RFC 8006 4.3.1'],
    ])
  })

  test('takes a single array, and metadata that is to be enforced and incomprehensible blocks', () => {
    const text = JSON.stringify([generic('MI.Future', {}, { incomprehensible: true })])
    expect(checkMetadata(text, {})).toMatchObject({ findings: [], understood: [{ place: [], isBlocked: true }] })
  })

  test.each([
    ['{}', 'metadata-invalid'],
    ['7', 'metadata-invalid'],
    ['{', 'invalid-json'],
    ['{"metadata":[{}]}', 'metadata-invalid'],
  ])('of %j finds an error', (text, code) => {
    expect(checkMetadata(text, {}).findings).toMatchObject([{ severity: 'error', code }])
  })

  test('of any document is a report in bounded time', () => {
    const node = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        fc.jsonValue({ maxDepth: 2 }),
        fc.dictionary(
          fc.constantFrom(
            'metadata',
            'paths',
            'hosts',
            'host-metadata',
            'path-metadata',
            'host',
            'generic-metadata-type',
            'generic-metadata-value',
            'features',
          ),
          fc.oneof(
            tie('any'),
            fc.array(tie('any'), { maxLength: 3 }),
            fc.constantFrom('MI.PrivateFeatureList', 'MI.PrivateFeature.a.b'),
          ),
          { maxKeys: 5 },
        ),
      ),
    })).any
    fc.assert(
      fc.property(node, (document) => {
        for (const { clause } of checkMetadata(JSON.stringify(document), {}).findings) expect(clause).not.toBe('')
      }),
    )
  })
})
