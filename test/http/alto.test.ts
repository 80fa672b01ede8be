import jsonPatch from 'fast-json-patch'
import { describe, expect, it } from 'vitest'
import { parseAdvertisementText } from '../../src/fci/parse-advertisement.ts'
import { countries, delivery } from '../federation/contributors.ts'
import { federationWorld, PEER_TOKEN } from '../support/federation-world.ts'
import { FrontApi } from './front-api.ts'

const key = PEER_TOKEN
const FILTER = 'application/alto-cdnifilter+json'

async function start() {
  const world = await federationWorld()
  return { world, api: new FrontApi({ federation: world.service }) }
}

describe('the ALTO directory (RFC 7285 9.2)', () => {
  it('names the resources with their media types, each of which answers', async () => {
    const { api } = await start()
    const answer = await api.send('GET', '/alto/directory', {
      key,
      headers: { accept: 'application/alto-directory+json' },
    })
    expect(answer.headers.get('content-type')).toBe('application/alto-directory+json')
    expect(answer.json['resources']).toMatchObject({
      'cdni-advertisement': { uri: 'https://broker.example/alto/cdni', 'media-type': 'application/alto-cdni+json' },
      'filtered-cdni-advertisement': {
        uri: 'https://broker.example/alto/cdni/filtered',
        'media-type': 'application/alto-cdni+json',
        accepts: FILTER,
      },
      'cdni-advertisement-updates': {
        'media-type': 'text/event-stream',
        accepts: 'application/alto-updatestreamparams+json',
        uses: ['cdni-advertisement', 'filtered-cdni-advertisement'],
      },
    })
  })
})

describe('GET /alto/cdni (RFC 9241 3.6)', () => {
  it('is the advertisement with its version as tag, and is read back as the same', async () => {
    const { api, world } = await start()
    const answer = await api.send('GET', '/alto/cdni', { key })
    const { version, text } = world.publisher.current(world.upstream)
    expect(answer.headers.get('content-type')).toBe('application/alto-cdni+json')
    expect(answer.json['meta']).toEqual({ vtag: { 'resource-id': 'cdni-advertisement', tag: version } })
    expect(parseAdvertisementText(answer.text)).toEqual(parseAdvertisementText(text))
    const headers = { 'if-none-match': answer.headers.get('etag') ?? '' }
    expect((await api.send('GET', '/alto/cdni', { key, headers })).status).toBe(304)
    expect((await api.send('GET', '/alto/cdni', { key, headers: { accept: 'text/html' } })).status).toBe(406)
  })
})

