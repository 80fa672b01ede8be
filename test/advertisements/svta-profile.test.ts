import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  AdvertisementWorld,
  advertisementFor,
  countriesIn,
  document,
  PROVIDER,
} from '../support/advertisement-world.ts'
import type { Reply } from '../support/api-recorder.ts'

const TARGET = `https://broker.example/fci/notifications/${PROVIDER}/secret-of-${PROVIDER}`
const SECRET = `secret-of-${PROVIDER}`
const SVTA = { fci: { profile: 'svta', subscribe: true } }
const created = (id: string): Reply => ({ status: 201, json: {}, headers: { location: `/OC/FCI/subscription/${id}` } })
const alive = (target = TARGET): Reply => ({
  status: 200,
  json: { notificationTarget: target, notificationType: 'fci' },
})

let world: AdvertisementWorld

beforeEach(async () => {
  world = await AdvertisementWorld.start()
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** Sleeps until it is woken, so that the test decides when a minute is over. */
function wakeableSleep(): { readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>; wake(): void } {
  const waiting = new Set<() => void>()
  return {
    sleep: (_, signal) =>
      new Promise((resolve) => {
        const end = (): void => resolve()
        waiting.add(end)
        if (signal.aborted) end()
        signal.addEventListener('abort', end, { once: true })
      }),
    wake() {
      for (const end of waiting) end()
      waiting.clear()
    },
  }
}

describe('a subscription', () => {
  it('is made beside the advertisement, looked after, and deleted in the end', async () => {
    const clock = wakeableSleep()
    const board = world.board(SVTA, { sleep: clock.sleep })
    world.peer.reply(created('1'), alive(), { status: 204 })
    const end = board.follow()
    await world.peer.received(1)
    expect(world.peer.requests[0]).toMatchObject({
      method: 'POST',
      url: '/OC/FCI/subscription',
      body: { notificationTarget: TARGET, notificationType: 'fci' },
    })
    expect(world.peer.requests[0]?.headers.authorization).toBe('Bearer fci-token-0123456789')
    await expect.poll(() => board.following(PROVIDER)).toBe('on')
    clock.wake()
    await world.peer.received(2)
    expect(world.peer.requests[1]).toMatchObject({ method: 'GET', url: '/OC/FCI/subscription/1' })
    board.stop()
    await end
    expect(world.peer.requests[2]).toMatchObject({ method: 'DELETE', url: '/OC/FCI/subscription/1' })
  })

  it.each([
    ['the peer has lost it', { status: 404 }],
    ['the peer sends elsewhere', alive('https://elsewhere.example/')],
  ])('is made anew when %s', async (_name, reply) => {
    const clock = wakeableSleep()
    const board = world.board(SVTA, { sleep: clock.sleep })
    world.peer.reply(created('1'), reply, { status: 204 }, created('2'), { status: 204 })
    const end = board.follow()
    await expect.poll(() => board.following(PROVIDER)).toBe('on')
    clock.wake()
    await world.peer.received(4)
    expect(world.peer.requests[3]).toMatchObject({ method: 'POST' })
    await expect.poll(() => world.logged.filter(({ event }) => event === 'advertisement.subscribed').length).toBe(2)
    board.stop()
    await end
    expect(world.peer.requests.at(-1)).toMatchObject({ method: 'DELETE', url: '/OC/FCI/subscription/2' })
  })

  it('is made anew when we are reached elsewhere, and the old one is deleted', async () => {
    const { sleep } = wakeableSleep()
    world.peer.reply(created('1'))
    const before = world.board(SVTA, { sleep, instance: 'one' })
    void before.follow()
    await expect.poll(() => before.following(PROVIDER)).toBe('on')
    world.peer.reply({ status: 204 }, created('2'))
    const moved = world.board(SVTA, { sleep, instance: 'one', publicUrl: 'https://new.example' })
    void moved.follow()
    await world.peer.received(3)
    expect(world.peer.requests.slice(1)).toMatchObject([
      { method: 'DELETE', url: '/OC/FCI/subscription/1' },
      { method: 'POST', body: { notificationTarget: expect.stringMatching(/^https:\/\/new\.example\//) } },
    ])
  })

  it('is found again after a crash, and made by one of several replicas', async () => {
    const clock = wakeableSleep()
    world.peer.reply(created('1'))
    const first = world.board(SVTA, { sleep: clock.sleep, instance: 'one' })
    void first.follow()
    await expect.poll(() => first.following(PROVIDER)).toBe('on')

    const second = world.board(SVTA, { sleep: clock.sleep, instance: 'two' })
    void second.follow()
    // The same instance name is the same broker after a crash: it has the lease.
    world.peer.reply(alive())
    const restarted = world.board(SVTA, { sleep: clock.sleep, instance: 'one' })
    void restarted.follow()
    await world.peer.received(2)
    expect(world.peer.requests.map(({ method }) => method)).toEqual(['POST', 'GET'])
    expect(second.following(PROVIDER)).toBe('off')
  })

  it('that cannot be made is told once, and the polls go on', async () => {
    const clock = wakeableSleep()
    const board = world.board(SVTA, { sleep: clock.sleep })
    world.peer.reply({ status: 500 }, { status: 500 }, document(advertisementFor('de')))
    void board.follow()
    await world.peer.received(1)
    await expect.poll(() => world.logged.length).toBe(1)
    clock.wake()
    await world.peer.received(2)
    await board.refresh(PROVIDER)
    expect(countriesIn(board)).toEqual(['de'])
    expect(world.logged.filter(({ event }) => event === 'advertisement.subscription_failed')).toHaveLength(1)
    expect(JSON.stringify(world.logged)).not.toContain(SECRET)
  })

  it('keeps its address out of the store', async () => {
    const board = world.board(SVTA, { sleep: wakeableSleep().sleep })
    world.peer.reply(created('1'))
    void board.follow()
    await expect.poll(() => board.following(PROVIDER)).toBe('on')
    const record = await world.store.get('meta', `fci-subscription:${PROVIDER}`)
    expect(record?.value).toContain('/OC/FCI/subscription/1')
    expect(record?.value).not.toContain(SECRET)
  })
})

describe('a notification', () => {
  it('is used like what was fetched, and the next poll is not conditional', async () => {
    const board = world.board(SVTA)
    world.peer.reply(document(advertisementFor('de'), { etag: '"1"' }), document(advertisementFor('fr', 'de')))
    await board.refresh(PROVIDER)
    await board.notified(PROVIDER, SECRET, JSON.stringify([advertisementFor('de', 'fr')]))
    expect(countriesIn(board)).toEqual(['de', 'fr'])
    expect((await board.history(PROVIDER))[0]).toMatchObject({ via: 'notification' })
    await board.refresh(PROVIDER)
    expect(world.peer.requests[1]?.headers).not.toHaveProperty('if-none-match')
  })

  it('may hold several advertisements, which hold together, or one outside an array', async () => {
    const board = world.board(SVTA)
    await board.notified(PROVIDER, SECRET, JSON.stringify([advertisementFor('de'), advertisementFor('fr')]))
    expect(countriesIn(board)).toEqual(['de', 'fr'])
    await board.notified(PROVIDER, SECRET, JSON.stringify(advertisementFor('de', 'fr', 'it')))
    expect(countriesIn(board)).toEqual(['de', 'fr', 'it'])
  })

  it('of nothing is no statement: the provider is asked', async () => {
    const board = world.board(SVTA)
    world.peer.reply(document(advertisementFor('de')))
    await board.refresh(PROVIDER)
    await board.notified(PROVIDER, SECRET, '[]')
    expect(countriesIn(board)).toEqual(['de'])
    expect(board.dueAt(PROVIDER)).toBe(0)
  })

  it('goes by the guard', async () => {
    const board = world.board(SVTA)
    await board.notified(PROVIDER, SECRET, JSON.stringify([advertisementFor('de', 'fr', 'it')]))
    await board.notified(PROVIDER, SECRET, JSON.stringify([advertisementFor('de')]))
    expect(countriesIn(board)).toEqual(['de', 'fr', 'it'])
    expect(board.heldBack(PROVIDER)).toBeDefined()
  })

  it.each([
    ['with a wrong secret', 'wrong', '[]', 'not_found'],
    ['that is no JSON', SECRET, '[', 'invalid_request'],
    ['that is no advertisement', SECRET, '[{"hello":1}]', 'invalid_request'],
    ['of which one is none', SECRET, '[{"capabilities":[]},{"hello":1}]', 'invalid_request'],
  ])('%s is refused', async (_name, secret, text, code) => {
    const board = world.board(SVTA)
    await expect(board.notified(PROVIDER, secret, text)).rejects.toMatchObject({ code })
    expect(board.get(PROVIDER)).toBeUndefined()
  })

  it('is refused from a provider that was not asked for any', async () => {
    await expect(world.board().notified(PROVIDER, SECRET, '[]')).rejects.toMatchObject({ code: 'not_found' })
  })
})
