import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdvertisementBoard } from '../../src/broker/advertisements/advertisement-board.ts'
import {
  AdvertisementWorld,
  advertisementFor,
  countriesIn,
  document,
  PROVIDER,
} from '../support/advertisement-world.ts'
import type { Reply } from '../support/api-recorder.ts'

const DAY = 86_400
let world: AdvertisementWorld

beforeEach(async () => {
  world = await AdvertisementWorld.start()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

const uri = (name: string): string => `${world.peer.url}/FCI/footprints/default/${name}`
const setUrl = (): string => `${world.peer.url}/FCI/footprints`

/** A NamedFootprint object that expires after so many seconds. */
function footprint(
  name: string,
  countries: readonly string[],
  seconds: number,
  subfootprints: readonly unknown[] = [],
): Readonly<Record<string, unknown>> {
  return {
    'footprint-name': name,
    'footprint-uri': uri(name),
    'footprint-expires': new Date(world.now + seconds * 1000).toISOString(),
    'footprint-def': { 'footprint-type': 'countrycode', 'footprint-value': countries },
    ...(subfootprints.length === 0 ? {} : { subfootprints }),
  }
}

const namespaces = (...footprints: readonly unknown[]): readonly unknown[] => [
  { 'footprint-namespace': 'default', 'footprint-type': 'coverage', footprints },
]

/** An advertisement for whoever is in one of these named footprints. */
function advertisementOf(...uris: readonly string[]): { readonly capabilities: readonly unknown[] } {
  return {
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['https/1.1'] },
        footprints: [{ 'footprint-type': 'named', 'footprint-value': uris }],
      },
    ],
  }
}

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  json: body,
  headers: { 'content-type': 'application/json', ...headers },
})
const pathsSince = (count: number): readonly string[] =>
  world.peer.requests.slice(count).map(({ url }) => url.replace('/FCI/footprints', ''))

/** The advertisement has arrived, its footprints have not. */
async function boardWith(
  advertisement: unknown,
  fci: Readonly<Record<string, unknown>> = { footprints_url: setUrl() },
): Promise<AdvertisementBoard> {
  const board = world.board({ fci: { footprints_grace_seconds: 60, ...fci } })
  world.peer.reply(document(advertisement))
  await board.refresh(PROVIDER)
  return board
}

