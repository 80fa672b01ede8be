import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { veilProviderId } from '../../src/fci/cdn-path.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'
import type { CompositionRequest, Contributor } from '../../src/federation/compose-advertisement.ts'
import { composeAdvertisement } from '../../src/federation/compose-advertisement.ts'
import type { PeerContract } from '../../src/federation/peer-contract.ts'
import { capabilitiesOf, contributor, countries, delivery, OPEN_CONTRACT } from './contributors.ts'

const OWN = 'AS64500:gateway'
const nameOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

function compose(
  contributors: readonly Contributor[],
  contract: Partial<PeerContract> = {},
  more: Partial<CompositionRequest> = {},
) {
  return composeAdvertisement({
    contributors,
    gateway: { pid: OWN },
    contract: { ...OPEN_CONTRACT, ...contract },
    nameOf,
    ...more,
  })
}

describe('what a gateway advertises', () => {
  it('is what the CDNs below can do, joined where they say the same', () => {
    const { advertisement } = compose([
      contributor('a', capabilitiesOf(delivery(countries('de')))),
      contributor('b', capabilitiesOf(delivery(countries('fr')), delivery(countries('fr'), 'http/1.1'))),
    ])
    expect(printAdvertisement(advertisement)).toEqual({
      'cdn-path': [OWN],
      'max-hops': 8,
      capabilities: [delivery(countries('fr'), 'http/1.1'), delivery(countries('de', 'fr'))],
    })
  })

  it('is only what the contract speaks of, and never everybody by accident', () => {
    const { advertisement, withheld } = compose(
      [contributor('a', capabilitiesOf(delivery(countries('de')), delivery(countries('de', 'fr'), 'http/1.1')))],
      { footprint: { kind: 'some', anyOf: [{ countries: ['fr'] }] } },
    )
    expect(printAdvertisement(advertisement).capabilities).toEqual([delivery(countries('fr'), 'http/1.1')])
    expect(withheld).toEqual([{ provider: 'a', type: 'FCI.DeliveryProtocol', because: 'outside-contract' }])
  })

  it('is the footprint of the contract where a CDN serves everywhere', () => {
    const { advertisement } = compose([contributor('a', capabilitiesOf(delivery(undefined)))], {
      footprint: { kind: 'some', anyOf: [{ countries: ['fr'] }] },
    })
    expect(printAdvertisement(advertisement).capabilities).toEqual([delivery(countries('fr'))])
  })

  it.each([
    ['disabled', { administrative: { state: 'disabled' } }],
    ['drained', { administrative: { state: 'drained' } }],
    ['down', { health: { state: 'down' } }],
    ['drilled', { drilled: { drill: 'd' } }],
  ] as const)('leaves out a CDN that is %s, and says "not ready" when none is left', (because, facts) => {
    const { advertisement, withheld } = compose([contributor('a', capabilitiesOf(delivery(undefined)), facts)])
    expect(printAdvertisement(advertisement)).toEqual({ capabilities: [] })
    expect(withheld).toEqual([{ provider: 'a', because }])
  })

  it('keeps a CDN whose health is not known, because not all are watched', () => {
    const unknown = { health: { state: 'unknown' } } as const
    const { advertisement } = compose([contributor('a', capabilitiesOf(delivery(undefined)), unknown)])
    expect(advertisement.capabilities).toHaveLength(1)
  })

  it('leaves out an advertisement that has expired', () => {
    const { facts } = contributor('a', capabilitiesOf(delivery(undefined)))
    const expired = facts.advertisement && { ...facts.advertisement, expired: true }
    const { withheld } = compose([{ facts: { ...facts, ...(expired && { advertisement: expired }) } }])
    expect(withheld).toEqual([{ provider: 'a', because: 'expired' }])
  })

  it('holds a type that we do not understand only if the contract names it, unchanged and from one CDN alone', () => {
    const future = { 'capability-type': 'FCI.Future', 'capability-value': { host: 'edge.example' } }
    const one = [contributor('a', capabilitiesOf(future))]
    const two = [...one, contributor('b', capabilitiesOf(future))]
    expect(printAdvertisement(compose(one).advertisement).capabilities).toEqual([])
    expect(printAdvertisement(compose(one, { capabilityTypes: ['FCI.Future'] }).advertisement).capabilities).toEqual([
      future,
    ])
    const both = compose(two, { capabilityTypes: ['FCI.Future'] })
    expect(both.advertisement.capabilities).toEqual([])
    expect(both.withheld.map(({ because }) => because)).toEqual(['several-sources', 'several-sources'])
  })

  it('never holds a password, whatever the contract says', () => {
    const source = {
      'capability-type': 'FCI.LoggingSource',
      'capability-value': { transports: { SFTP: { host: 'logs.a.example', username: 'u', password: 'p4ssw0rd' } } },
    }
    const { advertisement, withheld } = compose([contributor('a', capabilitiesOf(source))], { capabilityTypes: 'all' })
    expect(advertisement.capabilities).toEqual([])
    expect(withheld).toEqual([{ provider: 'a', type: 'FCI.LoggingSource', because: 'secret' }])
  })

  it('cuts values to their registered members, so that no private one tells of the inside', () => {
    const { advertisement } = compose([
      contributor(
        'a',
        capabilitiesOf(
          {
            'capability-type': 'FCI.DeliveryProtocol',
            'capability-value': { 'delivery-protocols': ['https/1.1'], 'x-host': 'edge7.a.example' },
          },
          {
            'capability-type': 'FCI.PrivateFeatures',
            'capability-value': {
              features: [
                { 'feature-oid': 'o', 'feature-type': 'Other', 'feature-value': { host: 'edge7.a.example' } },
                {
                  'feature-oid': 'MoQBroker',
                  'feature-type': 'MoQRelay',
                  'feature-value': { drafts: ['moqt-16'], relays: ['edge7.a.example'] },
                },
              ],
            },
          },
        ),
      ),
    ])
    expect(advertisement.capabilities.map(({ value }) => value)).toEqual([
      { 'delivery-protocols': ['https/1.1'] },
      {
        features: [
          { 'feature-oid': 'MoQBroker', 'feature-type': 'MoQRelay', 'feature-value': { drafts: ['moqt-16'] } },
          { 'feature-oid': 'o', 'feature-type': 'Other' },
        ],
      },
    ])
  })
})

