import jsonPatch from 'fast-json-patch'
import { describe, expect, it } from 'vitest'
import { countries, delivery } from '../federation/contributors.ts'
import { federationWorld, NARROW_TOKEN, PEER_TOKEN } from '../support/federation-world.ts'
import { FrontApi, problemIn } from './front-api.ts'

const PATH = '/fci/advertisement'

async function start(options: Parameters<typeof federationWorld>[0] = {}) {
  const world = await federationWorld(options)
  return { world, api: new FrontApi({ federation: world.service }) }
}

describe('GET /fci/advertisement', () => {
  it('gives a peer what its contract allows, with a strong tag and how long it may be kept', async () => {
    const { api } = await start()
    const answer = await api.send('GET', PATH, { key: PEER_TOKEN })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/cdni; ptype=FCI.Advertisement')
    expect(answer.headers.get('etag')).toMatch(/^"[\w-]{43}"$/)
    expect(answer.headers.get('cache-control')).toBe(
      'private, max-age=60, stale-while-revalidate=30, stale-if-error=600',
    )
    expect(answer.headers.get('vary')).toBe('Accept, Authorization, X-API-Key')
    expect(answer.json).toEqual({
      'cdn-path': ['AS64500:0'],
      'max-hops': 8,
      capabilities: [delivery(countries('de', 'fr'))],
    })
    const narrow = await api.send('GET', PATH, { key: NARROW_TOKEN })
    expect(narrow.json['capabilities']).toEqual([delivery(countries('de'))])
  })

  it('gives readers of this broker all of it', async () => {
    const { api } = await start()
    const answer = await api.send('GET', PATH, { key: 'mqb_reader' })
    expect(answer.json['capabilities']).toEqual([delivery(countries('de', 'fr'))])
  })

  it('is JSON for who asks for that, under another tag, and nothing for who takes neither (RFC 7736)', async () => {
    const { api } = await start()
    const cdni = await api.send('GET', PATH)
    const json = await api.send('GET', PATH, { headers: { accept: 'application/json' } })
    expect(json.headers.get('content-type')).toBe('application/json')
    expect(json.text).toBe(cdni.text)
    expect(json.headers.get('etag')).not.toBe(cdni.headers.get('etag'))
    const refused = await api.send('GET', PATH, { headers: { accept: 'application/cdni; ptype=MI.HostIndex' } })
    expect(problemIn(refused)).toMatchObject({ status: 406, kind: 'not-acceptable' })
  })

  it('is 304 for who has it, and has no body for HEAD', async () => {
    const { api, world } = await start()
    const etag = (await api.send('GET', PATH)).headers.get('etag') ?? ''
    const conditional = { headers: { 'if-none-match': `"other", W/${etag}` } }
    const unchanged = await api.send('GET', PATH, conditional)
    expect([unchanged.status, unchanged.text, unchanged.headers.get('etag')]).toEqual([304, '', etag])
    const head = await api.send('HEAD', PATH)
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag])
    world.say(delivery(countries('it')))
    await world.settle()
    expect((await api.send('GET', PATH, conditional)).status).toBe(200)
  })

  it('is for nobody without a key, and a peer’s token opens nothing else', async () => {
    const { api } = await start()
    expect(problemIn(await api.send('GET', PATH, { key: null }))).toMatchObject({ status: 401 })
    expect(problemIn(await api.send('GET', PATH, { key: `${PEER_TOKEN}x` }))).toMatchObject({ status: 401 })
    for (const path of ['/providers', '/keys', '/moq/scopes', '/route?client=192.0.2.1']) {
      expect((await api.send('GET', path, { key: PEER_TOKEN })).status).toBe(401)
    }
  })

  it('logs who asked and never the token', async () => {
    const { api } = await start()
    await api.send('GET', PATH, { key: PEER_TOKEN })
    expect(JSON.stringify(api.logged)).toContain('peer:upstream')
    expect(JSON.stringify(api.logged)).not.toContain(PEER_TOKEN)
  })

  it('is not there where nothing is published', async () => {
    expect(problemIn(await new FrontApi().send('GET', PATH))).toMatchObject({ status: 404, kind: 'not-found' })
  })
})

describe('GET /federation/peers', () => {
  it('tells an operator what each peer is told and what is kept back, and a peer nothing', async () => {
    const { api, world } = await start()
    world.say(delivery(countries('fr')))
    await world.settle()
    const answer = await api.send('GET', '/federation/peers', { key: 'mqb_reader' })
    const etag = (await api.send('GET', PATH, { key: PEER_TOKEN })).headers.get('etag')
    const peers = answer.json['peers']
    expect(peers).toMatchObject([
      { id: 'upstream', pid: 'AS64510:0', capabilities: 1, withheld: [] },
      {
        id: 'narrow',
        profiles: ['http'],
        capabilities: 0,
        withheld: [{ provider: 'cdn-a', type: 'FCI.DeliveryProtocol', because: 'outside-contract' }],
      },
    ])
    expect(JSON.stringify(peers)).toContain(`"version":${etag}`)
    expect((await api.send('GET', '/federation/peers', { key: PEER_TOKEN })).status).toBe(401)
  })
})

