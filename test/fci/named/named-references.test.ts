import { describe, expect, test } from 'vitest'
import { namedReferences, namedReferencesIn } from '../../../src/fci/named/named-references.ts'
import { parseAdvertisement } from '../../../src/fci/parse-advertisement.ts'

const URI = 'https://oc.dcdn.example/FCI/footprints'

function named(...names: readonly string[]) {
  return { 'footprint-type': 'named', 'footprint-value': names.map((name) => `${URI}/${name}`) }
}

describe('references to named footprints', () => {
  test('are found in the footprints of an advertisement and inside its values', () => {
    const advertisement = parseAdvertisement({
      capabilities: [
        {
          'capability-type': 'FCI.DeliveryProtocol',
          'capability-value': { 'delivery-protocols': ['moqt'] },
          footprints: [
            { 'footprint-type': 'footprintunion', 'footprint-value': [named('b'), named('a')] },
            { 'footprint-type': 'countrycode', 'footprint-value': ['us'] },
          ],
        },
        { 'capability-type': 'FCI.Future', 'capability-value': { rules: [{ footprint: named('c', 'a') }] } },
      ],
    })
    expect(namedReferences(advertisement)).toEqual(['a', 'b', 'c'].map((name) => `${URI}/${name}`))
  })

  test('are found in metadata, with the place: in private features and in rules, alone or in a list', () => {
    const metadata = {
      metadata: [
        {
          'generic-metadata-type': 'MI.PrivateFeatureList',
          'generic-metadata-value': {
            features: [
              {
                'feature-oid': 'Broadpeak',
                'feature-type': 'S4Streaming',
                'feature-value': { footprint: named('edge'), activation: 'ON' },
              },
            ],
          },
        },
        {
          'generic-metadata-type': 'MI.LocationACL',
          'generic-metadata-value': {
            locations: [
              {
                action: 'deny',
                footprints: [
                  { 'footprint-type': 'Named', 'footprint-value': `${URI}/us` },
                  { 'footprint-type': 'asn', 'footprint-value': [`${URI}/no`] },
                ],
              },
            ],
          },
        },
      ],
    }
    expect(namedReferencesIn(metadata)).toEqual([
      {
        uri: `${URI}/edge`,
        pointer: '/metadata/0/generic-metadata-value/features/0/feature-value/footprint/footprint-value/0',
      },
      {
        uri: `${URI}/us`,
        pointer: '/metadata/1/generic-metadata-value/locations/0/footprints/0/footprint-value',
      },
    ])
  })

  test('are looked for no deeper than is sane', () => {
    let deep: unknown = named('a')
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(namedReferencesIn(deep)).toEqual([])
  })
})