describe('POST /alto/cdni/filtered (RFC 9241 5)', () => {
  const ask = async (asked: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const { api, world } = await start()
    world.say(delivery(countries('de'), 'http/1.1', 'https/1.1'), delivery(countries('fr'), 'http/1.1'), {
      'capability-type': 'FCI.Metadata',
      'capability-value': { metadata: ['MI.Cache'] },
    })
    await world.settle()
    const body = typeof asked === 'string' ? asked : JSON.stringify(asked)
    return api.send('POST', '/alto/cdni/filtered', { key, body, headers: { 'content-type': FILTER, ...headers } })
  }
  const only = (type: string, value: unknown) => ({
    'cdni-capabilities': [{ 'capability-type': type, 'capability-value': value }],
  })

  it.each([
    ['one protocol', only('FCI.DeliveryProtocol', { 'delivery-protocols': ['https/1.1'] }), ['FCI.DeliveryProtocol']],
    [
      'what two objects have',
      only('FCI.DeliveryProtocol', { 'delivery-protocols': ['http/1.1'] }),
      ['FCI.DeliveryProtocol', 'FCI.DeliveryProtocol'],
    ],
    ['what no object has', only('FCI.DeliveryProtocol', { 'delivery-protocols': ['http/3'] }), []],
    [
      'twice the same',
      {
        'cdni-capabilities': [1, 2].map(() => ({
          'capability-type': 'FCI.Metadata',
          'capability-value': { metadata: [] },
        })),
      },
      ['FCI.Metadata'],
    ],
    ['nothing', { 'cdni-capabilities': [] }, ['FCI.DeliveryProtocol', 'FCI.DeliveryProtocol', 'FCI.Metadata']],
  ])('answers for %s', async (_, asked, types) => {
    const answer = await ask(asked)
    expect(answer.status).toBe(200)
    expect(parseAdvertisementText(answer.text).capabilities.map(({ type }) => type)).toEqual(types)
    expect(answer.json['meta']).toMatchObject({ vtag: { 'resource-id': 'filtered-cdni-advertisement' } })
  })

  it('gives the objects of the example in RFC 9241 5.7.1', async () => {
    const answer = await ask(only('FCI.DeliveryProtocol', { 'delivery-protocols': ['https/1.1'] }))
    expect(answer.json['cdni-advertisement']).toMatchObject({
      'capabilities-with-footprints': [delivery(countries('de'), 'http/1.1', 'https/1.1')],
    })
  })

  it.each([
    ['{"cdni-capabilities"', 'E_SYNTAX', undefined],
    ['', 'E_SYNTAX', undefined],
    ['{}', 'E_MISSING_FIELD', 'cdni-capabilities'],
    ['{"cdni-capabilities": {}}', 'E_INVALID_FIELD_TYPE', 'cdni-capabilities'],
    ['{"cdni-capabilities": [7]}', 'E_INVALID_FIELD_TYPE', 'cdni-capabilities/0'],
    [
      '{"cdni-capabilities": [{"capability-type": "FCI.Metadata"}]}',
      'E_MISSING_FIELD',
      'cdni-capabilities/0/capability-value',
    ],
    [
      '{"cdni-capabilities": [{"capability-type": null, "capability-value": {}}]}',
      'E_INVALID_FIELD_VALUE',
      'cdni-capabilities/0/capability-type',
    ],
    [
      '{"cdni-capabilities": [{"capability-type": "FCI.DeliveryProtocol", "capability-value": null}]}',
      'E_INVALID_FIELD_VALUE',
      'cdni-capabilities/0/capability-value',
    ],
    [
      '{"cdni-capabilities": [{"capability-type": "FCI.DeliveryProtocol", "capability-value": {"metadata": []}}]}',
      'E_INVALID_FIELD_VALUE',
      'cdni-capabilities/0/capability-value',
    ],
  ])('refuses %s as ALTO does: %s', async (body, code, field) => {
    const answer = await ask(body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/alto-error+json')
    expect(answer.json['meta']).toMatchObject({ code, ...(field === undefined ? {} : { field }) })
  })

  it('takes its own media type and JSON, and no other', async () => {
    expect((await ask({ 'cdni-capabilities': [] }, { 'content-type': 'application/json' })).status).toBe(200)
    expect((await ask({ 'cdni-capabilities': [] }, { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

describe('POST /alto/updates (RFC 8895)', () => {
  const post = (api: FrontApi, body: unknown) =>
    api.app.request('/alto/updates', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/alto-updatestreamparams+json' },
      body: JSON.stringify(body),
    })

  async function eventsOf(reader: ReadableStreamDefaultReader<Uint8Array>, until: number) {
    let text = ''
    for (;;) {
      const events = [...text.matchAll(/event: (\S+)\n(?:id: \S+\n)?data: (.*)\n\n/g)].map(([, event, data = '']) => ({
        event,
        data: JSON.parse(data),
      }))
      if (events.length >= until) return events
      const { value, done } = await reader.read()
      if (done) throw new Error(`it ended after ${text}`)
      text += new TextDecoder().decode(value)
    }
  }

  it('begins with the resources that were asked for and goes on with patches of them', async () => {
    const { api, world } = await start()
    const response = await post(api, {
      add: {
        whole: { 'resource-id': 'cdni-advertisement' },
        part: {
          'resource-id': 'filtered-cdni-advertisement',
          input: {
            'cdni-capabilities': [
              {
                'capability-type': 'FCI.DeliveryProtocol',
                'capability-value': { 'delivery-protocols': ['https/1.1'] },
              },
            ],
          },
        },
      },
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.getReader()
    if (reader === undefined) throw new Error('there is a body')
    const [control, whole, part] = await eventsOf(reader, 3)
    expect(control).toEqual({
      event: 'application/alto-updatestreamcontrol+json',
      data: { started: ['whole', 'part'] },
    })
    expect([whole?.event, part?.event]).toEqual(['application/alto-cdni+json,whole', 'application/alto-cdni+json,part'])
    world.say(delivery(countries('it')), delivery(countries('es'), 'http/1.1'))
    await world.settle()
    const [first, second] = await eventsOf(reader, 2)
    expect([first?.event, second?.event]).toEqual([
      'application/json-patch+json,whole',
      'application/json-patch+json,part',
    ])
    const now = await api.send('GET', '/alto/cdni', { key })
    expect(jsonPatch.applyPatch(whole?.data, first?.data).newDocument).toEqual(now.json)
    expect(jsonPatch.applyPatch(part?.data, second?.data).newDocument).toMatchObject({
      'cdni-advertisement': { 'capabilities-with-footprints': [delivery(countries('it'))] },
    })
    await reader.cancel()
  })

  it.each([
    [{}, 'E_MISSING_FIELD'],
    [{ add: {} }, 'E_INVALID_FIELD_VALUE'],
    [{ add: { a: {} } }, 'E_MISSING_FIELD'],
    [{ add: { a: { 'resource-id': 'my-map' } } }, 'E_INVALID_FIELD_VALUE'],
    [{ add: { a: { 'resource-id': 'filtered-cdni-advertisement' } } }, 'E_MISSING_FIELD'],
    [{ add: { 'a,b': { 'resource-id': 'cdni-advertisement' } } }, 'E_INVALID_FIELD_VALUE'],
  ])('refuses %j: %s', async (body, code) => {
    const { api } = await start()
    const response = await post(api, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ meta: { code } })
  })
})
