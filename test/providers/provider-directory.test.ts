import { expect, it } from 'vitest'
import { checkConfig } from '../../src/broker/config/load-config.ts'
import { createProviderDirectory } from '../../src/broker/providers/create-provider-directory.ts'
import type { HealthState, HeldAdvertisement } from '../../src/routing/decision.ts'

const MODEL = { capabilities: [], diagnostics: [] }
const HELD: HeldAdvertisement = {
  model: MODEL,
  version: 'v',
  fetchedAt: 0,
  confirmedAt: 0,
  stale: false,
  expired: false,
}

it('tells the same facts, as the same object, for as long as none of them has changed', async () => {
  const loaded = checkConfig(
    { providers: [{ id: 'a', adapter: 'draft-http', options: { base_url: 'http://a', token: 'env:T' } }] },
    'test',
    { env: { T: 't' }, readFile: () => '' },
  )
  const live: {
    administrative: { state: 'enabled' | 'drained'; reason?: string }
    health: { state: HealthState; reason: string; since: number }
    held: HeldAdvertisement | undefined
    drill: string | undefined
  } = {
    administrative: { state: 'enabled' },
    health: { state: 'up', reason: 'answers', since: 0 },
    held: undefined,
    drill: undefined,
  }
  await using directory = createProviderDirectory({
    configs: loaded.config.providers,
    adapters: loaded.adapters,
    states: { get: () => live.administrative, set: async () => {}, refresh: async () => {} },
    advertisements: { get: () => live.held },
    health: { get: () => live.health, observe: () => {}, onChange: () => () => {} },
    overlay: { drilled: () => live.drill },
    now: () => 0,
  })

  const changes: readonly (readonly [string, () => void])[] = [
    ['drained', () => (live.administrative = { state: 'drained', reason: 'x' })],
    ['another reason', () => (live.administrative = { state: 'drained', reason: 'y' })],
    ['advertised', () => (live.held = HELD)],
    ['another model', () => (live.held = { ...HELD, model: { ...MODEL } })],
    ['confirmed', () => (live.held = { ...HELD, confirmedAt: 1 })],
    ['stale', () => (live.held = { ...HELD, confirmedAt: 1, stale: true })],
    ['expired', () => (live.held = { ...HELD, confirmedAt: 1, stale: true, expired: true })],
    ['withdrawn', () => (live.held = undefined)],
    ['down', () => (live.health = { state: 'down', reason: 'silent', since: 1 })],
    ['down for another reason', () => (live.health = { state: 'down', reason: 'refused', since: 1 })],
    ['drilled', () => (live.drill = 'drill-1')],
    ['drilled by another', () => (live.drill = 'drill-2')],
  ]
  for (const [what, change] of changes) {
    const before = directory.facts()
    expect({ what, same: directory.facts() === before }).toEqual({ what, same: true })
    change()
    expect({ what, same: directory.facts() === before }).toEqual({ what, same: false })
  }
  expect(directory.facts()).toMatchObject([
    { id: 'a', administrative: { state: 'drained', reason: 'y' }, health: { state: 'down', reason: 'refused' } },
  ])

  // The evidence of the healthy changes all the time.
  live.health = { state: 'up', reason: 'answers', since: 2 }
  const healthy = directory.facts()
  live.health = { state: 'up', reason: 'answered 1 s ago', since: 2 }
  expect(directory.facts()).toBe(healthy)
})

it('looks at what is held of an advertisement once a millisecond, and at once when it says that it changed', async () => {
  const loaded = checkConfig(
    { providers: [{ id: 'a', adapter: 'draft-http', options: { base_url: 'http://a', token: 'env:T' } }] },
    'test',
    { env: { T: 't' }, readFile: () => '' },
  )
  const live = { now: 0, asked: 0, held: HELD, changed: (_provider: string): void => {} }
  await using directory = createProviderDirectory({
    configs: loaded.config.providers,
    adapters: loaded.adapters,
    states: { get: () => ({ state: 'enabled' }), set: async () => {}, refresh: async () => {} },
    advertisements: {
      get: () => {
        live.asked += 1
        return live.held
      },
      onChange: (listener) => {
        live.changed = listener
        return () => {}
      },
    },
    health: { get: () => ({ state: 'up', reason: 'answers', since: 0 }), observe: () => {}, onChange: () => () => {} },
    overlay: { drilled: () => undefined },
    now: () => live.now,
  })
  const first = directory.facts()
  directory.facts()
  const { asked } = live
  expect(directory.facts()).toBe(first)
  expect(live.asked).toBe(asked)

  live.held = { ...HELD, model: { capabilities: [], diagnostics: [] } }
  live.changed('a')
  expect(directory.facts()[0]?.advertisement?.model).toBe(live.held.model)

  directory.facts()
  live.held = { ...live.held, stale: true }
  live.now = 1
  expect(directory.facts()[0]?.advertisement?.stale).toBe(true)
})
