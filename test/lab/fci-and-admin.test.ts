import { describe, expect, it } from 'vitest'
import { callApi, startTestCdn } from '../support/lab-cdn.ts'

const ADVERTISEMENT = {
  capabilities: [
    { 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': { 'delivery-protocols': ['https/1.1'] } },
  ],
}
const CDNI = 'application/cdni; ptype=FCI.Advertisement'

describe('named footprints and the geofeed', () => {
  it('come together, one by one, and not where there are none', async () => {
    const definition = { 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.0/24'] }
    const cdn = await startTestCdn('draft', {
      footprints: [{ namespace: 'lab', name: 'edge', definition }],
      geofeed: '192.0.2.0/24,DE,,,\n',
      now: () => Date.UTC(2026, 10, 21, 6, 11),
    })
    const { origin } = new URL(cdn.fciUrl)
    const edge = {
      'footprint-name': 'edge',
      'footprint-uri': `${origin}/fci/footprints/lab/edge`,
      'footprint-expires': '2026-11-21T08:00:00.000Z',
      'footprint-def': definition,
    }
    const all = [{ 'footprint-namespace': 'lab', 'footprint-type': 'coverage', footprints: [edge] }]
    expect((await callApi(`${origin}/fci/footprints`, 'GET')).json).toEqual(all)
    expect((await callApi(`${origin}/fci/footprints/lab/edge`, 'GET')).json).toEqual(edge)
    expect((await callApi(`${origin}/fci/footprints/lab/none`, 'GET')).status).toBe(404)
    const feed = await callApi(`${origin}/fci/geofeed.csv`, 'GET')
    expect([feed.headers.get('content-type'), feed.text]).toEqual(['text/csv; charset=utf-8', '192.0.2.0/24,DE,,,\n'])
    const bare = await startTestCdn('draft')
    const elsewhere = new URL(bare.fciUrl).origin
    expect((await callApi(`${elsewhere}/fci/footprints`, 'GET')).json).toEqual([])
    expect((await callApi(`${elsewhere}/fci/geofeed.csv`, 'GET')).status).toBe(404)
  })
})

describe('the FCI endpoint', () => {
  it.each([
    ['*/*', CDNI],
    ['application/*', CDNI],
    ['application/cdni', CDNI],
    ['application/cdni; ptype=FCI.Advertisement, application/json;q=0.5', CDNI],
    ['application/json', 'application/json'],
    ['text/html, application/json', 'application/json'],
    ['application/json, */*;q=0.1', 'application/json'],
  ])('answers Accept: %s with %s', async (accept, type) => {
    const cdn = await startTestCdn('draft', { advertisement: ADVERTISEMENT })

    const answer = await callApi(cdn.fciUrl, 'GET', undefined, { accept })

    expect(answer).toMatchObject({ status: 200, json: ADVERTISEMENT })
    expect(answer.headers.get('content-type')).toBe(type)
    expect(answer.headers.get('cache-control')).toMatch(/^max-age=\d+$/)
    expect(answer.headers.get('vary')).toBe('Accept')
  })

  it('refuses what it cannot answer as', async () => {
    const cdn = await startTestCdn('draft')

    expect((await callApi(cdn.fciUrl, 'GET', undefined, { accept: 'text/html' })).status).toBe(406)
  })

  it('needs no token', async () => {
    const cdn = await startTestCdn('draft')

    expect((await callApi(cdn.fciUrl, 'GET', undefined, { authorization: '' })).status).toBe(200)
  })

  it.each([(etag: string) => etag, (etag: string) => `W/${etag}`, (etag: string) => `"other", ${etag}`, () => '*'])(
    'answers 304 without a body when the client has it (%s)',
    async (ifNoneMatch) => {
      const cdn = await startTestCdn('draft', { advertisement: ADVERTISEMENT })
      const etag = (await callApi(cdn.fciUrl, 'GET')).headers.get('etag') ?? ''

      const answer = await callApi(cdn.fciUrl, 'GET', undefined, { 'if-none-match': ifNoneMatch(etag) })

      expect(etag).toMatch(/^"[\w-]+"$/)
      expect(answer).toMatchObject({ status: 304, text: '' })
      expect(answer.headers.get('etag')).toBe(etag)
    },
  )

  it('has another entity tag for each media type and each advertisement', async () => {
    const cdn = await startTestCdn('draft', { advertisement: ADVERTISEMENT })
    const tagAs = async (accept: string) =>
      (await callApi(cdn.fciUrl, 'GET', undefined, { accept })).headers.get('etag')
    const tags = [await tagAs('application/cdni'), await tagAs('application/json')]

    await callApi(`${cdn.adminUrl}/advertisement`, 'PUT', { capabilities: [] })
    tags.push(await tagAs('application/cdni'))
    const stale = await callApi(cdn.fciUrl, 'GET', undefined, { 'if-none-match': tags[0] ?? '' })

    expect(new Set(tags).size).toBe(3)
    expect(stale).toMatchObject({ status: 200, json: { capabilities: [] } })
  })

  it.each([
    ['POST', '', 405],
    ['PUT', '', 405],
    ['GET', '/other', 404],
  ])('is read only and has one resource: %s %s', async (method, path, status) => {
    const cdn = await startTestCdn('draft')

    expect((await callApi(`${cdn.fciUrl}${path}`, method)).status).toBe(status)
  })
})

describe('the admin listener', () => {
  it('is healthy', async () => {
    const cdn = await startTestCdn('draft')

    expect(await callApi(`${cdn.adminUrl}/healthz`, 'GET')).toMatchObject({ status: 200, json: { status: 'ok' } })
  })

  it.each([['[]'], ['7'], ['{']])('refuses the advertisement %s', async (body) => {
    const cdn = await startTestCdn('draft', { advertisement: ADVERTISEMENT })

    expect((await callApi(`${cdn.adminUrl}/advertisement`, 'PUT', body)).status).toBe(400)
    expect((await callApi(cdn.fciUrl, 'GET')).json).toEqual(ADVERTISEMENT)
  })

  it('tells scopes, upstream hosts and calls, and no token', async () => {
    const cdn = await startTestCdn('extended')
    const config = { origin_fallback: { url: 'moqt://origin.example.com:4443/upstream-token' } }
    const created = await cdn.call('POST', '/moq/scopes', { label: 'a', config })
    await cdn.call('POST', '/moq/scopes')
    await cdn.call('GET', '/moq/scopes')
    await cdn.call('GET', '/moq/scopes/unknown')
    await cdn.call('GET', '/elsewhere/unknown')
    await callApi(cdn.fciUrl, 'GET')

    const state = await callApi(`${cdn.adminUrl}/state`, 'GET')

    expect(state.json).toEqual({
      scopes: [
        { id: expect.any(String), label: 'a', upstreams: ['origin.example.com:4443'] },
        { id: expect.any(String), upstreams: [] },
      ],
      scopeCount: 2,
      sessions: [],
      calls: {
        'POST /moq/scopes': 2,
        'GET /moq/scopes': 1,
        'GET /moq/scopes/{scope_id}': 1,
        'GET (no route)': 1,
        'GET /fci/advertisement': 1,
      },
      maxConcurrent: 1,
    })
    expect(state.text).not.toContain('upstream-token')
    expect(created.json).toHaveProperty('token')
    expect(state.text).not.toMatch(/"(token|secret)/)
  })

  it('answers 404 elsewhere', async () => {
    const cdn = await startTestCdn('draft')

    expect((await callApi(`${cdn.adminUrl}/`, 'GET')).status).toBe(404)
  })
})
