import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/routing/decide.ts'
import type { ProviderFacts } from '../../src/routing/decision.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { drawProvider, hashToUnit } from '../../src/routing/rendezvous.ts'
import { clientAt, NOW, POLICY, providerFrom } from '../support/routing-facts.ts'

const client = clientAt('192.0.2.7')

function orderFor(key: string, providers: readonly ProviderFacts[]): readonly string[] {
  return decide({ client, coverage: plainLookup(client), providers, policy: POLICY, now: NOW, key }).candidates.map(
    ({ provider }) => provider,
  )
}

const weights = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 8 }), weight: fc.integer({ min: 1, max: 1000 }) }),
  {
    selector: ({ id }) => id,
    minLength: 2,
    maxLength: 6,
  },
)

describe('weights', () => {
  test('that change move keys only between the changed provider and others', () => {
    fc.assert(
      fc.property(weights, fc.nat(), fc.integer({ min: 1, max: 1000 }), fc.string(), (sketches, which, weight, key) => {
        const before = sketches.map(providerFrom)
        const changed = before[which % before.length]
        if (changed === undefined) throw new Error('there is no provider')
        const after = before.map((provider) => (provider.id === changed.id ? { ...provider, weight } : provider))
        const [was] = orderFor(key, before)
        const [is] = orderFor(key, after)
        if (was === is) return
        if (weight > changed.weight) expect(is).toBe(changed.id)
        else expect(was).toBe(changed.id)
      }),
      { numRuns: 2000 },
    )
  })

  test('keep the order of all others when one changes, comes or goes', () => {
    fc.assert(
      fc.property(weights, fc.nat(), fc.string(), (sketches, which, key) => {
        const all = sketches.map(providerFrom)
        const leaving = all[which % all.length]?.id
        const rest = all.filter(({ id }) => id !== leaving)
        expect(orderFor(key, all).filter((id) => id !== leaving)).toEqual(orderFor(key, rest))
      }),
    )
  })

  test('share keys out in their proportion', () => {
    const providers = [
      { id: 'a', weight: 60 },
      { id: 'b', weight: 30 },
      { id: 'c', weight: 10 },
    ].map(providerFrom)
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 }
    const keys = 20_000
    for (let i = 0; i < keys; i++) {
      const [first = ''] = orderFor(`10.${i >> 8}.${i & 255}.0/24`, providers)
      counts[first] = (counts[first] ?? 0) + 1
    }
    // Five standard deviations of a fair draw of this size are below 2 %.
    for (const { id, weight } of providers) expect(Math.abs((counts[id] ?? 0) / keys - weight / 100)).toBeLessThan(0.02)
  })

  test('move just the difference when one of two equals is doubled', () => {
    const even = [
      { id: 'a', weight: 1 },
      { id: 'b', weight: 1 },
    ].map(providerFrom)
    const uneven = [
      { id: 'a', weight: 2 },
      { id: 'b', weight: 1 },
    ].map(providerFrom)
    let moved = 0
    for (let i = 0; i < 20_000; i++) if (orderFor(String(i), even)[0] !== orderFor(String(i), uneven)[0]) moved++
    expect(Math.abs(moved / 20_000 - (2 / 3 - 1 / 2))).toBeLessThan(0.02)
  })
})

describe('the hash', () => {
  test('lies between 0 and 1, without either', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(hashToUnit(text)).toBeGreaterThan(0)
        expect(hashToUnit(text)).toBeLessThan(1)
        expect(Number.isFinite(drawProvider(text, 'x', 1))).toBe(true)
      }),
    )
  })

  test('is the same on every machine and in every release, or clients would move', () => {
    expect([hashToUnit(''), hashToUnit('192.0.2.0/24\u0000cdn-a')].map((unit) => unit.toFixed(12))).toEqual([
      '0.283384127567',
      '0.063470674812',
    ])
  })

  test('puts keys that differ in one character far apart', () => {
    const buckets = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 10_000; i++) {
      const bucket = Math.floor(hashToUnit(`10.0.${i % 256}.${i >> 8}`) * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
})
