import { describe, expect, it, vi } from 'vitest'
import { putAbort } from '../../src/broker/drills/drill-record.ts'
import type { CanaryWorld } from '../support/canary-world.ts'
import { eventsOf, runDrill, startDrill, steadyWorlds } from '../support/drill-runs.ts'
import { until } from '../support/moq-client.ts'

const open = steadyWorlds()

async function answerFor(world: CanaryWorld, client: string): Promise<string | undefined> {
  const { decision } = await world.routes.decide({ client, scope: world.canaryScope() })
  return decision.candidates[0]?.provider
}

describe('a drill by drain', () => {
  it('sends the viewers of a secondary elsewhere and brings them back, without touching the primary', async () => {
    const world = await open()
    const report = await runDrill(world, { provider: 'cdn-b', method: 'drain' })
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
    const report = await runDrill(world, { provider: 'cdn-a', method: 'drain' })
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
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    expect(await answerFor(world, '198.51.100.1')).not.toBe('cdn-b')
    expect(world.drills.withholds('cdn-b')).toBe(true)
    await world.drills.service.abort(id, 'enough', 'operator')
    expect(await answerFor(world, '198.51.100.1')).toBe('cdn-b')
  })

  it('works on a scope of its own choosing', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    const report = await runDrill(world, { provider: 'cdn-a', method: 'drain', scope: created.scope })
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
    const report = await runDrill(world, { provider: 'cdn-a', method: 'fault' })
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

  it('works with the fault dials of the lab, and leaves none of them set', async () => {
    const world = await open({ labFaultDials: true, settings: { ttlMs: 600 } })
    const report = await runDrill(world, { provider: 'cdn-a', method: 'fault', holdMs: 1_000 })
    expect(report.because).toContain('the first object on the new path came')
    expect(report.verdict).toBe('succeeded')
    const fault = await fetch(`${world.cdns['cdn-a'].adminUrl}/fault`)
    expect(await fault.json()).toEqual({})
  })

  it('is invalid when the provider goes on serving', async () => {
    const world = await open()
    world.faults['cdn-a'].ignoring = true
    const report = await runDrill(world, { provider: 'cdn-a', method: 'fault' })
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the fault did not bite')
  })

  it('says the fault anew before it expires, and not after the end', async () => {
    const world = await open({ settings: { ttlMs: 400 } })
    const report = await runDrill(world, { provider: 'cdn-c', method: 'fault', holdMs: 1_200 })
    expect(report.verdict).toBe('succeeded')
    const { calls, expiresInMs } = world.faults['cdn-c']
    expect(expiresInMs()).toBe(400)
    expect(calls.filter((call) => call === 'PUT').length).toBeGreaterThanOrEqual(4)
    expect(calls.lastIndexOf('PUT')).toBeLessThan(calls.indexOf('DELETE'))
  })

  it('fails when nobody takes the role of the primary over within the budget', async () => {
    const world = await open({ automaticFailover: false })
    const report = await runDrill(world, { provider: 'cdn-a', method: 'fault', budgetMs: 800 })
    expect(report).toMatchObject({ verdict: 'failed' })
    expect(report.because).toContain('within 800 ms after the injection')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
    expect(report.measured.restoreMs).toBeGreaterThan(0)
  })
})

describe('a drill that ends early', () => {
  it('restores at once when it is aborted', async () => {
    const world = await open()
    const id = await startDrill(world, { provider: 'cdn-a', method: 'fault' }, 'decide')
    const report = await world.drills.service.abort(id, 'the match begins', 'operator')
    expect(report).toMatchObject({ state: 'ended', verdict: 'interrupted' })
    expect(report.because).toBe('operator ended it: the match begins')
    expect(await world.primary()).toBe('cdn-a')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
  })

  it('ends when another replica was asked to abort it', async () => {
    const world = await open()
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    await world.store.commit([putAbort(id, 'enough', 'somebody')])
    expect(await world.ended(id)).toMatchObject({ verdict: 'interrupted', because: 'somebody ended it: enough' })
  })

  it('ends when it loses its lease, because then another may begin', async () => {
    const world = await open({ settings: { ttlMs: 400 } })
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    vi.spyOn(world.store, 'renewLease').mockResolvedValue(false)
    expect(await world.ended(id)).toMatchObject({ verdict: 'interrupted', because: 'the drill lost its lease' })
    expect(await answerFor(world, '198.51.100.1')).toBe('cdn-b')
  })

  it('ends when a second provider goes down', async () => {
    const world = await open()
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
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
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    await world.cdns['cdn-b'].setFault({ relayDown: true })
    await until('the drill lets go of it', () => !world.drills.withholds('cdn-b'))
    await until('the scope got another primary', () =>
      world.events.some((event) => event.startsWith('failover.automatic')),
    )
    expect(await world.primary(created.scope)).not.toBe('cdn-b')
    await world.cdns['cdn-b'].setFault(undefined)
    expect(await world.ended(id)).toMatchObject({ verdict: 'interrupted' })
  })

  it('restores when the broker stops in order, and says so in the report', async () => {
    const world = await open()
    const id = await startDrill(world, { provider: 'cdn-a', method: 'drain' }, 'decide')
    await world.restart()
    const report = await world.ended(id)
    expect(report).toMatchObject({ verdict: 'interrupted' })
    expect(report.because).toContain('the broker stopped during the drill')
    await world.steady()
    expect(await world.primary()).toBe('cdn-a')
  })
})
