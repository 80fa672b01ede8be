import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitsOf } from '../../src/fci/capabilities/capacity-references.ts'
import type { Contributor } from '../../src/federation/compose-advertisement.ts'
import { composeAdvertisement } from '../../src/federation/compose-advertisement.ts'
import type { PeerContract } from '../../src/federation/peer-contract.ts'
import { capabilitiesOf, contributor, countries, delivery, limits, OPEN_CONTRACT } from './contributors.ts'

const nameOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)
const GERMANY = countries('de')

function told(contributors: readonly Contributor[], contract: Partial<PeerContract> = {}) {
  const { advertisement } = composeAdvertisement({
    contributors,
    gateway: { pid: 'AS64500:0' },
    contract: { ...OPEN_CONTRACT, ...contract },
    nameOf,
  })
  return advertisement.capabilities
}

const limitsTold = (...parameters: Parameters<typeof told>) =>
  told(...parameters)
    .filter(({ type }) => type === 'FCI.CapacityLimits')
    .map(({ value, footprint }) => ({
      limits: limitsOf(value).map((limit) => ({ ...limit, id: undefined })),
      footprint: footprint.kind === 'global' ? 'global' : footprint.anyOf,
    }))

const egress = (hard: number, soft?: number) => ({
  'limit-type': 'egress',
  'maximum-hard': hard,
  ...(soft === undefined ? {} : { 'maximum-soft': soft }),
})

describe('limits of several CDNs (RFC 9808)', () => {
  it('on the same footprint add up, less the reserve', () => {
    const contributors = [
      contributor('a', capabilitiesOf(limits(GERMANY, egress(1000, 500)))),
      contributor('b', capabilitiesOf(limits(GERMANY, egress(500)))),
    ]
    expect(limitsTold(contributors, { reserveShare: 0.1 })).toEqual([
      { limits: [egress(1350, 900)], footprint: [{ countries: ['de'] }] },
    ])
  })

  it('of one CDN on the same footprint all hold, so the lowest counts', () => {
    const contributors = [contributor('a', capabilitiesOf(limits(GERMANY, egress(1000), egress(300))))]
    expect(limitsTold(contributors)).toMatchObject([{ limits: [egress(300)] }])
  })

  it('on different footprints stay apart', () => {
    const contributors = [
      contributor('a', capabilitiesOf(limits(GERMANY, egress(1000)))),
      contributor('b', capabilitiesOf(limits(countries('fr'), egress(500)))),
    ]
    expect(limitsTold(contributors)).toHaveLength(2)
  })

  it('that do not add up give the lowest', () => {
    const cache = (size: number) => ({ 'limit-type': 'cache-size', 'maximum-hard': size })
    const contributors = [7, 5].map((size) => contributor(`c${size}`, capabilitiesOf(limits(undefined, cache(size)))))
    expect(limitsTold(contributors)).toMatchObject([{ limits: [cache(5)] }])
  })

  it('say nothing of present use, which would make every answer another one', () => {
    const contributors = [contributor('a', capabilitiesOf(limits(GERMANY, { ...egress(10), current: 3 })))]
    expect(limitsTold(contributors)).toMatchObject([{ limits: [egress(10)] }])
  })

  it('of 0, which stop delegation (R12), stay 0', () => {
    const contributors = [contributor('a', capabilitiesOf(limits(GERMANY, { ...egress(0) })))]
    expect(limitsTold(contributors)).toMatchObject([{ limits: [egress(0)] }])
  })

  it('whose footprint cannot be told hold for all that the contract speaks of, because leaving them out would widen', () => {
    const altopid = [{ 'footprint-type': 'altopid', 'footprint-value': ['pid1'] }]
    const contributors = [contributor('a', capabilitiesOf(limits(altopid, egress(10))))]
    expect(limitsTold(contributors)).toMatchObject([{ footprint: 'global' }])
    expect(limitsTold(contributors, { footprint: { kind: 'some', anyOf: [{ countries: ['de'] }] } })).toMatchObject([
      { footprint: [{ countries: ['de'] }] },
    ])
  })

  it('outside the contract are not told', () => {
    const contributors = [contributor('a', capabilitiesOf(limits(GERMANY, egress(10))))]
    expect(limitsTold(contributors, { footprint: { kind: 'some', anyOf: [{ countries: ['fr'] }] } })).toEqual([])
  })

  it('are never above what the CDNs say together', () => {
    const anyLimits = fc.array(
      fc.tuple(fc.constantFrom('egress', 'sessions', 'cache-size'), fc.nat({ max: 1000 }), fc.nat({ max: 1000 })),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(anyLimits, anyLimits, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, reserveShare) => {
        const objects = [a, b].map((list, i) =>
          contributor(
            `c${i}`,
            capabilitiesOf(
              limits(
                GERMANY,
                ...list.map(([type, hard, soft]) => ({
                  'limit-type': type,
                  'maximum-hard': hard,
                  ...(soft < hard ? { 'maximum-soft': soft } : {}),
                })),
              ),
            ),
          ),
        )
        for (const { limits: joined } of limitsTold(objects, { reserveShare })) {
          for (const { 'limit-type': type, 'maximum-hard': hard, 'maximum-soft': soft = hard } of joined) {
            const sums = [a, b].map((list) => Math.min(...list.filter(([t]) => t === type).map(([, h]) => h)))
            const possible = sums.filter(Number.isFinite).reduce((sum, one) => sum + one, 0)
            expect(hard).toBeLessThanOrEqual(possible * (1 - reserveShare))
            expect(soft).toBeLessThanOrEqual(hard)
          }
        }
      }),
    )
  })
})

