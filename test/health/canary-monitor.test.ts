import { afterEach, describe, expect, it } from 'vitest'
import { watchScope } from '../../src/broker/health/scope-watch.ts'
import { sleep } from '../../src/broker/repeat.ts'
import { createScopeChanges } from '../../src/broker/scopes/scope-changes.ts'
import { type CanaryWorld, type CanaryWorldOptions, openCanaryWorld } from '../support/canary-world.ts'
import { until } from '../support/moq-client.ts'

const worlds: CanaryWorld[] = []

async function open(options: CanaryWorldOptions = {}): Promise<CanaryWorld> {
  const world = await openCanaryWorld(options)
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world[Symbol.asyncDispose]()))
})

describe('the canary monitor', () => {
  it('makes a scope of the broker on every provider, and receives what it publishes on the primary from all of them', async () => {
    const world = await open()
    await world.steady()
    expect(await world.scopes.get(world.canaryScope())).toMatchObject({ name: 'moq-broker-canary', owner: 'broker' })
    expect(
      world.canary
        .paths()
        .map(({ provider, role, connected }) => ({ provider, role, connected }))
        .toSorted((a, b) => a.provider.localeCompare(b.provider)),
    ).toEqual([
      { provider: 'cdn-a', role: 'primary', connected: true },
      { provider: 'cdn-b', role: 'secondary', connected: true },
      { provider: 'cdn-c', role: 'secondary', connected: true },
    ])
    expect(world.canary.publisher()).toMatchObject({ provider: 'cdn-a', connected: true })
  })

  it('finds its scope again after a restart', async () => {
    const world = await open()
    await world.steady()
    const scope = world.canaryScope()
    await world.restart()
    await world.steady()
    expect(world.canaryScope()).toBe(scope)
    expect((await world.scopes.list({ limit: 10 })).scopes).toHaveLength(1)
  })

  it('makes another scope when somebody deleted its own', async () => {
    const world = await open()
    await world.steady()
    const scope = world.canaryScope()
    const deletion = await world.scopes.delete(scope, { by: 'somebody' })
    await deletion.ended
    await until('another canary scope', () => world.canaryScope() !== scope)
    await world.steady()
    expect((await world.scopes.list({ limit: 10 })).scopes.map(({ id }) => id)).toEqual([world.canaryScope()])
  })

  it('takes a dead secondary for down and up again, and leaves the others alone', async () => {
    const world = await open()
    await world.steady()
    await world.cdns['cdn-c'].setFault({ relayDown: true })
    await until('cdn-c is down', () => world.board.get('cdn-c').state === 'down')
    expect(world.board.get('cdn-c').reason).toContain('no canary session')
    expect(world.board.get('cdn-a').state).toBe('up')
    expect(world.board.get('cdn-b').state).toBe('up')
    await world.cdns['cdn-c'].setFault(undefined)
    await until('cdn-c is up again', () => world.board.get('cdn-c').state === 'up')
  })

  it('takes a dead primary for down without taking the secondaries for down', async () => {
    const world = await open({ automaticFailover: false })
    await world.steady()
    await world.cdns['cdn-a'].setFault({ relayDown: true })
    await until('cdn-a is down', () => world.board.get('cdn-a').state === 'down')
    // Long enough for the hysteresis to have taken the secondaries down too, if it judged them by their objects.
    const objects = world.canary.paths().find(({ provider }) => provider === 'cdn-a')?.objects
    await until('ten more intervals', () => Date.now() - world.board.get('cdn-a').since > 500)
    expect(world.canary.paths().find(({ provider }) => provider === 'cdn-a')?.objects).toBe(objects)
    expect(['up', 'degraded']).toContain(world.board.get('cdn-b').state)
    expect(['up', 'degraded']).toContain(world.board.get('cdn-c').state)
  })

  it('publishes on the new primary after a failover, and receives from everybody again', async () => {
    const world = await open()
    await world.steady()
    const change = await world.scopes.failover(world.canaryScope(), { to: 'cdn-b', reason: 'test' }, { by: 'test' })
    await change.ended
    await until('the publisher moved', () => {
      const publisher = world.canary.publisher()
      return publisher?.provider === 'cdn-b' && publisher.connected
    })
    const movedAt = Date.now()
    const received = new Set<string>()
    world.canary.onObject((provider, object) => {
      if (object.publishedAt > movedAt) received.add(provider)
    })
    await until('new objects from everybody', () => received.size === 3)
  })

  it('has no path for a provider that canaries cannot watch, and goes by its API instead', async () => {
    const world = await open({ unwatched: ['cdn-c'] })
    await world.steady()
    expect(
      world.canary
        .paths()
        .map(({ provider }) => provider)
        .toSorted(),
    ).toEqual(['cdn-a', 'cdn-b'])
    expect(world.board.get('cdn-c').state).toBe('unknown')
    const created = await world.scopes.create({ providers: ['cdn-c'] }, { by: 'test' })
    await created.ended
    await until('cdn-c is up', () => world.board.get('cdn-c').state === 'up')
    expect(world.board.get('cdn-c').reason).toBe('its API answers')
  })
})

