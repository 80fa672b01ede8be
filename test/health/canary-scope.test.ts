import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensureCanaryScope } from '../../src/broker/health/canary-scope.ts'
import type { ScopeView } from '../../src/broker/scopes/scope-service.ts'
import { type CanaryWorld, openCanaryWorld } from '../support/canary-world.ts'
import { defined } from '../support/defined.ts'

let world: CanaryWorld

beforeEach(async () => {
  world = await openCanaryWorld({ canary: false })
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

async function ensured(): Promise<ScopeView | undefined> {
  const view = await ensureCanaryScope(world)
  return view === undefined ? undefined : settled(view.id)
}

/** The scope when no operation is at work on it. */
function settled(id: string): Promise<ScopeView> {
  return vi.waitFor(async () => {
    const view = defined(await world.scopes.get(id))
    expect(view.operation).toBeUndefined()
    return view
  })
}

describe('the canary scope', () => {
  it('is one for all replicas, though all of them miss it at once', async () => {
    const found = await Promise.allSettled(Array.from({ length: 5 }, () => ensureCanaryScope(world)))
    expect(found.some(({ status }) => status === 'fulfilled')).toBe(true)
    const view = await ensured()
    expect((await world.scopes.list({ limit: 10 })).scopes.map(({ id }) => id)).toEqual([view?.id])
  })

  it('is found, not made anew, when the broker died before it could remember it', async () => {
    const view = await ensured()
    await world.store.commit([{ kind: 'delete', collection: 'meta', id: 'canary-scope', expect: 'any' }])
    expect((await ensured())?.id).toBe(view?.id)
  })

  it('is made anew when it was deleted', async () => {
    const first = await ensured()
    const deletion = await world.scopes.delete(first?.id ?? '', { by: 'somebody' })
    await deletion.ended
    const second = await ensured()
    expect(second?.id).not.toBe(first?.id)
    expect(second).toMatchObject({ name: 'moq-broker-canary' })
  })

  it('spreads to a provider that is enabled later', async () => {
    await world.setState('cdn-c', 'drained')
    const view = await ensured()
    expect(view?.placements.map(({ provider }) => provider)).toEqual(['cdn-a', 'cdn-b'])
    await world.setState('cdn-c', 'enabled')
    await ensured()
    const spread = await settled(view?.id ?? '')
    expect(spread.placements.map(({ provider, state }) => `${provider} ${state}`)).toEqual([
      'cdn-a ready',
      'cdn-b ready',
      'cdn-c ready',
    ])
  })

  it('is not made while no provider can be watched', async () => {
    for (const provider of ['cdn-a', 'cdn-b', 'cdn-c'] as const) await world.setState(provider, 'drained')
    expect(await ensured()).toBeUndefined()
    expect((await world.scopes.list({ limit: 10 })).scopes).toEqual([])
  })
})
