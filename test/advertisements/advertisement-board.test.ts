import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { veilProviderId } from '../../src/fci/cdn-path.ts'
import {
  AdvertisementWorld,
  advertisementFor,
  countriesIn,
  document,
  PROVIDER,
} from '../support/advertisement-world.ts'

const FOUR = ['de', 'fr', 'it', 'pl'] as const
let world: AdvertisementWorld

beforeEach(async () => {
  world = await AdvertisementWorld.start()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

describe('fetching', () => {
  it('asks with the token, then conditionally, and takes 304 as a confirmation', async () => {
    const board = world.board()
    world.peer.reply(document(advertisementFor(...FOUR), { etag: '"1"' }), { status: 304, headers: { etag: '"1"' } })
    await board.refresh(PROVIDER)
    world.now += 30_000
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    expect(world.peer.requests[0]?.headers).toMatchObject({ authorization: 'Bearer fci-token-0123456789' })
    expect(world.peer.requests[1]?.headers).toMatchObject({ 'if-none-match': '"1"' })
    const held = board.get(PROVIDER)
    expect((held?.confirmedAt ?? 0) - (held?.fetchedAt ?? 0)).toBe(30_000)
  })

  it.each([
    ['a status that is no success', { status: 503 }, /answered 503/],
    ['another media type', { status: 200, text: '<html>' }, /media type/],
    ['what is no JSON', document(undefined), /cannot read the advertisement/],
    ['what is no advertisement', document({ hello: 1 }), /capabilities/],
    ['a document larger than the limit', document({ capabilities: [], x: 'x'.repeat(2_000) }), /larger than 1000/],
  ])('keeps the last good one over %s, and says why', async (_name, reply, reason) => {
    const board = world.board({ fci: { max_bytes: 1_000 } })
    world.peer.reply(document(advertisementFor(...FOUR)), reply, document(advertisementFor(...FOUR)))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    expect(board.error(PROVIDER)).toMatch(reason)
    expect(board.error(PROVIDER)).not.toContain('/OC/')
    await board.refresh(PROVIDER)
    expect(board.error(PROVIDER)).toBeUndefined()
  })

  it('comes back sooner where the peer says so, and demotes and drops as it allows', async () => {
    const board = world.board({ fci: { poll_seconds: 60 } })
    const headers = { 'cache-control': 'max-age=20, stale-while-revalidate=40, stale-if-error=100' }
    world.peer.reply(document(advertisementFor('de'), headers))
    await board.refresh(PROVIDER)
    expect(board.dueAt(PROVIDER) - world.now).toBe(20_000)
    const states: string[] = []
    for (const age of [50, 61, 119, 121]) {
      world.now = (board.get(PROVIDER)?.confirmedAt ?? 0) + age * 1000
      const held = board.get(PROVIDER)
      states.push(held?.expired === true ? 'expired' : held?.stale === true ? 'stale' : 'fresh')
    }
    expect(states).toEqual(['fresh', 'stale', 'stale', 'expired'])
  })

  it('answers at once after a restart, with the age that it had', async () => {
    world.peer.reply(document(advertisementFor(...FOUR), { etag: '"1"' }), { status: 304 })
    await world.board().refresh(PROVIDER)
    world.now += 60_000
    const restarted = world.board()
    await restarted.restore()
    expect(countriesIn(restarted)).toEqual(FOUR)
    expect(world.now - (restarted.get(PROVIDER)?.confirmedAt ?? 0)).toBe(60_000)
    await restarted.refresh(PROVIDER)
    expect(world.peer.requests[1]?.headers).toMatchObject({ 'if-none-match': '"1"' })
  })

  it('reads a file, and again when it has changed', async () => {
    const path = join(tmpdir(), `advertisement-${process.pid}.json`)
    await writeFile(path, JSON.stringify(advertisementFor('de')))
    const board = world.board({ fci_file: path })
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    await writeFile(path, JSON.stringify(advertisementFor('fr', 'it')))
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(['fr', 'it'])
  })
})

it('leaves out what came through ourselves, and keeps what came through others', async () => {
  const board = world.board({}, { ownId: 'AS64500:us' })
  const [mine] = advertisementFor('de').capabilities
  const [theirs] = advertisementFor('fr').capabilities
  const through = (capability: unknown, ...path: readonly string[]): unknown => ({
    ...Object(capability),
    'cdn-path': path,
  })
  world.peer.reply(
    document({
      capabilities: [
        through(mine, 'AS64501:peer', 'AS64500:us'),
        through(mine, veilProviderId('AS64500:us')),
        through(theirs, 'AS64501:peer', 'AS64502:other'),
      ],
    }),
  )
  await board.refresh(PROVIDER)
  expect(countriesIn(board)).toEqual(['fr'])
})

it('is the same object until it is confirmed or grows old, so that look-ups may go by identity', async () => {
  const board = world.board({ fci: { stale_after_seconds: 100 } })
  world.peer.reply(document(advertisementFor('de'), { etag: '"1"' }), { status: 304 })
  await board.refresh(PROVIDER)
  const first = board.get(PROVIDER)
  world.now += 50_000
  expect(board.get(PROVIDER)).toBe(first)
  world.now += 80_000
  const stale = board.get(PROVIDER)
  expect(stale).toMatchObject({ stale: true, expired: false })
  expect(board.get(PROVIDER)).toBe(stale)
  await board.refresh(PROVIDER)
  expect(board.get(PROVIDER)).toMatchObject({ stale: false, confirmedAt: world.now })
})

describe('what changed', () => {
  it('is told to listeners once, and written down with its differences', async () => {
    const board = world.board()
    const listener = vi.fn()
    const stop = board.onChange(listener)
    world.peer.reply(
      document(advertisementFor('de', 'fr')),
      document(advertisementFor('fr', 'de')),
      document(advertisementFor('de', 'fr', 'it')),
    )
    for (let i = 0; i < 3; i++) await board.refresh(PROVIDER)
    expect(listener.mock.calls).toEqual([[PROVIDER], [PROVIDER]])
    stop()
    const [newest, oldest, ...more] = await board.history(PROVIDER)
    expect(more).toEqual([])
    expect(oldest).toMatchObject({ kind: 'accepted', via: 'poll', differences: [] })
    expect(newest).toMatchObject({ kind: 'accepted', previousVersion: oldest?.version, lostShare: 0 })
    expect(newest?.differences.join('\n')).toMatch(/gains 1 countries \(2 before, 3 now\), e\.g\. IT/)
  })

  it('is kept for the last hundred versions', async () => {
    const board = world.board({ fci: { guard: { action: 'accept' } } })
    for (let i = 0; i < 103; i++) {
      world.peer.reply(document(advertisementFor(String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26)))))
      await board.refresh(PROVIDER)
    }
    expect(await board.history(PROVIDER)).toHaveLength(100)
  })
})

