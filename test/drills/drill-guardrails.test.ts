import { describe, expect, it } from 'vitest'
import { findObstacle, type GuardrailFacts } from '../../src/broker/drills/drill-guardrails.ts'
import type { DrillReport, DrillRequest } from '../../src/broker/drills/drill-service.ts'
import { hasValidSignature } from '../../src/broker/drills/drill-signature.ts'
import type { ProviderHealth } from '../../src/broker/health/health-board.ts'
import type { ScopeView } from '../../src/broker/scopes/scope-service.ts'
import { SIGNING_KEY } from '../support/canary-world.ts'
import { eventsOf, runDrill, startDrill, steadyWorlds } from '../support/drill-runs.ts'

const open = steadyWorlds()

describe('a drill that is not begun', () => {
  it('is blocked when nobody could take over', async () => {
    const world = await open()
    await world.setState('cdn-b', 'drained')
    await world.setState('cdn-c', 'drained')
    const report = await runDrill(world, { provider: 'cdn-a', method: 'drain' })
    expect(report).toMatchObject({ state: 'ended', verdict: 'blocked', timeline: [{ event: 'blocked' }] })
    expect(report.because).toContain('nobody could take over')
    expect(report.because).toContain('cdn-b: drained')
  })

  it('is blocked while another one runs, also in another replica', async () => {
    const world = await open()
    const lease = await world.store.acquireLease('drill', 'another replica', 60_000)
    expect(await runDrill(world, { provider: 'cdn-b', method: 'drain' })).toMatchObject({ verdict: 'blocked' })
    if (lease !== undefined) await world.store.releaseLease(lease)
    const id = await startDrill(world, { provider: 'cdn-b', method: 'drain' }, 'hold')
    const second = await runDrill(world, { provider: 'cdn-c', method: 'drain' })
    expect(second).toMatchObject({ verdict: 'blocked', because: `drill ${id} is under way; there is one at a time` })
    await world.drills.service.abort(id, 'enough', 'operator')
  })

  it('is blocked when the provider is drained or does not hold the scope', async () => {
    const world = await open()
    const created = await world.scopes.create({ name: 'demo', providers: ['cdn-a', 'cdn-b'] }, { by: 'test' })
    await created.ended
    const outside = await runDrill(world, { provider: 'cdn-c', method: 'drain', scope: created.scope })
    expect(outside.because).toBe(`"cdn-c" does not hold scope ${created.scope}`)
    await world.setState('cdn-c', 'drained')
    expect((await runDrill(world, { provider: 'cdn-c', method: 'drain' })).because).toContain('"cdn-c" is drained')
  })

  it('is blocked when the provider of a fault has no fault dial, is down already, or its scope is being changed', () => {
    const scope: ScopeView = {
      id: 's1',
      revision: 1,
      owner: 'somebody',
      state: 'ready',
      primary: 'a',
      placements: [
        { provider: 'a', role: 'primary', state: 'ready' },
        { provider: 'b', role: 'secondary', state: 'ready' },
      ],
      createdAt: 0,
      updatedAt: 0,
    }
    const facts: GuardrailFacts = {
      provider: 'a',
      method: 'fault',
      scope,
      administrative: () => 'enabled',
      health: () => ({ state: 'up', since: 0, reason: 'objects arrive' }),
      hasFaultDial: true,
    }
    expect(findObstacle(facts)).toBeUndefined()
    expect(findObstacle({ ...facts, method: 'drain', hasFaultDial: false })).toBeUndefined()
    expect(findObstacle({ ...facts, hasFaultDial: false })).toContain('"a" has no fault_url')
    const down: ProviderHealth = { state: 'down', since: 0, reason: 'no session' }
    expect(findObstacle({ ...facts, health: () => down })).toBe('"a" is down already: no session')
    const otherDown = (id: string): ProviderHealth => (id === 'b' ? down : facts.health(id))
    expect(findObstacle({ ...facts, health: otherDown })).toBe('nobody could take over scope s1 (b: down)')
    expect(findObstacle({ ...facts, scope: { ...scope, operation: 'op1' } })).toContain('operation op1 is at work')
    const alone = { ...scope, placements: scope.placements.slice(0, 1) }
    expect(findObstacle({ ...facts, scope: alone })).toBe('nobody could take over scope s1')
  })

  it('is blocked when nobody else may serve any client of the provider', async () => {
    const world = await open({
      footprints: { 'cdn-a': ['192.0.2.0/24'], 'cdn-b': ['198.51.100.0/24'], 'cdn-c': ['203.0.113.0/24'] },
    })
    const report = await runDrill(world, { provider: 'cdn-b', method: 'drain' })
    expect(report).toMatchObject({ verdict: 'blocked' })
    expect(report.because).toContain('nobody else may serve')
  })

  it('is invalid when no client is answered with the provider', async () => {
    const world = await open({ footprints: { 'cdn-b': ['192.0.2.0/24'] }, settings: { baselineMs: 200 } })
    const report = await runDrill(world, { provider: 'cdn-b', method: 'drain' })
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the probe had no signal: the lookup answers no address')
  })

  it('is invalid when no canary objects come out of the provider', async () => {
    const world = await open({ unwatched: ['cdn-c'], settings: { baselineMs: 300 } })
    const created = await world.scopes.create({ name: 'demo' }, { by: 'test' })
    await created.ended
    const report = await runDrill(world, { provider: 'cdn-c', method: 'drain', scope: created.scope })
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
    await expect(start({ provider: 'cdn-a', method: 'drain', scope: 'none' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('the reports', () => {
  it('are listed newest first, are signed, and show every change', async () => {
    const world = await open()
    const first = await runDrill(world, { provider: 'cdn-b', method: 'drain', holdMs: 0 })
    const second = await runDrill(world, {
      provider: 'cdn-c',
      method: 'drain',
      holdMs: 0,
      hypothesis: 'It will be fine.',
    })
    expect((await world.drills.service.list({ limit: 10 })).map(({ id }) => id)).toEqual([second.id, first.id])
    expect(await world.drills.service.list({ limit: 10, after: second.id })).toEqual([first])
    expect(second.hypothesis).toBe('It will be fine.')
    expect(hasValidSignature(second, SIGNING_KEY)).toBe(true)
    expect(hasValidSignature({ ...second, verdict: 'failed' }, SIGNING_KEY)).toBe(false)
    expect(hasValidSignature(second, 'another key')).toBe(false)
  })

  it('cannot be aborted when they have ended or never were', async () => {
    const world = await open()
    const report = await runDrill(world, { provider: 'cdn-b', method: 'drain', holdMs: 0 })
    await expect(world.drills.service.abort(report.id, 'late', 'operator')).rejects.toMatchObject({
      code: 'invalid_state',
    })
    await expect(world.drills.service.abort('none', 'late', 'operator')).rejects.toMatchObject({ code: 'not_found' })
    expect(await world.drills.service.get('none')).toBeUndefined()
  })
})
