import { describe, expect, it } from 'vitest'
import { fixedPolicy } from '../../src/broker/routing/policy-source.ts'
import { createCoverageService } from '../../src/broker/what-if/coverage-service.ts'
import { formatPrefix, parsePrefix } from '../../src/fci/prefix.ts'
import { CoverageCompiler } from '../../src/routing/coverage/compile-coverage.ts'
import { createCoverageMap } from '../../src/routing/coverage/create-coverage-map.ts'
import { tallyCoverage } from '../../src/routing/coverage/tally-coverage.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { lookUpFacts } from '../../src/routing/geo-table.ts'
import { tableOfPrefixes } from '../../src/routing/prefix-facts.ts'
import { defined } from '../support/defined.ts'
import { NOW, POLICY, type ProviderSketch, providerFrom } from '../support/routing-facts.ts'

function prefix(text: string) {
  return defined(parsePrefix(text))
}

const GEO = tableOfPrefixes(
  [
    { prefix: prefix('192.0.2.0/24'), facts: { country: 'us', asn: 64496 } },
    { prefix: prefix('198.51.100.0/24'), facts: { country: 'de', asn: 64497 } },
    { prefix: prefix('203.0.113.0/24'), facts: { country: 'jp' } },
  ],
  'test',
)

/** Everything real, but for the thread on which the tally is made. */
function serviceOf(sketches: readonly ProviderSketch[]) {
  const facts = sketches.map(providerFrom)
  const columns = facts.flatMap(({ id, advertisement }) => {
    if (advertisement === undefined) return []
    return [{ id, version: advertisement.version, footprints: indexFootprints(advertisement.model).footprints }]
  })
  const parts = new CoverageCompiler().compile({ columns, geo: { general: GEO, sources: new Map() }, geoVersion: '1' })
  const map = createCoverageMap(parts)
  return createCoverageService({
    directory: { facts: () => facts, health: (id) => facts.find((one) => one.id === id)?.health.state ?? 'unknown' },
    map: () => map,
    tally: async (by, mostKeys) => ({ map, ...tallyCoverage(parts.joined, GEO, by, mostKeys) }),
    lookUpGeo: (address) => lookUpFacts(GEO, address),
    policies: fixedPolicy(POLICY),
    state: () => ({ standing: 'none', compiling: false, columns: [], policies: [], geo: [] }),
    now: () => NOW,
  })
}

async function rowsOf(sketches: readonly ProviderSketch[], by: 'country' | 'asn' = 'country') {
  const report = defined(await serviceOf(sketches).report(by, 100))
  return new Map(report.rows.map((row) => [row.key, row]))
}

describe('the coverage report of a broker', () => {
  it('says who serves each country, and by which shares those of one tier do', async () => {
    const rows = await rowsOf([
      { id: 'a', serves: ['us'], weight: 30 },
      { id: 'b', serves: ['us', 'de'], weight: 70 },
    ])
    expect(rows.get('us')).toMatchObject({
      size: { v4Addresses: 256 },
      serving: [
        { provider: 'b', share: 0.7 },
        { provider: 'a', share: 0.3 },
      ],
      overlapShare: 1,
    })
    expect(rows.get('de')).toMatchObject({ serving: [{ provider: 'b', share: 1 }], aloneShare: 1 })
    expect(rows.get('jp')).toMatchObject({ serving: [], able: [], gapShare: 1 })
  })

  it('tells who could serve although it is down, drained, disabled or drilled', async () => {
    const rows = await rowsOf([
      { id: 'a', serves: ['us'] },
      { id: 'b', serves: ['us'], health: { state: 'down' } },
      { id: 'c', serves: ['us'], administrative: { state: 'drained' } },
      { id: 'd', serves: ['us'], drilled: { drill: 'x' } },
    ])
    expect(rows.get('us')?.serving).toEqual([{ provider: 'a', share: 1 }])
    expect(rows.get('us')?.able.map(({ provider }) => provider)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('does not count who never said that it serves, and who is outside', async () => {
    const rows = await rowsOf([
      { id: 'a', serves: ['us'] },
      { id: 'b', serves: 'nothing' },
      { id: 'c', serves: ['de'] },
    ])
    expect(rows.get('us')).toMatchObject({ able: [{ provider: 'a', share: 1 }], aloneShare: 1 })
  })

  it('goes by AS number too', async () => {
    const rows = await rowsOf([{ id: 'a', serves: ['as64497'] }], 'asn')
    expect(rows.get('as64497')?.serving).toEqual([{ provider: 'a', share: 1 }])
    expect(rows.get('as64496')?.gapShare).toBe(1)
  })

  it('cuts a prefix where the answer changes', () => {
    const service = serviceOf([
      { id: 'a', serves: ['192.0.2.64/26'] },
      { id: 'b', serves: ['us'] },
    ])
    const { stretches } = defined(service.prefix(prefix('192.0.2.0/23'), 10))
    expect(stretches.map((one) => [formatPrefix(one.prefix), one.serving[0]?.provider])).toEqual([
      ['192.0.2.0/26', 'b'],
      ['192.0.2.64/26', 'a'],
      ['192.0.2.128/25', 'b'],
      ['192.0.3.0/24', undefined],
    ])
  })

  it('stops at the limit and says where it goes on', () => {
    const service = serviceOf([{ id: 'a', serves: ['192.0.2.64/26'] }])
    expect(service.prefix(prefix('192.0.2.0/24'), 2)).toMatchObject({
      stretches: [{ prefix: prefix('192.0.2.0/26') }, { prefix: prefix('192.0.2.64/26') }],
      continuesAt: { version: 4, value: 0xc0000280n },
    })
  })

  it('ends at the last address of a family', () => {
    const service = serviceOf([{ id: 'a' }])
    for (const whole of ['255.255.255.0/24', 'ffff::/16', '::/0', '0.0.0.0/0']) {
      const { stretches, continuesAt } = defined(service.prefix(prefix(whole), 10))
      expect([stretches.map((one) => formatPrefix(one.prefix)), continuesAt]).toEqual([[whole], undefined])
    }
  })
})
