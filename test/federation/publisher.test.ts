import { describe, expect, it } from 'vitest'
import type { Audience } from '../../src/broker/federation/peer.ts'
import { federationWorld, QUIET_MS } from '../support/federation-world.ts'
import { countries, delivery } from './contributors.ts'

const OPERATOR: Audience = { kind: 'operator' }

describe('the publisher', () => {
  it('has something to tell from the start, to each what its contract allows', async () => {
    const { publisher, upstream, narrow } = await federationWorld()
    expect(publisher.current(upstream).document.capabilities).toEqual([delivery(countries('de', 'fr'))])
    expect(publisher.current(narrow).document.capabilities).toEqual([delivery(countries('de'))])
    expect(publisher.current(OPERATOR).document.capabilities).toEqual([delivery(countries('de', 'fr'))])
  })

  it('tells of a change when it has been quiet for long enough, once for all that came meanwhile', async () => {
    const world = await federationWorld()
    const { publisher, upstream } = world
    let told = 0
    publisher.onChange(upstream, () => {
      told += 1
    })
    for (const code of ['it', 'es', 'pl']) {
      world.say(delivery(countries(code)))
      await publisher.refresh()
      world.now += QUIET_MS - 1
      await publisher.refresh()
    }
    expect(told).toBe(0)
    world.now += 1
    await publisher.refresh()
    expect(told).toBe(1)
    expect(publisher.current(world.upstream).document.capabilities).toEqual([delivery(countries('pl'))])
  })

  it('does not wait for ever while things go on changing', async () => {
    const world = await federationWorld()
    const before = world.publisher.current(world.upstream).version
    for (let i = 0; i < 12; i++) {
      world.say(delivery(countries(i % 2 === 0 ? 'it' : 'es')))
      await world.publisher.refresh()
      world.now += QUIET_MS / 2
    }
    expect(world.publisher.current(world.upstream).version).not.toBe(before)
  })

  it('says nothing of what came and went within the quiet time', async () => {
    const world = await federationWorld()
    world.setFacts({ health: { state: 'down' } })
    await world.publisher.refresh()
    world.now += 100
    world.setFacts({ health: { state: 'up' } })
    await world.settle()
    expect(world.logged).toEqual([])
  })

  it('tells a peer nothing when the change is outside its contract', async () => {
    const world = await federationWorld()
    const before = world.publisher.current(world.narrow).version
    world.say(delivery(countries('de', 'it')))
    await world.settle()
    expect(world.publisher.current(world.narrow).version).toBe(before)
    expect(world.logged.map(({ fields }) => fields)).toMatchObject([
      { audience: 'the operator' },
      { audience: 'upstream' },
    ])
  })

  it('says "not ready" when its CDN goes down, and the former version again when it is back', async () => {
    const world = await federationWorld()
    const { version } = world.publisher.current(world.upstream)
    world.setFacts({ health: { state: 'down' } })
    await world.settle()
    expect(world.publisher.current(world.upstream).text).toBe('{"capabilities":[]}')
    world.setFacts({ health: { state: 'up' } })
    await world.settle()
    expect(world.publisher.current(world.upstream).version).toBe(version)
  })

  it('keeps as many former versions as it is told to', async () => {
    const world = await federationWorld({ history: 2 })
    const versions: string[] = []
    for (const code of ['it', 'es', 'pl', 'nl']) {
      versions.push(world.publisher.current(world.upstream).version)
      world.say(delivery(countries(code)))
      await world.settle()
    }
    const known = versions.map((version) => world.publisher.find(world.upstream, version) !== undefined)
    expect(known).toEqual([false, false, true, true])
    expect(world.publisher.find(world.narrow, versions[3] ?? '')).toBeUndefined()
  })
})
