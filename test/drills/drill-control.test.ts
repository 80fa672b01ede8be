import { afterEach, describe, expect, it } from 'vitest'
import type { DrillReport, DrillRequest } from '../../src/broker/drills/drill-service.ts'
import { hasValidSignature } from '../../src/broker/drills/drill-signature.ts'
import { type CanaryWorld, type CanaryWorldOptions, openCanaryWorld, SIGNING_KEY } from '../support/canary-world.ts'
import { until } from '../support/moq-client.ts'

const worlds: CanaryWorld[] = []

async function open(options: CanaryWorldOptions = {}): Promise<CanaryWorld> {
  const world = await openCanaryWorld(options)
  worlds.push(world)
  await world.steady()
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world[Symbol.asyncDispose]()))
})

async function run(world: CanaryWorld, request: DrillRequest): Promise<DrillReport> {
  const started = await world.drills.service.start(request, 'operator')
  return started.state === 'ended' ? started : world.ended(started.id)
}

function eventsOf(report: DrillReport): readonly string[] {
  return report.timeline.map(({ event }) => event)
}

async function answerFor(world: CanaryWorld, client: string): Promise<string | undefined> {
  const { decision } = await world.routes.decide({ client, scope: world.canaryScope() })
  return decision.candidates[0]?.provider
}