describe('a watched scope', () => {
  it('counts an object once though a relay hands it out again to a new session', async () => {
    const world = await open({ canary: false })
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    await using watch = watchScope(
      {
        scopes: world.scopes,
        changes: createScopeChanges(),
        isWatchable: () => true,
        instance: 'test',
        // Slow, so that the newest object is still the first one when the session is back.
        intervalMs: 1_500,
        connectTimeoutMs: 1_000,
        refreshMs: 10_000,
        now: Date.now,
        random: () => 0,
        sleep,
        log: () => undefined,
      },
      created.scope,
    )
    const received: string[] = []
    watch.onObject((provider, { sequence }) => received.push(`${provider} ${sequence}`))
    await until('the first object from cdn-b', () => received.includes('cdn-b 0'))
    await world.cdns['cdn-b'].setFault({ relayDown: true })
    await world.cdns['cdn-b'].setFault(undefined)
    await until('the second object from cdn-b', () => received.includes('cdn-b 1'))
    expect(received.filter((object) => object.startsWith('cdn-b'))).toEqual(['cdn-b 0', 'cdn-b 1'])
    expect(watch.paths().find(({ provider }) => provider === 'cdn-b')).toMatchObject({ objects: 2, lastSequence: 1 })
  })
})

describe('the verification of a scope', () => {
  it('tells for every placement how long an object took from the primary', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    const verified = await world.canary.verify(created.scope, {
      timeoutMs: 4_000,
      signal: new AbortController().signal,
    })
    expect(verified.map(({ provider, role, outcome }) => ({ provider, role, outcome }))).toEqual([
      { provider: 'cdn-a', role: 'primary', outcome: 'received' },
      { provider: 'cdn-b', role: 'secondary', outcome: 'received' },
      { provider: 'cdn-c', role: 'secondary', outcome: 'received' },
    ])
    for (const path of verified) expect(path).toHaveProperty('latencyMs', expect.any(Number))
  })

  it('names the placement where nothing came out, and does not fail for the others', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    await world.cdns['cdn-b'].setFault({ relayDown: true })
    const verified = await world.canary.verify(created.scope, {
      timeoutMs: 4_000,
      signal: new AbortController().signal,
    })
    expect(verified.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
      'cdn-a received',
      'cdn-b failed',
      'cdn-c received',
    ])
    expect(JSON.stringify(verified)).not.toContain('moqt://')
  })

  it('says of every placement that nothing can be published when the primary is dead', async () => {
    const world = await open({ automaticFailover: false })
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    await world.cdns['cdn-a'].setFault({ relayDown: true })
    const verified = await world.canary.verify(created.scope, {
      timeoutMs: 2_000,
      signal: new AbortController().signal,
    })
    expect(verified.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed'])
    expect(JSON.stringify(verified)).toContain('nothing can be published on \\"cdn-a\\"')
  })
})