describe('footprints on their way to a peer', () => {
  const narrow = [
    { 'footprint-type': 'countrycode', 'footprint-value': ['us'] },
    { 'footprint-type': 'asn', 'footprint-value': ['as64500'] },
  ]

  it('that would be read as wider by a peer that joins types are withheld from it', () => {
    const contributors = [contributor('a', capabilitiesOf(delivery(narrow)))]
    expect(compose(contributors).advertisement.capabilities).toHaveLength(1)
    const { advertisement, withheld } = compose(contributors, { combination: 'or' })
    expect(advertisement.capabilities).toEqual([])
    expect(withheld).toMatchObject([{ because: 'untellable-footprint' }])
  })

  it('of expressions are withheld from peers that do not know them', () => {
    const expr = [{ 'footprint-type': 'expr', 'footprint-value': ['ep.asn < 64500'] }]
    const contributors = [contributor('a', capabilitiesOf(delivery(expr)))]
    expect(compose(contributors).advertisement.capabilities).toHaveLength(1)
    expect(compose(contributors, { expressions: false }).advertisement.capabilities).toEqual([])
  })

  it('of types that we do not know are withheld', () => {
    const altopid = [{ 'footprint-type': 'altopid', 'footprint-value': ['pid1'] }]
    expect(compose([contributor('a', capabilitiesOf(delivery(altopid)))]).advertisement.capabilities).toEqual([])
  })
})

