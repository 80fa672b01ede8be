import { describe, expect, it } from 'vitest'
import { parseNamedDocumentText } from '../../src/fci/named/read-named-document.ts'
import { federationWorld, NARROW_TOKEN, PEER_TOKEN, type WorldOptions } from '../support/federation-world.ts'
import { FrontApi, problemIn, textOf } from './front-api.ts'

const BASE = '/fci/footprints'
const DEFAULT_WEEK_MS = 604_800_000

async function start(options: WorldOptions = {}) {
  const world = await federationWorld(options)
  const api = new FrontApi({ federation: world.service })
  const put = (path: string, json: unknown) => api.send('PUT', `${BASE}/${path}`, { json })
  return { world, api, put }
}

const of = (type: string, ...values: readonly string[]) => ({
  'footprint-def': { 'footprint-type': type, 'footprint-value': values },
})
const prefixes = (...values: readonly string[]) => of('ipv4cidr', ...values)
const URI = 'https://broker.example/fci/footprints/net'

describe('named footprints of our own', () => {
  it('are made by an operator and read by a peer as the draft has them', async () => {
    const { world, api, put } = await start()
    expect((await put('net', {})).status).toBe(201)
    const made = await put('net/europe', prefixes('192.0.2.0/24'))
    expect(made.status).toBe(201)
    expect(made.json).toEqual({ namespace: 'net', name: 'europe', uri: `${URI}/europe`, revision: 2 })
    await put('net/europe%2Fparis', { ...prefixes('192.0.2.0/26'), parent: 'europe' })

    const all = await api.send('GET', BASE, { key: PEER_TOKEN })
    expect(all.headers.get('content-type')).toBe('application/cdni; ptype=MI.NamedFootprintNamespace')
    const read = parseNamedDocumentText(all.text)
    expect(read.diagnostics).toEqual([])
    expect(JSON.parse(all.text)).toMatchObject([
      {
        'footprint-namespace': 'net',
        'footprint-type': 'coverage',
        footprints: [
          {
            'footprint-name': 'europe',
            'footprint-uri': `${URI}/europe`,
            'footprint-def': { 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.0/24'] },
            subfootprints: [{ 'footprint-name': 'europe/paris', 'footprint-uri': `${URI}/europe%2Fparis` }],
          },
        ],
      },
    ])
    const one = await api.send('GET', `${BASE}/net`, { key: PEER_TOKEN })
    expect([one.json]).toEqual(JSON.parse(all.text))
    const paris = await api.send('GET', `${BASE}/net/europe%2Fparis`, { key: PEER_TOKEN })
    expect(paris.json).toMatchObject({ 'footprint-name': 'europe/paris' })
    expect(paris.headers.get('content-type')).toBe('application/cdni; ptype=MI.NamedFootprint')
    expect(world.logged.filter(({ event }) => event === 'footprint.changed')).toHaveLength(3)
  })

  it('expire at least a time to live from now, at a moment that stays until it is renewed', async () => {
    const { world, api, put } = await start()
    await put('net', {})
    await put('net/a', prefixes('192.0.2.0/24'))
    const expiry = async () => {
      const answer = await api.send('GET', `${BASE}/net/a`)
      return { at: Date.parse(textOf(answer.json['footprint-expires'])), etag: answer.headers.get('etag') ?? '' }
    }
    const first = await expiry()
    expect(first.at - world.now).toBeGreaterThanOrEqual(DEFAULT_WEEK_MS)
    world.now = first.at - DEFAULT_WEEK_MS - 1
    expect(await expiry()).toEqual(first)
    world.now += 1
    const renewed = await expiry()
    expect(renewed.at).toBe(first.at + DEFAULT_WEEK_MS)
    const changed = await api.send('GET', `${BASE}/net/a`, { headers: { 'if-none-match': first.etag } })
    expect(changed.status).toBe(200)
    expect((await api.send('GET', `${BASE}/net/a`, { headers: { 'if-none-match': renewed.etag } })).status).toBe(304)
  })

  it('may be empty, and then are for nobody', async () => {
    const { api, put } = await start()
    await put('net', {})
    expect((await put('net/a', prefixes())).status).toBe(201)
    const { json } = await api.send('GET', `${BASE}/net/a`)
    expect(json['footprint-def']).toEqual({ 'footprint-type': 'ipv4cidr', 'footprint-value': [] })
  })

  it.each([
    ['shares clients with the one beside it', 'net/b', prefixes('192.0.2.128/25'), '192.0.2.128'],
    ['lies outside the one above it', 'net/b', { ...prefixes('198.51.100.0/24'), parent: 'a' }, '198.51.100.0'],
    ['is below one that there is not', 'net/b', { ...prefixes('192.0.2.0/25'), parent: 'z' }, 'z'],
    ['is below itself', 'net/a', { ...prefixes('192.0.2.0/24'), parent: 'a' }, 'below itself'],
    ['cannot be read', 'net/b', of('countrycode', 'Germany'), 'Germany'],
  ])('are refused where one %s, with an example', async (_, path, body, example) => {
    const { api, put } = await start()
    await put('net', {})
    await put('net/a', prefixes('192.0.2.0/24'))
    const refused = await put(path, body)
    expect(problemIn(refused)).toMatchObject({ status: 400, kind: 'invalid-request', places: ['/footprint-def'] })
    expect(refused.text).toContain(example)
    expect((await api.send('GET', `${BASE}/net`)).json['footprints']).toHaveLength(1)
  })

  it('of different kinds, whose overlap depends on a database, are let through', async () => {
    const { put } = await start()
    await put('net', {})
    await put('net/a', prefixes('192.0.2.0/24'))
    expect((await put('net/b', of('countrycode', 'de'))).status).toBe(201)
  })

  it('are not retired while something refers to them, and it is said what', async () => {
    const { api, put } = await start({
      referencesTo: (uri) => (uri === `${URI}/a` ? ['the contract of upstream'] : []),
    })
    await put('net', {})
    await put('net/a', prefixes('192.0.2.0/24'))
    await put('net/b', prefixes('198.51.100.0/24'))
    await put('other', {})
    await put('other/c', of('named', `${URI}/b`))
    await put('net/b%2F1', { ...prefixes('198.51.100.0/25'), parent: 'b' })
    for (const [path, because] of [
      ['net/a', 'the contract of upstream'],
      ['net/b', 'b/1 are below it'],
      ['net', 'the contract of upstream'],
    ]) {
      const refused = await api.send('DELETE', `${BASE}/${path}`)
      expect([refused.status, refused.json['type']]).toEqual([409, 'urn:moq-broker:problem:invalid-state'])
      expect(refused.text).toContain(because)
    }
    expect((await api.send('DELETE', `${BASE}/net/b%2F1`)).status).toBe(204)
    expect((await api.send('DELETE', `${BASE}/net/b`)).text).toContain('the footprint other/c')
    expect((await api.send('DELETE', `${BASE}/other`)).status).toBe(204)
    expect((await api.send('DELETE', `${BASE}/net/b`)).status).toBe(204)
    expect((await api.send('DELETE', `${BASE}/net/b`)).status).toBe(404)
  })

  it('are seen by the peers that they are for', async () => {
    const { api, put } = await start()
    await put('all', {})
    await put('upstream-only', { peers: ['upstream'] })
    await put('racks', { 'footprint-type': 'resource' })
    const seen = async (key: string) => {
      const answer = await api.send('GET', BASE, { key })
      return parseNamespaces(answer.text)
    }
    expect(await seen('mqb_reader')).toEqual(['all', 'racks', 'upstream-only'])
    expect(await seen(PEER_TOKEN)).toEqual(['all', 'upstream-only'])
    expect(await seen(NARROW_TOKEN)).toEqual(['all'])
    expect((await api.send('GET', `${BASE}/racks`, { key: PEER_TOKEN })).status).toBe(404)
    expect((await api.send('GET', `${BASE}/upstream-only`, { key: NARROW_TOKEN })).status).toBe(404)
  })

  it('are changed by operators only', async () => {
    const { api } = await start()
    const answer = await api.send('PUT', `${BASE}/net`, { key: PEER_TOKEN, json: {} })
    expect(problemIn(answer)).toMatchObject({ status: 401 })
  })

  it('outlive the process, and are seen by others that share the store', async () => {
    const { world, put } = await start()
    await put('net', {})
    await put('net/a', prefixes('192.0.2.0/24'))
    expect(world.service.footprints.list()).toMatchObject([{ revision: 2 }])
    await world.service.footprints.refresh()
    expect(world.service.footprints.list()).toMatchObject([{ record: { name: 'net' }, revision: 2 }])
  })

  it('stand in contracts, which follow them', async () => {
    const { world, put } = await start({ narrowTo: { kind: 'some', anyOf: [{ named: [[`${URI}/home`]] }] } })
    const told = () => world.publisher.current(world.narrow).document.capabilities.map(({ footprints }) => footprints)
    expect(told()).toEqual([])
    await put('net', {})
    await put('net/home', of('countrycode', 'fr'))
    await world.settle()
    expect(told()).toEqual([[{ 'footprint-type': 'countrycode', 'footprint-value': ['fr'] }]])
  })
})

function parseNamespaces(text: string): readonly string[] {
  const read = parseNamedDocumentText(text)
  return read.kind === 'namespaces' ? read.namespaces.map(({ name }) => name) : []
}
