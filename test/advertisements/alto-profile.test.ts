import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdvertisementWorld, countriesIn, PROVIDER } from '../support/advertisement-world.ts'
import type { Reply } from '../support/api-recorder.ts'
import { eventually } from '../support/eventually.ts'

let world: AdvertisementWorld

beforeEach(async () => {
  world = await AdvertisementWorld.start()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

function altoDocument(tag: string, ...countries: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    meta: { vtag: { 'resource-id': 'my-default-cdnifci', tag } },
    'cdni-advertisement': {
      'capabilities-with-footprints': [
        {
          'capability-type': 'FCI.DeliveryProtocol',
          'capability-value': { 'delivery-protocols': ['https/1.1'] },
          footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': countries }],
        },
      ],
    },
  }
}

const alto = (json: unknown): Reply => ({
  status: 200,
  json,
  headers: { 'content-type': 'application/alto-cdni+json' },
})
const fciOf = (alto_: Readonly<Record<string, unknown>> = {}) => ({
  fci: { profile: 'alto', url: `${world.peer.url}/cdnifci`, alto: alto_ },
})

/** An update stream that stays open, with what was written to it last. */
class UpdateStream {
  response: ServerResponse | undefined

  readonly reply: Reply = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('event: application/alto-updatestreamcontrol+json\ndata: {"control-uri":\ndata: "https://x/1"}\n\n')
    this.response = response
  }

  send(event: string, data: unknown): void {
    const lines = JSON.stringify(data, undefined, 1).split('\n')
    this.response?.write(`event: ${event},moq-broker\n${lines.map((line) => `data: ${line}\n`).join('')}\n`)
  }
}