describe('named footprints', () => {
  it('match nobody until they are there, and then those in them', async () => {
    const board = await boardWith(advertisementOf(uri('eu')))
    const listener = vi.fn()
    board.onChange(listener)
    expect(countriesIn(board)).toEqual([])
    expect(board.unresolved(PROVIDER)?.unresolved).toMatchObject([{ uri: uri('eu'), why: 'unknown' }])
    const before = board.get(PROVIDER)?.version
    world.peer.reply(json(namespaces(footprint('eu', ['de', 'fr'], DAY), footprint('us', ['us'], DAY))))
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(['de', 'fr'])
    expect(board.unresolved(PROVIDER)?.unresolved).toEqual([])
    expect(board.get(PROVIDER)?.version).not.toBe(before)
    expect(listener).toHaveBeenCalledOnce()
    expect(world.peer.requests[1]?.headers.authorization).toBe('Bearer fci-token-0123456789')
  })

  it('are had in one document, and afterwards only those that are referred to, and their children', async () => {
    const board = await boardWith(advertisementOf(uri('eu')))
    const eu = footprint('eu', ['de'], 100, [footprint('eu-edge', ['it'], 100)])
    world.peer.reply(json(namespaces(eu, footprint('us', ['us'], 100))))
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(['de', 'it'])
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(2)
    world.now += 100_000
    world.peer.reply((request, response) => {
      const isEdge = request.url.endsWith('edge')
      const edge = footprint('eu-edge', ['it', 'pl'], 100)
      const body = isEdge ? edge : footprint('eu', ['de'], 100, [edge])
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await board.tend(PROVIDER)
    expect(pathsSince(2)).not.toContain('')
    expect(pathsSince(2)).not.toContain('/default/us')
    expect(countriesIn(board)).toEqual(['de', 'it', 'pl'])
  })

  it('are asked for before they expire, at random, and sooner where HTTP says so', async () => {
    const board = world.board({ fci: { footprints_url: setUrl() } }, { random: () => 1 })
    world.peer.reply(document(advertisementOf(uri('eu'))))
    await board.refresh(PROVIDER)
    world.peer.reply(json(namespaces(footprint('eu', ['de'], 1_000)), { 'cache-control': 'max-age=500' }))
    await board.tend(PROVIDER)
    world.now += 449_000
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(2)
    world.now += 1_000
    world.peer.reply(json(footprint('eu', ['de'], 1_000)))
    await board.tend(PROVIDER)
    expect(pathsSince(2)).toEqual(['/default/eu'])
  })

  it('that expired are used for the grace, and then match nobody', async () => {
    const board = await boardWith(advertisementOf(uri('eu')))
    world.peer.reply(json(namespaces(footprint('eu', ['de'], 100))))
    await board.tend(PROVIDER)
    world.now += 150_000
    world.peer.reply({ status: 503 })
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.unresolved(PROVIDER)?.footprintError).toMatch(/answered 503/)
    world.now += 11_000
    const listener = vi.fn()
    board.onChange(listener)
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual([])
    expect(board.unresolved(PROVIDER)?.unresolved).toMatchObject([{ why: 'expired' }])
    expect(listener).toHaveBeenCalledOnce()
  })

  it('are asked for a few at a time', async () => {
    const names = ['a', 'b', 'c', 'd']
    const board = await boardWith(advertisementOf(...names.map(uri)), { footprints_per_second: 3 })
    const answer: Reply = (request, response) => {
      const name = request.url.at(-1) ?? ''
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(footprint(name, [`d${name}`], DAY)))
    }
    world.peer.reply(answer, answer, answer, answer)
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(1 + 3)
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(['da', 'db', 'dc', 'dd'])
  })

  it('lead on to others, and in circles to nobody', async () => {
    const board = await boardWith(advertisementOf(uri('a'), uri('x')), {})
    const named = (name: string, other: string): unknown => ({
      ...footprint(name, [], DAY),
      'footprint-def': { 'footprint-type': 'named', 'footprint-value': [uri(other)] },
    })
    const answers = new Map([
      ['a', named('a', 'b')],
      ['b', footprint('b', ['de'], DAY)],
      ['x', named('x', 'y')],
      ['y', named('y', 'x')],
    ])
    const answer: Reply = (request, response) => {
      const body = answers.get(request.url.at(-1) ?? '')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    world.peer.reply(answer, answer, answer, answer)
    await board.tend(PROVIDER)
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(5)
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.unresolved(PROVIDER)?.unresolved.map(({ why }) => why)).toContain('cyclic')
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(5)
  })

  it.each([
    ['another footprint', () => json(footprint('other', ['us'], DAY))],
    ['a whole namespace', () => json(namespaces(footprint('eu', ['us'], DAY)))],
    ['no footprint', () => json({ hello: 1 })],
    ['an error', () => ({ status: 404 })],
  ])('whose address answers %s stay unresolved, and are not asked for at once again', async (_name, reply) => {
    const board = await boardWith(advertisementOf(uri('eu')), {})
    world.peer.reply(reply())
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual([])
    expect(board.unresolved(PROVIDER)?.footprintError).toBeDefined()
    await board.tend(PROVIDER)
    expect(world.peer.requests).toHaveLength(2)
  })

  it('are not fetched from where nobody allowed it', async () => {
    const board = await boardWith(advertisementOf('https://169.254.169.254/latest'), {})
    await board.tend(PROVIDER)
    expect(board.unresolved(PROVIDER)?.footprintError).toMatch(/is not allowed/)
  })

  it('are there at once after a restart', async () => {
    const board = await boardWith(advertisementOf(uri('eu')))
    world.peer.reply(json(namespaces(footprint('eu', ['de'], DAY))))
    await board.tend(PROVIDER)
    const restarted = world.board({ fci: { footprints_url: setUrl() } })
    await restarted.restore()
    expect(countriesIn(restarted)).toEqual(['de'])
  })
})

describe('the guard of named footprints', () => {
  const FOUR = ['de', 'fr', 'it', 'pl']

  async function boardThatShrinks(): Promise<AdvertisementBoard> {
    const board = await boardWith(advertisementOf(uri('eu')), {
      footprints_url: setUrl(),
      footprints_grace_seconds: DAY,
    })
    world.peer.reply(json(namespaces(footprint('eu', FOUR, 100))))
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    world.now += 100_000
    world.peer.reply(json(footprint('eu', ['de'], 5_000)))
    await board.tend(PROVIDER)
    return board
  }

  it('goes on with the old ones when the new ones lose most of the coverage', async () => {
    const board = await boardThatShrinks()
    expect(countriesIn(board)).toEqual(FOUR)
    expect(board.heldBack(PROVIDER)).toMatchObject({
      lostShare: 0.75,
      because: expect.stringContaining('named footprints'),
    })
  })

  it('believes the new ones when they were seen for long enough', async () => {
    const board = await boardThatShrinks()
    world.now += 900_000
    world.peer.reply(json(footprint('eu', ['de'], 5_000)))
    await board.tend(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.heldBack(PROVIDER)).toBeUndefined()
  })

  it('does as an operator says', async () => {
    const board = await boardThatShrinks()
    world.peer.reply(json(footprint('eu', ['de'], 5_000)))
    await board.confirm(PROVIDER, 'ops')
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.heldBack(PROVIDER)).toBeUndefined()
  })

  it('believes an advertisement after all when what it refers to has come', async () => {
    const board = world.board()
    world.peer.reply(document(advertisementFor(...FOUR)), document(advertisementOf(uri('eu'))))
    world.peer.reply(json(footprint('eu', FOUR, DAY)))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    expect(board.heldBack(PROVIDER)).toMatchObject({ lostShare: 1 })
    await board.tend(PROVIDER)
    expect(board.heldBack(PROVIDER)).toBeUndefined()
    expect(countriesIn(board)).toEqual(FOUR)
    expect(board.unresolved(PROVIDER)?.unresolved).toEqual([])
  })
})