async function started(world: CanaryWorld, request: DrillRequest, event: string): Promise<string> {
  const { id } = await world.drills.service.start({ holdMs: 60_000, ...request }, 'operator')
  for (;;) {
    const report = await world.drills.service.get(id)
    if (report?.timeline.some((entry) => entry.event === event) === true) return id
    if (report?.state === 'ended') throw new Error(`ended before "${event}": ${report.because ?? ''}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

describe('a drill by drain', () => {
  it('sends the viewers of a secondary elsewhere and brings them back, without touching the primary', async () => {
    const world = await open()
    const report = await run(world, { provider: 'cdn-b', method: 'drain' })
    expect(report.because).toContain('the first object on the new path came')
    expect(report).toMatchObject({ state: 'ended', verdict: 'succeeded', requestedBy: 'operator' })
    expect(eventsOf(report)).toEqual([
      'baseline',
      'inject',
      'injected',
      'detect',
      'first-answer',
      'first-object',
      'hold',
      'restore',
      'lifted',
      'restored',
      'end',
    ])
    expect(report.measured.decideMs).toBeUndefined()
    expect(report.measured.objectsBefore).toBeGreaterThanOrEqual(3)
    expect(report.measured.objectsDuring).toBeGreaterThanOrEqual(3)
    expect(report.measured.objectsLost).toBe(0)
    expect(await world.primary()).toBe('cdn-a')
    expect(await answerFor(world, '198.51.100.1')).toBe('cdn-b')
  })

  it('gives the scope another primary when the drilled provider is it, and gives the role back', async () => {
    const world = await open()
    const report = await run(world, { provider: 'cdn-a', method: 'drain' })
    expect(report).toMatchObject({ verdict: 'succeeded' })
    expect(report.measured.decideMs).toBeGreaterThan(0)
    expect(eventsOf(report)).toEqual(expect.arrayContaining(['decide', 'returned', 'restored']))
    expect(await world.primary()).toBe('cdn-a')
    const history = await world.scopes.events(world.canaryScope(), { limit: 100 })
    const failovers = history.filter(({ type }) => type === 'failover.started').map(({ detail }) => detail)
    expect(failovers).toEqual([
      expect.stringContaining(`drill ${report.id} has taken "cdn-a" out`),
      expect.stringContaining(`drill ${report.id} is over`),
    ])
  })

  it('answers nobody with the drilled provider while it holds', async () => {
    const world = await open()
    const id = await started(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    expect(await answerFor(world, '198.51.100.1')).not.toBe('cdn-b')
    expect(world.drills.withholds('cdn-b')).toBe(true)
    await world.drills.service.abort(id, 'enough', 'operator')
    expect(await answerFor(world, '198.51.100.1')).toBe('cdn-b')
  })

  it('works on a scope of its own choosing', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    const report = await run(world, { provider: 'cdn-a', method: 'drain', scope: created.scope })
    expect(report).toMatchObject({ verdict: 'succeeded', scope: created.scope })
    const history = await world.scopes.events(world.canaryScope(), { limit: 100 })
    expect(history.filter(({ type }) => type === 'failover.started')).toEqual([])
  })
})

describe('a drill by fault', () => {
  it('takes the primary down for real, sees the broker get over it, and brings back every scope that moved', async () => {
    const world = await open()
    const demo = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await demo.ended
    const report = await run(world, { provider: 'cdn-a', method: 'fault' })
    expect(report.because).toContain('the first object on the new path came')
    expect(report.verdict).toBe('succeeded')
    expect(report.measured.detectMs).toBeGreaterThan(0)
    expect(report.measured.decideMs).toBeGreaterThan(0)
    expect(report.measured.firstObjectMs).toBeGreaterThan(0)
    expect(await world.primary()).toBe('cdn-a')
    expect(await world.primary(demo.scope)).toBe('cdn-a')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
    expect(world.faults['cdn-a'].calls.at(-1)).toBe('DELETE')
  })

  it('is invalid when the provider goes on serving', async () => {
    const world = await open()
    world.faults['cdn-a'].ignoring = true
    const report = await run(world, { provider: 'cdn-a', method: 'fault' })
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the fault did not bite')
  })

  it('says the fault anew before it expires, and not after the end', async () => {
    const world = await open({ settings: { ttlMs: 400 } })
    const report = await run(world, { provider: 'cdn-c', method: 'fault', holdMs: 1_200 })
    expect(report.verdict).toBe('succeeded')
    const { calls, expiresInMs } = world.faults['cdn-c']
    expect(expiresInMs()).toBe(400)
    expect(calls.filter((call) => call === 'PUT').length).toBeGreaterThanOrEqual(4)
    expect(calls.lastIndexOf('PUT')).toBeLessThan(calls.indexOf('DELETE'))
  })

  it('fails when nobody takes the role of the primary over within the budget', async () => {
    const world = await open({ automaticFailover: false })
    const report = await run(world, { provider: 'cdn-a', method: 'fault', budgetMs: 800 })
    expect(report).toMatchObject({ verdict: 'failed' })
    expect(report.because).toContain('within 800 ms after the injection')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
    expect(report.measured.restoreMs).toBeGreaterThan(0)
  })
})

describe('a drill that ends early', () => {
  it('restores at once when it is aborted', async () => {
    const world = await open()
    const id = await started(world, { provider: 'cdn-a', method: 'fault' }, 'decide')
    const report = await world.drills.service.abort(id, 'the match begins', 'operator')
    expect(report).toMatchObject({ state: 'ended', verdict: 'interrupted' })
    expect(report.because).toBe('operator ended it: the match begins')
    expect(await world.primary()).toBe('cdn-a')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
  })

  it('ends when a second provider goes down', async () => {
    const world = await open()
    const id = await started(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    await world.cdns['cdn-c'].setFault({ relayDown: true })
    const report = await world.ended(id)
    expect(report).toMatchObject({ verdict: 'interrupted' })
    expect(report.because).toContain('a second provider, "cdn-c", went down')
    expect(world.drills.withholds('cdn-b')).toBe(false)
  })

  it('ends when the provider that is out on paper goes down in earnest, so that its scopes are moved', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo', primary: 'cdn-b' }, { by: 'test' })
    await created.ended
    const id = await started(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    await world.cdns['cdn-b'].setFault({ relayDown: true })
    await until('the drill lets go of it', () => !world.drills.withholds('cdn-b'))
    await until('the scope got another primary', () => world.events.some((event) => event.startsWith('failover.automatic')))
    expect(await world.primary(created.scope)).not.toBe('cdn-b')
    await world.cdns['cdn-b'].setFault(undefined)
    expect(await world.ended(id)).toMatchObject({ verdict: 'interrupted' })
  })

  it('restores when the broker stops in order, and says so in the report', async () => {
    const world = await open()
    const id = await started(world, { provider: 'cdn-a', method: 'drain' }, 'decide')
    await world.restart()
    const report = await world.ended(id)
    expect(report).toMatchObject({ verdict: 'interrupted' })
    expect(report.because).toContain('the broker stopped during the drill')
    await world.steady()
    expect(await world.primary()).toBe('cdn-a')
  })
})

describe('a drill that is not begun', () => {
  it('is blocked when nobody could take over', async () => {
    const world = await open()
    await world.setState('cdn-b', 'drained')
    await world.setState('cdn-c', 'drained')
    const report = await run(world, { provider: 'cdn-a', method: 'drain' })
    expect(report).toMatchObject({ state: 'ended', verdict: 'blocked', timeline: [{ event: 'blocked' }] })
    expect(report.because).toContain('nobody could take over')
    expect(report.because).toContain('cdn-b: drained')
  })

  it('is blocked while another one runs, also in another replica', async () => {
    const world = await open()
    const lease = await world.store.acquireLease('drill', 'another replica', 60_000)
    expect(await run(world, { provider: 'cdn-b', method: 'drain' })).toMatchObject({ verdict: 'blocked' })
    if (lease !== undefined) await world.store.releaseLease(lease)
    const id = await started(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    const second = await run(world, { provider: 'cdn-c', method: 'drain' })
    expect(second).toMatchObject({ verdict: 'blocked', because: `drill ${id} is under way; there is one at a time` })
    await world.drills.service.abort(id, 'enough', 'operator')
  })

  it('is blocked when the provider of a fault has no fault dial, is drained, or does not hold the scope', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo', providers: ['cdn-a', 'cdn-b'] }, { by: 'test' })
    await created.ended
    const outside = await run(world, { provider: 'cdn-c', method: 'drain', scope: created.scope })
    expect(outside.because).toBe(`"cdn-c" does not hold scope ${created.scope}`)
    await world.setState('cdn-c', 'drained')
    expect((await run(world, { provider: 'cdn-c', method: 'drain' })).because).toContain('"cdn-c" is drained')
  })

  it('is blocked when nobody else may serve any client of the provider', async () => {
    const world = await open({
      footprints: { 'cdn-a': ['192.0.2.0/24'], 'cdn-b': ['198.51.100.0/24'], 'cdn-c': ['203.0.113.0/24'] },
    })
    const report = await run(world, { provider: 'cdn-b', method: 'drain' })
    expect(report).toMatchObject({ verdict: 'blocked' })
    expect(report.because).toContain('nobody else may serve')
  })

  it('is invalid when no client is answered with the provider', async () => {
    const world = await open({ footprints: { 'cdn-b': ['0.0.0.0/0'] }, settings: { baselineMs: 200 } })
    const report = await run(world, { provider: 'cdn-b', method: 'drain' })
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the probe had no signal: the lookup answers no address')
  })

  it('is invalid when no canary objects come out of the provider', async () => {
    const world = await open({ unwatched: ['cdn-c'], settings: { baselineMs: 300 } })
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    const report = await run(world, { provider: 'cdn-c', method: 'drain', scope: created.scope })
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the probe had no signal: objects received within 300 ms')
    expect(eventsOf(report)).not.toContain('inject')
  })

  it('refuses a provider or a scope that does not exist, and times out of range', async () => {
    const { drills } = await open()
    const start = (request: DrillRequest): Promise<DrillReport> => drills.service.start(request, 'operator')
    await expect(start({ provider: 'cdn-x', method: 'drain', holdMs: -1 })).rejects.toMatchObject({
      code: 'invalid_request',
      info: { faults: [{ pointer: '/provider' }, { pointer: '/hold_ms' }] },
    })
    await expect(start({ provider: 'cdn-a', method: 'drain', scope: 'none' })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('the reports', () => {
  it('are listed newest first, are signed, and show every change', async () => {
    const world = await open()
    const first = await run(world, { provider: 'cdn-b', method: 'drain', holdMs: 0 })
    const second = await run(world, { provider: 'cdn-c', method: 'drain', holdMs: 0, hypothesis: 'It will be fine.' })
    expect((await world.drills.service.list({ limit: 10 })).map(({ id }) => id)).toEqual([second.id, first.id])
    expect(await world.drills.service.list({ limit: 10, after: second.id })).toEqual([first])
    expect(second.hypothesis).toBe('It will be fine.')
    expect(hasValidSignature(second, SIGNING_KEY)).toBe(true)
    expect(hasValidSignature({ ...second, verdict: 'failed' }, SIGNING_KEY)).toBe(false)
    expect(hasValidSignature(second, 'another key')).toBe(false)
  })

  it('cannot be aborted when they have ended or never were', async () => {
    const world = await open()
    const report = await run(world, { provider: 'cdn-b', method: 'drain', holdMs: 0 })
    await expect(world.drills.service.abort(report.id, 'late', 'operator')).rejects.toMatchObject({ code: 'invalid_state' })
    await expect(world.drills.service.abort('none', 'late', 'operator')).rejects.toMatchObject({ code: 'not_found' })
    expect(await world.drills.service.get('none')).toBeUndefined()
  })
})
