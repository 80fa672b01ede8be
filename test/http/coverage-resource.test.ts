import { describe, expect, it } from 'vitest'
import { FAKE_COVERAGE } from './fake-coverage.ts'
import { FrontApi, problemIn } from './front-api.ts'

describe('GET /coverage', () => {
  it('gives the report by country unless asked otherwise', async () => {
    const api = new FrontApi()
    const answer = await api.send('GET', '/coverage', { key: 'mqb_reader' })
    expect(answer.json).toMatchObject({
      map: 'map-1',
      providers: ['alpha', 'beta'],
      rows: [{ key: 'country', v4_addresses: 256, serving: [{ provider: 'alpha', share: 1 }], alone_share: 0.25 }, {}],
    })
    expect((await api.send('GET', '/coverage?by=asn')).json).toMatchObject({ rows: [{ key: 'asn' }, {}] })
  })

  it('cuts the rows at the limit and says how many are missing', async () => {
    const answer = await new FrontApi().send('GET', '/coverage?limit=1')
    expect(answer.json).toMatchObject({ rows: [{}], rows_left_out: 1 })
  })

  it('gives the stretches of a prefix', async () => {
    const answer = await new FrontApi().send('GET', '/coverage?prefix=192.0.2.0/24')
    expect(answer.json).toEqual({
      map: 'map-1',
      stretches: [{ prefix: '192.0.2.0/24', serving: [{ provider: 'alpha', share: 1 }], able: ['alpha'] }],
      continues_at: '192.0.3.0',
    })
  })

  it.each([
    ['prefix=192.0.2.77/24', 'prefix'],
    ['prefix=nonsense', 'prefix'],
    ['prefix=192.0.2.0/24&by=asn', 'by'],
    ['by=planet', 'by'],
    ['limit=0', 'limit'],
    ['bye=asn', 'bye'],
  ])('refuses %s, naming the parameter', async (query, parameter) => {
    const answer = await new FrontApi().send('GET', `/coverage?${query}`)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(problemIn(answer))).toContain(parameter)
  })

  it('answers 503 until a map has been compiled', async () => {
    const api = new FrontApi({ coverage: { ...FAKE_COVERAGE, report: async () => undefined, prefix: () => undefined } })
    for (const query of ['', '?prefix=192.0.2.0/24']) {
      const answer = await api.send('GET', `/coverage${query}`)
      expect(problemIn(answer)).toMatchObject({ status: 503, kind: 'not-ready' })
    }
  })
})

describe('GET /coverage/map', () => {
  it('tells versions, ages and sizes, which columns lag behind, and what was refused', async () => {
    const answer = await new FrontApi().send('GET', '/coverage/map', { key: 'mqb_reader' })
    expect(answer.json).toMatchObject({
      state: 'refused',
      compiling: true,
      refused: { since: '2026-11-20T23:59:00.000Z', because: 'out of memory' },
      map: {
        version: 'map-1',
        age_seconds: 60,
        compile_seconds: 1.5,
        kept: true,
        classes: 3,
        bytes: 2100,
        v4: { ranges: 3, classes: 2, bytes: 1000 },
      },
      columns: [
        {
          provider: 'alpha',
          state: 'behind',
          column: { version: 'v1', age_seconds: 120 },
          advertisement: { version: 'v2', age_seconds: 30 },
        },
        { provider: 'beta', state: 'skipped', because: 'too many outcomes' },
      ],
      policies: [{ revision: 'r3', age_seconds: 60 }],
      geo: {
        databases: [{ name: 'geo.csv', age_seconds: 60 }],
        refused: { because: 'geo.csv has lost 80 % of its entries' },
      },
    })
  })

  it('is there before the first map is', async () => {
    const state = () => ({ standing: 'none' as const, compiling: true, columns: [], policies: [], geo: [] })
    const answer = await new FrontApi({ coverage: { ...FAKE_COVERAGE, state } }).send('GET', '/coverage/map')
    expect(answer.json).toEqual({ state: 'none', compiling: true, columns: [], policies: [], geo: { databases: [] } })
  })

  it('needs a key', async () => {
    expect((await new FrontApi().send('GET', '/coverage/map', { key: null })).status).toBe(401)
  })
})
