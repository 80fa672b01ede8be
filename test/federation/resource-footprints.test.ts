import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseNamedDocument } from '../../src/fci/named/read-named-document.ts'
import { composeAdvertisement } from '../../src/federation/compose-advertisement.ts'
import { resourceUrisIn, withoutReferencesTo } from '../../src/federation/resource-footprints.ts'
import { capabilitiesOf, contributor, countries, delivery, OPEN_CONTRACT } from './contributors.ts'

const namespace = (name: string, type: string, uri: string) => ({
  'footprint-namespace': name,
  'footprint-type': type,
  footprints: [
    {
      'footprint-name': 'a',
      'footprint-uri': uri,
      'footprint-expires': '2030-01-01T00:00:00Z',
      'footprint-def': { 'footprint-type': 'countrycode', 'footprint-value': ['de'] },
      subfootprints: [
        {
          'footprint-name': 'b',
          'footprint-uri': `${uri}/b`,
          'footprint-expires': '2030-01-01T00:00:00Z',
          'footprint-def': { 'footprint-type': 'subdivisioncode', 'footprint-value': ['de-by'] },
        },
      ],
    },
  ],
})
const RACKS = 'https://cdn.example/racks'
const CLIENTS = 'https://cdn.example/clients'
const uris = resourceUrisIn([
  parseNamedDocument([namespace('racks', 'resource', RACKS), namespace('clients', 'coverage', CLIENTS)]),
])
const named = (...values: readonly string[]) => [{ 'footprint-type': 'named', 'footprint-value': values }]

describe('resource footprints', () => {
  it('are those of namespaces of that type, with all below them', () => {
    expect([...uris].sort()).toEqual([RACKS, `${RACKS}/b`])
  })

  it('take the objects that refer to them out of an advertisement, in footprints and in values', () => {
    const model = {
      capabilities: capabilitiesOf(delivery(named(`${RACKS}/b`)), delivery(named(CLIENTS), 'http/1.1'), {
        'capability-type': 'FCI.X',
        'capability-value': { where: named(RACKS) },
      }),
      diagnostics: [],
    }
    const kept = withoutReferencesTo(model, uris).capabilities
    expect(kept.map(({ value }) => value)).toEqual([{ 'delivery-protocols': ['http/1.1'] }])
    expect(withoutReferencesTo(model, new Set())).toBe(model)
  })

  it('are told only to a peer whose contract allows it', () => {
    const whole = contributor('a', capabilitiesOf(delivery(countries('de')), delivery(countries('fr'), 'http/1.1')))
    const withoutResources = { capabilities: capabilitiesOf(delivery(countries('fr'), 'http/1.1')), diagnostics: [] }
    const told = (allowResourceFootprints: boolean) =>
      composeAdvertisement({
        contributors: [{ ...whole, withoutResources }],
        gateway: { pid: 'AS64500:0' },
        contract: { ...OPEN_CONTRACT, allowResourceFootprints },
        nameOf: (text) => hash('sha256', text, 'base64url'),
      })
    expect(told(true).advertisement.capabilities).toHaveLength(2)
    expect(told(false).advertisement.capabilities).toHaveLength(1)
    expect(told(false).withheld).toEqual([{ provider: 'a', because: 'resource-footprint' }])
  })
})