describe('the guard', () => {
  it('holds back what loses most of the coverage, and says so', async () => {
    const board = world.board()
    world.peer.reply(document(advertisementFor(...FOUR)), document(advertisementFor('de')))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    expect(board.heldBack(PROVIDER)).toMatchObject({ lostShare: 0.75, acceptedAt: world.now + 900_000 })
    expect(await board.history(PROVIDER)).toMatchObject([{ kind: 'held_back' }, { kind: 'accepted' }])
    expect(world.logged.map(({ event }) => event)).toContain('advertisement.held_back')
  })

  it('believes it when it was seen unchanged for long enough, also by 304', async () => {
    const board = world.board({ fci: { guard: { hold_seconds: 100 } } })
    world.peer.reply(
      document(advertisementFor(...FOUR), { etag: '"1"' }),
      document(advertisementFor('de'), { etag: '"2"' }),
    )
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    world.now += 99_000
    world.peer.reply({ status: 304 })
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    world.now += 1_000
    world.peer.reply({ status: 304 })
    await board.refresh(PROVIDER)
    expect(world.peer.requests.at(-1)?.headers['if-none-match']).toBe('"2"')
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.heldBack(PROVIDER)).toBeUndefined()
    expect((await board.history(PROVIDER))[0]).toMatchObject({ kind: 'confirmed', via: 'time' })
  })

  it('begins to wait anew when what it holds back becomes another one', async () => {
    const board = world.board({ fci: { guard: { hold_seconds: 100 } } })
    world.peer.reply(document(advertisementFor(...FOUR)), document(advertisementFor('de')))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    world.now += 100_000
    world.peer.reply(document(advertisementFor('fr')))
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
    expect(board.heldBack(PROVIDER)).toMatchObject({ since: world.now })
  })

  it('lets go when the provider advertises the old one again', async () => {
    const board = world.board()
    world.peer.reply(...[FOUR, ['de'], FOUR].map((countries) => document(advertisementFor(...countries))))
    for (let i = 0; i < 3; i++) await board.refresh(PROVIDER)
    expect(board.heldBack(PROVIDER)).toBeUndefined()
    expect((await board.history(PROVIDER))[0]).toMatchObject({ kind: 'taken_back' })
  })

  it('does as an operator says, once', async () => {
    const board = world.board()
    world.peer.reply(document(advertisementFor(...FOUR)), document(advertisementFor('de')))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    await board.confirm(PROVIDER, 'ops')
    expect(countriesIn(board)).toEqual(['de'])
    expect((await board.history(PROVIDER))[0]).toMatchObject({ kind: 'confirmed', via: 'operator', by: 'ops' })
    await expect(board.confirm(PROVIDER, 'ops')).rejects.toMatchObject({ code: 'invalid_state' })
  })

  it('remembers over a restart since when it holds one back, and hears of a confirmation at another replica', async () => {
    const first = world.board()
    world.peer.reply(document(advertisementFor(...FOUR)), document(advertisementFor('de')))
    await first.refresh(PROVIDER)
    await first.refresh(PROVIDER)
    const since = world.now
    world.now += 60_000
    const second = world.board()
    await second.restore()
    expect(countriesIn(second)).toEqual(FOUR)
    expect(second.heldBack(PROVIDER)).toMatchObject({ since })

    const third = world.board()
    world.peer.reply(document(advertisementFor(...FOUR)))
    await third.refresh(PROVIDER)
    await second.confirm(PROVIDER, 'ops')
    world.peer.reply(document(advertisementFor('de')))
    await third.refresh(PROVIDER)
    expect(countriesIn(third)).toEqual(['de'])
  })

  it('believes "not ready", and full coverage after it', async () => {
    const board = world.board()
    world.peer.reply(...[FOUR, [], FOUR].map((countries) => document(advertisementFor(...countries))))
    await board.refresh(PROVIDER)
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual([])
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(FOUR)
  })
})