describe('telemetry', () => {
  const telemetry = {
    'capability-type': 'FCI.Telemetry',
    'capability-value': {
      sources: [
        {
          id: 'region1',
          type: 'generic',
          metrics: [{ name: 'egress_5m', 'time-granularity': 300 }],
          configuration: { url: 'https://metrics.a.example' },
        },
      ],
    },
  }
  const limited = { ...egress(10), id: 'l1', 'telemetry-source': { id: 'region1', metric: 'egress_5m' } }

  it('is told under names of our own that stay the same, without its configuration', () => {
    const contributors = [contributor('a', capabilitiesOf(telemetry, delivery(GERMANY)))]
    const [first, second] = [told(contributors), told(contributors)]
    expect(first).toEqual(second)
    const source = first.find(({ type }) => type === 'FCI.Telemetry')?.value
    expect(source).toEqual({
      sources: [
        {
          id: expect.stringMatching(/^[\w-]{22}$/),
          type: 'generic',
          metrics: [{ name: 'egress_5m', 'time-granularity': 300 }],
        },
      ],
    })
  })

  it('has different names for sources of one name at two CDNs', () => {
    const contributors = ['a', 'b'].map((id) => contributor(id, capabilitiesOf(telemetry)))
    const ids = JSON.stringify(told(contributors)).match(/"id":"[^"]+"/g)
    expect(new Set(ids).size).toBe(2)
  })

  it('is referred to by the limit of one CDN, and not by a sum', () => {
    const one = contributor('a', capabilitiesOf(telemetry, limits(GERMANY, limited)))
    const two = contributor('b', capabilitiesOf(limits(GERMANY, egress(5))))
    expect(limitsTold([one])[0]?.limits[0]?.['telemetry-source']).toEqual({
      id: nameOf('telemetry a region1'),
      metric: 'egress_5m',
    })
    expect(limitsTold([one, two])).toMatchObject([{ limits: [egress(15)] }])
    expect(limitsTold([one, two])[0]?.limits[0]).not.toHaveProperty('telemetry-source')
  })

  it('is not referred to where the contract does not let it be told', () => {
    const one = contributor('a', capabilitiesOf(telemetry, limits(GERMANY, limited)))
    const [object] = limitsTold([one], { capabilityTypes: ['FCI.CapacityLimits'] })
    expect(object?.limits[0]).not.toHaveProperty('telemetry-source')
  })
})
