import { describe, expect, it } from 'vitest'
import { listSubscriptions } from '../../src/broker/federation/subscription-record.ts'
import { type FederationWorld, federationWorld } from '../support/federation-world.ts'
import { startUpdateReceiver, type UpdateReceiver } from '../support/update-receiver.ts'
import { countries, delivery } from './contributors.ts'

async function subscribed(): Promise<{
  readonly world: FederationWorld
  readonly receiver: UpdateReceiver
  readonly id: string
}> {
  const receiver = await startUpdateReceiver()
  const world = await federationWorld({ origin: receiver.origin })
  const { upstream } = world
  if (upstream.kind !== 'peer') throw new Error('it is a peer')
  const created = await world.service.subscriptions.create(upstream.peer, `${receiver.origin}/in/s3cr3t`)
  if (created === 'too-many') throw new Error('it is the first')
  return { world, receiver, id: created.id }
}

describe('a subscriber', () => {
  it('is sent the whole at once, as an array of one, with what we say to it', async () => {
    const { world, receiver } = await subscribed()
    await world.notify()
    expect(receiver.received).toEqual([
      {
        method: 'PUT',
        path: '/in/s3cr3t',
        contentType: 'application/cdni',
        authorization: 'Bearer what-we-say-to-upstream',
        body: [world.publisher.current(world.upstream).document],
      },
    ])
  })

  it('is sent every change once, and nothing else', async () => {
    const { world, receiver } = await subscribed()
    await world.notify()
    await world.notify()
    world.say(delivery(countries('it')))
    await world.settle()
    await world.notify()
    await world.notify()
    expect(receiver.received.map(({ body }) => body)).toMatchObject([
      [{ capabilities: [delivery(countries('de', 'fr'))] }],
      [{ capabilities: [delivery(countries('it'))] }],
    ])
  })

  it('that does not take it is tried again with growing pauses, and gets what is right then', async () => {
    const { world, receiver } = await subscribed()
    receiver.status = 503
    const triedAt: number[] = []
    for (let second = 0; second < 16; second++) {
      const before = receiver.received.length
      await world.notify()
      if (receiver.received.length > before) triedAt.push(second)
      world.now += 1000
    }
    expect(triedAt).toEqual([0, 1, 3, 7, 15])
    receiver.status = 200
    world.say(delivery(countries('it')))
    await world.settle()
    world.now += 300_000
    await world.notify()
    expect(receiver.received.at(-1)?.body).toMatchObject([{ capabilities: [delivery(countries('it'))] }])
    const [failed] = world.logged.filter(({ event }) => event === 'subscription.failed')
    expect(failed?.fields).toMatchObject({ peer: 'upstream', failures: 1 })
    expect(JSON.stringify(world.logged)).not.toMatch(/s3cr3t|what-we-say/)
  })

  it('is not sent again by another process what it has', async () => {
    const { world, receiver } = await subscribed()
    await world.notify()
    world.now += 60_000
    const other = world.anotherNotifier('other')
    await other.tick()
    await other.settled()
    expect(receiver.received).toHaveLength(1)
  })

  it('is sent a change by one process of several', async () => {
    const { world, receiver } = await subscribed()
    const other = world.anotherNotifier('other')
    await Promise.all([world.notifier.tick(), other.tick()])
    await Promise.all([world.notifier.settled(), other.settled()])
    expect(receiver.received).toHaveLength(1)
  })

  it('that has left is sent nothing', async () => {
    const { world, receiver, id } = await subscribed()
    if (world.upstream.kind === 'peer') await world.service.subscriptions.remove(world.upstream.peer, id)
    await world.notify()
    expect(receiver.received).toEqual([])
  })

  it('has its address in the store only under the key of the broker', async () => {
    const { world } = await subscribed()
    const stored = [
      ...(await world.store.list('fci-subscriptions', { limit: 10 })),
      ...(await world.store.list('credentials', { limit: 10 })),
    ]
    expect(stored).toHaveLength(2)
    expect(JSON.stringify(stored)).not.toContain('s3cr3t')
    expect(await listSubscriptions(world.store)).toMatchObject([{ record: { peer: 'upstream' } }])
  })
})
