import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effectiveCapabilities } from '../../src/fci/merge-capabilities.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { anyAdvertisement } from '../support/fci-arbitraries.ts'

type Wire = readonly [type: string, value: unknown]

const merge = (...capabilities: readonly Wire[]) =>
  effectiveCapabilities(
    parseAdvertisement({
      capabilities: capabilities.map(([type, value]) => ({ 'capability-type': type, 'capability-value': value })),
    }).capabilities,
  )
const relay = (value: object = {}): Wire => [
  'FCI.PrivateFeatures',
  { features: [{ 'feature-oid': 'example', 'feature-type': 'MoQRelay', ...value }] },
]

describe('effective capabilities', () => {
  test('of no capability are empty and say nothing of MoQ', () => {
    expect(effectiveCapabilities([])).toEqual({
      deliveryProtocols: [],
      acquisitionProtocols: [],
      redirectionModes: [],
      metadataTypes: [],
      privateFeatures: [],
      capacityLimits: [],
      redirectTargets: [],
    })
  })

  test('are the union of the objects of each type', () => {
    const merged = merge(
      ['FCI.DeliveryProtocol', { 'delivery-protocols': ['HTTPS/1.1'] }],
      ['FCI.DeliveryProtocol', { 'delivery-protocols': ['http/1.1', 'https/1.1'] }],
      ['FCI.AcquisitionProtocol', { 'acquisition-protocols': ['https/1.1'] }],
      ['FCI.RedirectionMode', { 'redirection-modes': ['HTTP-I', 'DNS-I'] }],
      ['FCI.Metadata', { metadata: ['MI.LocationACL', 'MI.Cache'] }],
      ['FCI.PrivateFeatures', { features: [{ 'feature-oid': 'b', 'feature-type': 'X' }] }],
      ['FCI.PrivateFeatures', { features: [{ 'feature-oid': 'a', 'feature-type': 'X', 'feature-value': 1 }] }],
      ['FCI.PrivateFeatures', { features: [{ 'feature-oid': 'a', 'feature-type': 'X' }] }],
    )
    expect(merged).toEqual({
      deliveryProtocols: ['http/1.1', 'https/1.1'],
      acquisitionProtocols: ['https/1.1'],
      redirectionModes: ['DNS-I', 'HTTP-I'],
      metadataTypes: ['MI.Cache', 'MI.LocationACL'],
      privateFeatures: [
        { oid: 'a', type: 'X' },
        { oid: 'b', type: 'X' },
      ],
      capacityLimits: [],
      redirectTargets: [],
    })
  })

  test('hold every limit, with the soft one equal to the hard one where none is given', () => {
    const source = { id: 's', type: 'generic', metrics: [{ name: 'm' }] }
    const limits = [
      { id: 'a', 'limit-type': 'egress', 'maximum-hard': 9, 'maximum-soft': 5, current: 2 },
      { 'limit-type': 'egress', 'maximum-hard': 7, 'telemetry-source': { id: 's', metric: 'm' } },
    ]
    expect(
      merge(
        ['FCI.Telemetry', { sources: [source] }],
        ['FCI.CapacityLimits', { limits }],
        ['FCI.CapacityLimits', { limits: [{ 'limit-type': 'egress', 'maximum-hard': 7 }] }],
      ).capacityLimits,
    ).toEqual([
      { id: 'a', limitType: 'egress', maximumHard: 9, maximumSoft: 5, current: 2 },
      { limitType: 'egress', maximumHard: 7, maximumSoft: 7, telemetrySource: { id: 's', metric: 'm' } },
      { limitType: 'egress', maximumHard: 7, maximumSoft: 7 },
    ])
  })

  test('hold every redirect target in the order of the document, those that say "none" too', () => {
    expect(
      merge(
        ['FCI.RedirectTarget', { 'http-target': { host: 'z.example', scheme: 'https', 'path-prefix': '/a/' } }],
        ['FCI.RedirectTarget', { 'redirecting-hosts': ['A.example:80'], 'dns-target': { host: 'a.example' } }],
        ['FCI.RedirectTarget', { 'redirecting-hosts': ['b.example'] }],
      ).redirectTargets,
    ).toEqual([
      {
        redirectingHosts: [],
        httpTarget: { host: 'z.example', scheme: 'https', pathPrefix: '/a/', includeRedirectingHost: false },
      },
      { redirectingHosts: ['a.example:80'], dnsTarget: { host: 'a.example' } },
      { redirectingHosts: ['b.example'] },
    ])
  })

  test.each<[string, readonly Wire[], unknown]>([
    ['a protocol alone', [['FCI.DeliveryProtocol', { 'delivery-protocols': ['MoQT'] }]], {}],
    ['a feature without value', [relay()], {}],
    ['a feature with an empty list, which says "none"', [relay({ 'feature-value': { drafts: [] } })], { drafts: [] }],
    [
      'two features together',
      [
        relay({ 'feature-value': { drafts: ['moqt-18'], roles: ['publish'] } }),
        relay({ 'feature-value': { drafts: ['moqt-16'], 'fallback-kinds': ['moqt'] } }),
      ],
      { drafts: ['moqt-16', 'moqt-18'], roles: ['publish'], fallbackKinds: ['moqt'] },
    ],
  ])('tell what a MoQ relay can do: %s', (_, capabilities, moq) => {
    expect(merge(...capabilities).moq).toEqual(moq)
  })

  test('do not shrink when a capability is added, whatever it is', () => {
    fc.assert(
      fc.property(anyAdvertisement, anyAdvertisement, (a, b) => {
        const few = effectiveCapabilities(a.capabilities)
        const many = effectiveCapabilities([...a.capabilities, ...b.capabilities])
        expect(many.deliveryProtocols).toEqual(expect.arrayContaining([...few.deliveryProtocols]))
        expect(many.capacityLimits).toHaveLength(
          few.capacityLimits.length + effectiveCapabilities(b.capabilities).capacityLimits.length,
        )
        expect(many.redirectTargets.slice(0, few.redirectTargets.length)).toEqual(few.redirectTargets)
      }),
    )
  })
})