describe('an ALTO resource', () => {
  it('is asked for by GET', async () => {
    const board = world.board(fciOf())
    world.peer.reply(alto(altoDocument('1', 'de')))
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    expect(world.peer.requests[0]).toMatchObject({ method: 'GET', url: '/cdnifci' })
    expect(world.peer.requests[0]?.headers.accept).toBe('application/alto-cdni+json, application/alto-error+json')
  })

  it('is asked for by POST where a filter is wanted (RFC 9241 5)', async () => {
    const value = { 'delivery-protocols': ['https/1.1'] }
    const board = world.board(fciOf({ filter: [{ type: 'FCI.DeliveryProtocol', value }] }))
    world.peer.reply(alto(altoDocument('1', 'de')))
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    expect(world.peer.requests[0]).toMatchObject({
      method: 'POST',
      body: { 'cdni-capabilities': [{ 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': value }] },
    })
    expect(world.peer.requests[0]?.headers['content-type']).toBe('application/alto-cdnifilter+json')
  })

  it('tells its error by the code of RFC 7285 and no more', async () => {
    const board = world.board(fciOf())
    const json = { meta: { code: 'E_INVALID_FIELD_VALUE', field: 'cdni-capabilities', value: 'secret-value' } }
    world.peer.reply({ status: 400, json, headers: { 'content-type': 'application/alto-error+json' } })
    await board.refresh(PROVIDER)
    expect(board.error(PROVIDER)).toMatch(/answered 400 .* \(E_INVALID_FIELD_VALUE\)$/)
  })
})

describe('an update stream', () => {
  const streaming = (): Readonly<Record<string, unknown>> =>
    fciOf({ updates_url: `${world.peer.url}/updates`, idle_seconds: 30 })

  it('brings whole documents, merge patches and JSON patches (RFC 9241 3.7.3)', async () => {
    const board = world.board(streaming())
    const stream = new UpdateStream()
    world.peer.reply(alto(altoDocument('0', 'de')), stream.reply)
    await board.refresh(PROVIDER)
    const end = board.follow()
    await world.peer.received(2)
    expect(world.peer.requests[1]).toMatchObject({
      method: 'POST',
      url: '/updates',
      body: { add: { 'moq-broker': { 'resource-id': 'my-default-cdnifci' } } },
    })
    await eventually('it is open', async () => board.following(PROVIDER) === 'on')

    stream.send('application/alto-cdni+json', altoDocument('1', 'de', 'fr'))
    await eventually('the document is there', async () => countriesIn(board)?.length === 2)
    stream.send('application/json-patch+json', [
      { op: 'replace', path: '/meta/vtag/tag', value: '2' },
      {
        op: 'add',
        path: '/cdni-advertisement/capabilities-with-footprints/0/footprints/0/footprint-value/-',
        value: 'it',
      },
    ])
    await eventually('the JSON patch is there', async () => countriesIn(board)?.join() === 'de,fr,it')
    stream.send('application/merge-patch+json', altoDocument('3', 'de', 'fr', 'pl'))
    await eventually('the merge patch is there', async () => countriesIn(board)?.join() === 'de,fr,pl')
    await eventually('all is written down', async () => (await board.history(PROVIDER)).length === 4)
    expect((await board.history(PROVIDER)).map(({ via }) => via)).toEqual(['stream', 'stream', 'stream', 'poll'])
    board.stop()
    await end
  })

  it('is opened anew with the version that is held, after a whole fetch', async () => {
    const board = world.board(streaming())
    const [first, second] = [new UpdateStream(), new UpdateStream()]
    world.peer.reply(alto(altoDocument('0', 'de')), first.reply, alto(altoDocument('5', 'de')), second.reply)
    await board.refresh(PROVIDER)
    const end = board.follow()
    await world.peer.received(2)
    first.send('application/alto-cdni+json', altoDocument('5', 'de'))
    await eventually('it is there', async () => board.following(PROVIDER) === 'on')
    first.response?.end()
    await world.peer.received(4)
    expect(world.peer.requests[2]).toMatchObject({ method: 'GET' })
    expect(world.peer.requests[3]).toMatchObject({
      body: { add: { 'moq-broker': { 'resource-id': 'my-default-cdnifci', tag: '5' } } },
    })
    board.stop()
    await end
  })

  it.each([
    ['a patch that does not apply', [{ op: 'remove', path: '/nowhere' }]],
    ['a patch that makes no advertisement of it', [{ op: 'remove', path: '/cdni-advertisement' }]],
  ])('falls back to the whole document over %s, and keeps the last good one', async (_name, patch) => {
    const board = world.board(streaming())
    const [first, second] = [new UpdateStream(), new UpdateStream()]
    world.peer.reply(alto(altoDocument('0', 'de')), first.reply, alto(altoDocument('9', 'de', 'fr')), second.reply)
    await board.refresh(PROVIDER)
    const end = board.follow()
    await world.peer.received(2)
    first.send('application/alto-cdni+json', altoDocument('1', 'de'))
    first.send('application/json-patch+json', patch)
    await world.peer.received(4)
    expect(countriesIn(board)).toEqual(['de', 'fr'])
    expect(world.peer.requests[3]?.body).toEqual({ add: { 'moq-broker': { 'resource-id': 'my-default-cdnifci' } } })
    board.stop()
    await end
  })

  it('polls rarely while it is open', async () => {
    const board = world.board(streaming())
    const stream = new UpdateStream()
    world.peer.reply(alto(altoDocument('0', 'de')), stream.reply, alto(altoDocument('0', 'de')))
    await board.refresh(PROVIDER)
    expect(board.dueAt(PROVIDER) - world.now).toBe(60_000)
    const end = board.follow()
    await eventually('it is open', async () => board.following(PROVIDER) === 'on')
    await board.refresh(PROVIDER)
    expect(board.dueAt(PROVIDER) - world.now).toBe(900_000)
    board.stop()
    await end
  })

  it('is given up when an event is endless', async () => {
    const board = world.board({ fci: { ...fciOf({ updates_url: `${world.peer.url}/updates` }).fci, max_bytes: 1_000 } })
    world.peer.reply(alto(altoDocument('0', 'de')), (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${'x'.repeat(5_000)}`)
    })
    await board.refresh(PROVIDER)
    const end = board.follow()
    await eventually('it is told', async () =>
      world.logged.some(
        ({ event, fields }) =>
          event === 'advertisement.stream_ended' && /longer than 1000/.test(String(fields['because'])),
      ),
    )
    board.stop()
    await end
  })
})
