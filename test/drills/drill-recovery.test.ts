import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { putDrill, putRunning } from '../../src/broker/drills/drill-record.ts'
import type { DrillMethod, DrillReport } from '../../src/broker/drills/drill-service.ts'
import { hasValidSignature } from '../../src/broker/drills/drill-signature.ts'
import { takeRelayDown } from '../../src/broker/drills/fault-dial-client.ts'
import { type CanaryWorld, openCanaryWorld, SIGNING_KEY } from '../support/canary-world.ts'
import { until } from '../support/moq-client.ts'

let world: CanaryWorld

beforeEach(async () => {
  world = await openCanaryWorld({ automaticFailover: false })
  await world.steady()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** Leaves in the store what a broker leaves that dies in the middle of a drill of the primary. */
async function leaveUnfinished(method: DrillMethod, takenOut: boolean): Promise<DrillReport> {
  const report: DrillReport = {
    id: 'unfinished',
    provider: 'cdn-a',
    method,
    scope: world.canaryScope(),
    hypothesis: 'It will be fine.',
    state: 'running',
    requestedBy: 'operator',
    startedAt: Date.now(),
    measured: {
      objectsBefore: 3,
      objectsDuring: 0,
      objectsLost: 0,
      longestGapMs: 0,
      probesBefore: 3,
      probesDuring: 0,
    },
    timeline: [{ at: Date.now(), event: 'inject', detail: 'out' }],
  }
  const undo = takenOut ? { undo: { scopes: [world.canaryScope()] } } : {}
  await world.store.commit([putDrill({ v: 1, report, ...undo }), putRunning(report.id)])
  return report
}

async function moveAway(): Promise<void> {
  const moved = await world.scopes.failover(world.canaryScope(), { to: 'cdn-b', reason: 'a drill' }, { by: 'broker' })
  await moved.ended
}

describe('the recovery of a drill whose broker died', () => {
  it('gives the scope its primary back, ends the report as interrupted and signs it', async () => {
    await moveAway()
    await leaveUnfinished('drain', true)
    await world.drills.recover()
    const report = await world.ended('unfinished')
    expect(report).toMatchObject({ verdict: 'interrupted', because: 'the broker stopped during the drill' })
    expect(hasValidSignature(report, SIGNING_KEY)).toBe(true)
    expect(await world.primary()).toBe('cdn-a')
  })

  it('is done once when it is begun twice at the same time', async () => {
    await moveAway()
    await leaveUnfinished('drain', true)
    await Promise.all([world.drills.recover(), world.drills.recover()])
    expect(await world.ended('unfinished')).toMatchObject({ verdict: 'interrupted' })
    const history = await world.scopes.events(world.canaryScope(), { limit: 100 })
    expect(history.filter(({ detail }) => detail.includes('drill unfinished is over'))).toHaveLength(1)
  })

  it('clears a fault that is still set', async () => {
    await moveAway()
    await takeRelayDown(world.faults['cdn-a'].url, 60_000, { timeoutMs: 1_000, signal: new AbortController().signal })
    await until('cdn-a is down', () => world.board.get('cdn-a').state === 'down')
    await leaveUnfinished('fault', true)
    const report = await world.ended('unfinished')
    expect(report.because).toBe('the broker stopped during the drill')
    expect(world.faults['cdn-a'].isDown()).toBe(false)
    expect(await world.primary()).toBe('cdn-a')
  })

  it('has nothing to restore when the provider was not taken out yet', async () => {
    await leaveUnfinished('fault', false)
    await world.drills.recover()
    expect(await world.ended('unfinished')).toMatchObject({ verdict: 'interrupted' })
    expect(world.faults['cdn-a'].calls).toEqual([])
  })

  it('leaves a drill alone whose broker still holds its lease', async () => {
    const lease = await world.store.acquireLease('drill', 'another replica', 60_000)
    await leaveUnfinished('drain', true)
    expect(await world.drills.recover()).toBe(false)
    expect(await world.drills.service.get('unfinished')).toMatchObject({ state: 'running' })
    if (lease !== undefined) await world.store.releaseLease(lease)
    expect(await world.ended('unfinished')).toMatchObject({ verdict: 'interrupted' })
  })

  it('takes place by itself after a restart, and drills can be run again', async () => {
    await moveAway()
    await leaveUnfinished('drain', true)
    await world.restart()
    expect(await world.ended('unfinished')).toMatchObject({ verdict: 'interrupted' })
    await world.steady()
    const next = await world.drills.service.start({ provider: 'cdn-b', method: 'drain', holdMs: 0 }, 'operator')
    expect(await world.ended(next.id)).toMatchObject({ verdict: 'succeeded' })
  })
})