describe('the path of what is republished', () => {
  const path = (steps: readonly string[], hops?: number) => ({
    ...delivery(countries('de')),
    'cdn-path': steps,
    ...(hops === undefined ? {} : { 'max-hops': hops }),
  })
  const pathsOf = (contributors: readonly Contributor[], contract: Partial<PeerContract> = {}, receiver?: string) =>
    compose(
      contributors,
      { paths: 'plain', ...contract },
      receiver === undefined ? {} : { receiver },
    ).advertisement.capabilities.map(({ cdnPath }) => cdnPath)

  it('begins with the gateway below and ends with ours', () => {
    const below = contributor('b', capabilitiesOf(path(['AS1:leaf', 'AS2:b'])), { pid: 'AS2:b' })
    expect(pathsOf([below])).toEqual([['AS1:leaf', 'AS2:b', OWN]])
  })

  it('holds a gateway that gives no path by its id', () => {
    expect(pathsOf([contributor('b', capabilitiesOf(delivery(undefined)), { pid: 'AS2:b' })])).toEqual([['AS2:b', OWN]])
  })

  it('does not lead here twice, nor to where it has been, plain or veiled', () => {
    const through = (id: string) => [contributor('b', capabilitiesOf(path([id, 'AS2:b'])), { pid: 'AS2:b' })]
    for (const id of [OWN, veilProviderId(OWN), 'AS3:peer', veilProviderId('AS3:peer')]) {
      expect(pathsOf(through(id), {}, 'AS3:peer')).toEqual([])
    }
    expect(pathsOf(through('AS3:other'), {}, 'AS3:peer')).toHaveLength(1)
  })

  it('is bounded by the contract and by every gateway before', () => {
    const long = (hops?: number) => [contributor('b', capabilitiesOf(path(['AS1:x', 'AS2:b'], hops)), { pid: 'AS2:b' })]
    expect(pathsOf(long(), { maxHops: 3 })).toHaveLength(1)
    expect(pathsOf(long(), { maxHops: 2 })).toEqual([])
    expect(pathsOf(long(2))).toEqual([])
    expect(pathsOf(long(0))).toEqual([])
    expect(compose(long(5)).advertisement.capabilities).toMatchObject([{ maxHops: 5 }])
  })

  it('hides the ids of others unless the contract shows them', () => {
    const below = contributor('b', capabilitiesOf(delivery(undefined)), { pid: 'AS2:b' })
    expect(compose([below]).advertisement.capabilities).toMatchObject([{ cdnPath: [veilProviderId('AS2:b'), OWN] }])
  })
})

describe('redirection', () => {
  const target = {
    'capability-type': 'FCI.RedirectTarget',
    'capability-value': { 'http-target': { host: 'edge.a.example' } },
  }
  const modes = {
    'capability-type': 'FCI.RedirectionMode',
    'capability-value': { 'redirection-modes': ['DNS-I', 'HTTP-I', 'HTTP-R'] },
  }
  const contributors = [contributor('a', capabilitiesOf(delivery(countries('de')), target, modes))]
  const gateway = {
    pid: OWN,
    redirectTarget: { redirectingHosts: [], httpTarget: { host: 'us.example', includeRedirectingHost: true } },
  }

  it('goes through the gateway, in the modes that it has', () => {
    const { capabilities } = printAdvertisement(compose(contributors, {}, { gateway }).advertisement)
    expect(capabilities).toEqual([
      delivery(countries('de')),
      {
        'capability-type': 'FCI.RedirectTarget',
        'capability-value': { 'http-target': { host: 'us.example', 'include-redirecting-host': true } },
        footprints: countries('de'),
      },
      { 'capability-type': 'FCI.RedirectionMode', 'capability-value': { 'redirection-modes': ['HTTP-I'] } },
    ])
  })

  it('is not offered by a gateway that has no target', () => {
    expect(printAdvertisement(compose(contributors).advertisement).capabilities).toEqual([delivery(countries('de'))])
  })

  it('goes to the CDN itself where the contract says so, before the gateway', () => {
    const { capabilities } = printAdvertisement(
      compose(contributors, { passRedirectTargets: true }, { gateway }).advertisement,
    )
    expect(capabilities.map((one) => one['capability-value'])).toEqual([
      { 'delivery-protocols': ['https/1.1'] },
      { 'http-target': { host: 'edge.a.example' } },
      { 'http-target': { host: 'us.example', 'include-redirecting-host': true } },
      { 'redirection-modes': ['DNS-I', 'HTTP-I', 'HTTP-R'] },
    ])
  })
})