describe('GET /fci/advertisement/changes', () => {
  it('leads from a former version to the present one, as either kind of patch', async () => {
    const { api, world } = await start()
    const before = await api.send('GET', PATH, { key: PEER_TOKEN })
    const since = encodeURIComponent(before.headers.get('etag') ?? '')
    world.say(delivery(countries('it')), delivery(countries('es'), 'http/1.1'))
    await world.settle()
    const after = await api.send('GET', PATH, { key: PEER_TOKEN })

    const patch = await api.send('GET', `${PATH}/changes?since=${since}`, { key: PEER_TOKEN })
    expect(patch.headers.get('content-type')).toBe('application/json-patch+json')
    expect(patch.headers.get('etag')).toBe(after.headers.get('etag'))
    const document: object = JSON.parse(before.text)
    expect(jsonPatch.applyPatch(document, JSON.parse(patch.text)).newDocument).toEqual(after.json)

    const headers = { accept: 'application/merge-patch+json' }
    const merge = await api.send('GET', `${PATH}/changes?since=${since}`, { key: PEER_TOKEN, headers })
    expect({ ...before.json, ...merge.json }).toEqual(after.json)
  })

  it('is empty when nothing has changed, and takes the tag of the other media type', async () => {
    const { api } = await start()
    const { headers } = await api.send('GET', PATH, { headers: { accept: 'application/json' } })
    const answer = await api.send('GET', `${PATH}/changes?since=${encodeURIComponent(headers.get('etag') ?? '')}`)
    expect(answer.text).toBe('[]')
  })

  it('is gone when the version is not known, or was never told to this peer', async () => {
    const { api } = await start()
    const { headers } = await api.send('GET', PATH, { key: PEER_TOKEN })
    const since = encodeURIComponent(headers.get('etag') ?? '')
    const others = await api.send('GET', `${PATH}/changes?since=${since}`, { key: NARROW_TOKEN })
    expect(problemIn(others)).toMatchObject({ status: 410, kind: 'gone' })
  })

  it.each(['', '?since=', '?since=a&from=b'])('refuses %j', async (query) => {
    const { api } = await start()
    expect((await api.send('GET', `${PATH}/changes${query}`)).status).toBe(400)
  })
})

/** Reads events until there are so many. */
async function readEvents(reader: ReadableStreamDefaultReader<Uint8Array>, count: number) {
  let text = ''
  const decoder = new TextDecoder()
  for (;;) {
    const events = [...text.matchAll(/event: (\S+)\nid: (\S+)\ndata: (.*)\n\n/g)].map(([, event, id, data = '']) => ({
      event,
      id,
      data: JSON.parse(data),
    }))
    if (events.length >= count) return events
    const { value, done } = await reader.read()
    if (done) throw new Error(`it ended after ${text}`)
    text += decoder.decode(value, { stream: true })
  }
}

describe('GET /fci/advertisement/stream', () => {
  async function open(api: FrontApi, headers: Readonly<Record<string, string>> = {}) {
    const response = await api.app.request(`${PATH}/stream`, {
      headers: { authorization: `Bearer ${PEER_TOKEN}`, ...headers },
    })
    return { response, reader: response.body?.getReader() }
  }

  it('begins with all of it and goes on with patches, whose ids are the versions', async () => {
    const { api, world } = await start()
    const { response, reader } = await open(api)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    if (reader === undefined) throw new Error('there is a body')
    const [first] = await readEvents(reader, 1)
    expect(first).toMatchObject({ event: 'advertisement', data: { capabilities: [delivery(countries('de', 'fr'))] } })
    world.say(delivery(countries('it')))
    await world.settle()
    const [second] = await readEvents(reader, 1)
    expect(second).toMatchObject({ event: 'patch' })
    const after = await api.send('GET', PATH, { key: PEER_TOKEN })
    expect(`"${second?.id}"`).toBe(after.headers.get('etag'))
    expect(jsonPatch.applyPatch(first?.data, second?.data).newDocument).toEqual(after.json)
    await reader.cancel()
  })

  it('goes on where Last-Event-ID left it, in one step over all between', async () => {
    const { api, world } = await start()
    const before = await api.send('GET', PATH, { key: PEER_TOKEN })
    for (const code of ['it', 'es']) {
      world.say(delivery(countries(code)))
      await world.settle()
    }
    const { reader } = await open(api, { 'last-event-id': (before.headers.get('etag') ?? '').slice(1, -1) })
    if (reader === undefined) throw new Error('there is a body')
    const [event] = await readEvents(reader, 1)
    expect(event?.event).toBe('patch')
    const document: object = JSON.parse(before.text)
    const after = await api.send('GET', PATH, { key: PEER_TOKEN })
    expect(jsonPatch.applyPatch(document, event?.data).newDocument).toEqual(after.json)
    await reader.cancel()
  })

  it('begins anew for who names a version that is not known', async () => {
    const { api } = await start()
    const { reader } = await open(api, { 'last-event-id': 'unknown' })
    if (reader === undefined) throw new Error('there is a body')
    expect(await readEvents(reader, 1)).toMatchObject([{ event: 'advertisement' }])
    await reader.cancel()
  })

  it('is open so often at once and no oftener for each peer, and a closed one leaves room', async () => {
    const { api } = await start({ maxStreams: 2 })
    const first = await open(api)
    await open(api)
    const refused = await api.send('GET', `${PATH}/stream`, { key: PEER_TOKEN })
    expect(problemIn(refused)).toMatchObject({ status: 429, kind: 'too-many-requests' })
    expect((await open(api, { authorization: `Bearer ${NARROW_TOKEN}` })).response.status).toBe(200)
    await first.reader?.cancel()
    expect((await open(api)).response.status).toBe(200)
  })

  it('takes no place for HEAD', async () => {
    const { api } = await start({ maxStreams: 1 })
    await api.send('HEAD', `${PATH}/stream`, { key: PEER_TOKEN })
    expect((await open(api)).response.status).toBe(200)
  })

  it('ends when the broker stops, and does not begin again', async () => {
    const { api, world } = await start()
    const { reader } = await open(api)
    world.service.streams.close()
    if (reader === undefined) throw new Error('there is a body')
    for (let ended = false; !ended; ) ended = (await reader.read()).done
    expect((await open(api)).response.status).toBe(429)
  })
})
