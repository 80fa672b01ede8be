import { expect, it } from 'vitest'
import { DrillObserver } from '../../src/broker/drills/drill-observer.ts'
import type { CanaryListener } from '../../src/broker/health/scope-watch.ts'
import type { RouteAnswer, RouteService } from '../../src/broker/route-service.ts'
import { decide } from '../../src/routing/decide.ts'
import { plainPolicy } from '../../src/routing/policy.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { clientAt, NOW, type ProviderSketch, providerFrom } from '../support/routing-facts.ts'

const CLIENT = { address: '192.0.2.1', alternatives: ['b'] }
const MIN_SIGNALS = 3

/** An observer of `a`, whose look-ups the test answers and whose objects it hands out. */
function observerOfA() {
  const listeners = new Set<CanaryListener>()
  let clock = 0
  let sketches: readonly ProviderSketch[] = []
  const answer = (): RouteAnswer => {
    const client = clientAt(CLIENT.address)
    const policy = plainPolicy({ ttlSeconds: 30, degradedTtlSeconds: 5, requireMoqCapability: true })
    return {
      decision: decide({
        client,
        coverage: plainLookup(client),
        providers: sketches.map(providerFrom),
        policy,
        now: NOW,
        key: CLIENT.address,
      }),
      connectUrls: new Map(),
      sameFor: undefined,
      coverage: undefined,
      versions: { map: undefined, geo: [], health: [] },
    }
  }
  const routes: RouteService = { decide: async () => answer(), decideHeld: answer, version: () => undefined }
  const observer = new DrillObserver({
    provider: 'a',
    scope: 'scope-1',
    routes,
    watch: {
      paths: () => [],
      onObject(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    graceMs: 0,
    now: () => clock,
  })
  observer.client = CLIENT
  observer.listen()
  let sequence = 0
  return {
    observer,
    async probe(...serving: readonly string[]): Promise<void> {
      clock += 1
      sketches = serving.map((id, index) => ({ id, serves: ['192.0.2.0/24'], priority: index }))
      await observer.probe()
    },
    objectsOfBoth(): void {
      clock += 1
      sequence += 1
      for (const provider of ['a', 'b'])
        for (const listener of listeners)
          listener(provider, { sequence, publishedAt: clock, receivedAt: clock, run: 'r1' })
    },
    objectsBefore: () => observer.count(clock + 1, undefined).objectsBefore,
  }
}

it('a drill is steady only once enough objects came out of its provider while the lookup answered with it', async () => {
  const { observer, probe, objectsOfBoth, objectsBefore } = observerOfA()
  await probe()
  objectsOfBoth()
  for (let round = 1; round <= MIN_SIGNALS; round += 1) {
    expect(observer.isSteady(MIN_SIGNALS)).toBe(false)
    await probe('a', 'b')
    if (round < MIN_SIGNALS) objectsOfBoth()
  }
  // As many probes and as many objects as it takes, but the first object came out while nobody was answered.
  expect(observer.isSteady(MIN_SIGNALS)).toBe(false)
  objectsOfBoth()
  expect(observer.isSteady(MIN_SIGNALS)).toBe(true)
  expect(objectsBefore()).toBe(MIN_SIGNALS)
})
