import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EffectiveCapabilities } from '../../src/fci/effective-capabilities.ts'
import { footprintOf } from '../../src/fci/footprint-algebra.ts'
import type { Decision } from '../../src/routing/decision.ts'
import type { Measured } from '../../src/routing/measured.ts'
import type { FootprintRule, RoutingPolicy } from '../../src/routing/policy.ts'
import { askOffers, limit, type OfferSketch, order, rules } from '../support/routing-questions.ts'

const MOQ: Partial<EffectiveCapabilities> = {
  deliveryProtocols: ['moqt'],
  metadataTypes: ['MI.Cache'],
  privateFeatures: [{ oid: 'acme', type: 'MoQRelay' }],
  moq: { drafts: ['moqt-16'], transports: ['quic'], roles: ['subscribe'] },
}

describe('what the policy needs', () => {
  test.each<[string, RoutingPolicy['needs'], string | undefined]>([
    ['a protocol of several', { deliveryProtocols: ['https/1.1', 'moqt'] }, undefined],
    ['a protocol that is not there', { deliveryProtocols: ['https/1.1'] }, 'the delivery protocol https/1.1'],
    ['a draft of several', { moqDrafts: ['moqt-14', 'moqt-16'] }, undefined],
    ['drafts that are not there', { moqDrafts: ['moqt-14', 'moqt-15'] }, 'any MoQ draft of moqt-14, moqt-15'],
    ['a transport', { transports: ['quic', 'websocket'] }, undefined],
    ['a transport that is not there', { transports: ['websocket'] }, 'the transport websocket'],
    ['every role', { roles: ['subscribe', 'publish'] }, 'the role publish'],
    ['metadata in any case', { metadataTypes: ['mi.cache'] }, undefined],
    ['metadata that is not there', { metadataTypes: ['MI.Cache', 'MI.UriSigning'] }, 'metadata MI.UriSigning'],
    ['a private feature', { privateFeatures: [{ oid: 'acme', type: 'MoQRelay' }] }, undefined],
    [
      'a private feature of another owner',
      { privateFeatures: [{ oid: 'Acme', type: 'MoQRelay' }] },
      'the private feature Acme MoQRelay',
    ],
  ])('is met or not: %s', (_, needs, missing) => {
    const decision = askOffers([{ id: 'a', offers: MOQ }], { policy: { needs } })
    expect(decision.rejected).toEqual(
      missing === undefined
        ? []
        : [{ provider: 'a', rule: 'missing_capability', because: `a does not offer this client ${missing}` }],
    )
  })

  test('is no obstacle where the relay does not say which drafts, transports and roles it has', () => {
    const needs = { moqDrafts: ['moqt-14'], transports: ['quic'], roles: ['publish'] }
    expect(order(askOffers([{ id: 'a', offers: { moq: {} } }], { policy: { needs } }))).toEqual(['a'])
    expect(rules(askOffers([{ id: 'a', offers: { moq: { drafts: [] } } }], { policy: { needs } }))).toEqual([
      'a missing_capability',
    ])
  })
})

describe('licences and bans', () => {
  const rule = (
    id: string,
    action: 'allow' | 'deny',
    country: string,
    providers?: readonly string[],
  ): FootprintRule => ({
    id,
    action,
    footprint: footprintOf([{ countries: [country] }]),
    position: 0,
    ...(providers === undefined ? {} : { providers: new Set(providers) }),
  })
  const sketches: readonly OfferSketch[] = [{ id: 'a', priority: 1 }, { id: 'b' }]

  test.each<[string, readonly FootprintRule[], RoutingPolicy['otherwise'], readonly string[]]>([
    ['nothing is denied where no rule holds', [rule('r', 'deny', 'de')], 'allow', ['a', 'b']],
    ['a ban of all', [rule('r', 'deny', 'us')], 'allow', []],
    ['a ban of one provider', [rule('r', 'deny', 'us', ['a'])], 'allow', ['b']],
    ['a licence elsewhere', [rule('r', 'allow', 'de')], 'deny', []],
    ['a licence here', [rule('r', 'allow', 'us')], 'deny', ['a', 'b']],
    ['the first that holds decides', [rule('r', 'allow', 'us', ['b']), rule('s', 'deny', 'us')], 'allow', ['b']],
  ])('%s', (_, list, otherwise, expected) => {
    expect(order(askOffers(sketches, { policy: { rules: list, otherwise } }))).toEqual(expected)
  })

  test('name the rule that decided', () => {
    expect(askOffers([{ id: 'a' }], { policy: { rules: [rule('no-us', 'deny', 'us')] } }).rejected).toEqual([
      { provider: 'a', rule: 'denied_by_rule', because: 'rule no-us of the policy keeps a from serving this client' },
    ])
    expect(askOffers([{ id: 'a' }], { policy: { otherwise: 'deny' } }).rejected[0]?.because).toBe(
      'no rule of the policy allows a to serve this client',
    )
  })

  test('do not hold for a client of whom the fact is unknown', () => {
    const policy = { rules: [rule('r', 'deny', 'us')] }
    expect(order(askOffers(sketches, { client: '203.0.113.1', policy }))).toEqual(['a', 'b'])
  })
})

describe('the terms of a provider', () => {
  test('replace its priority and weight, or take it out with a reason', () => {
    const terms = new Map([
      ['a', { priority: 50 }],
      ['b', { excluded: 'contract ended' }],
    ])
    const decision = askOffers([{ id: 'a', priority: 1 }, { id: 'b' }, { id: 'c', priority: 20 }], {
      policy: { terms },
    })
    expect(order(decision)).toEqual(['c', 'a'])
    expect(decision.rejected).toEqual([
      { provider: 'b', rule: 'excluded_by_policy', because: 'the policy does not use b (contract ended)' },
    ])
  })
})

describe('capacity', () => {
  const shares = (used: number): number => {
    const keys = Array.from({ length: 400 }, (_, i) => `key-${i}`)
    const offers = { capacityLimits: [limit('egress', 100, 200, used)] }
    const first = keys.map(
      (key) =>
        order(
          askOffers(
            [
              { id: 'a', offers, priority: 1 },
              { id: 'b', priority: 2 },
            ],
            { key },
          ),
        )[0],
    )
    return first.filter((id) => id === 'b').length / keys.length
  }

  test('sheds nothing up to the soft limit, then evenly, and everything at the hard one', () => {
    expect(shares(100)).toBe(0)
    // Three standard deviations of 400 keys.
    expect(Math.abs(shares(125) - 0.25)).toBeLessThan(0.065)
    expect(Math.abs(shares(175) - 0.75)).toBeLessThan(0.065)
    expect(shares(200)).toBe(1)
  })

  test('sheds the same keys again, and more of them as it fills', () => {
    const at = (used: number, key: string): string | undefined => {
      const offers = { capacityLimits: [limit('sessions', 10, 20, used)] }
      return order(
        askOffers(
          [
            { id: 'a', offers, priority: 1 },
            { id: 'b', priority: 2 },
          ],
          { key },
        ),
      )[0]
    }
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 10, max: 20 }), fc.nat(9), (key, used, more) => {
        if (at(used, key) === 'b') expect(at(Math.min(20, used + more), key)).toBe('b')
      }),
      { numRuns: 300 },
    )
  })

  test('keeps the shed behind, the full out, and both visible', () => {
    const offers = { capacityLimits: [limit('egress', 0, 1000, 999)] }
    const full = { capacityLimits: [limit('requests', 10, 20), limit('egress', 50, 100, 100)] }
    const decision = askOffers(
      [{ id: 'a', offers, serves: ['192.0.2.0/24'] }, { id: 'b', offers: full }, { id: 'c' }],
      { policy: { ttlSeconds: 60, degradedTtlSeconds: 5 } },
    )
    expect(order(decision)).toEqual(['c', 'a'])
    expect(decision.candidates[1]?.because).toContain(
      'demoted: egress is 999 between 0 and 1000, so 99.9 % of the keys are shed, this one too',
    )
    expect(decision.rejected).toEqual([
      { provider: 'b', rule: 'at_capacity', because: 'b is at its limit: egress 100 of 100' },
    ])
    expect(decision.ttlSeconds).toBe(5)
  })

  test('is of the fullest of all limits, and a limit of 0 is always full', () => {
    const both = { capacityLimits: [limit('requests', 10, 20, 0), limit('sessions', 10, 20, 20)] }
    expect(rules(askOffers([{ id: 'a', offers: both }]))).toEqual(['a at_capacity'])
    expect(rules(askOffers([{ id: 'a', offers: { capacityLimits: [limit('egress', 0, 0)] } }]))).toEqual([
      'a at_capacity',
    ])
  })

  test('believes fresh reports before what is advertised, and old ones not at all', () => {
    const offers = { capacityLimits: [limit('egress', 10, 20, 20)] }
    const reported = (at: number) => ({
      usage: () => ({ value: 5, at }),
      now: 1_000_000,
      policy: { usageMaxAgeMs: 60_000 },
    })
    expect(order(askOffers([{ id: 'a', offers }], reported(940_000)))).toEqual(['a'])
    expect(rules(askOffers([{ id: 'a', offers }], reported(939_999)))).toEqual(['a at_capacity'])
  })

  test('excludes everybody or nobody when all are full, as the policy says, and is no reason to panic', () => {
    const offers = { capacityLimits: [limit('egress', 10, 20, 20)] }
    const sketches: readonly OfferSketch[] = [
      { id: 'a', offers },
      { id: 'b', health: { state: 'down' } },
    ]
    const refused = askOffers(sketches)
    expect([order(refused), refused.panic]).toEqual([[], false])
    const served = askOffers(sketches, { policy: { whenAllFull: 'serve' } })
    expect([order(served), served.panic, rules(served)]).toEqual([['a'], false, ['b down']])
  })

  test('of a volume counts what was carried in this period', () => {
    const terms = new Map([['a', { volume: { period: 'month' as const, catchUp: 1, soft: 100, hard: 100 } }]])
    const usage = (at: string) => ({
      usage: () => ({ value: 100, at: Date.parse(at) }),
      now: Date.parse('2026-11-15T00:00:00Z'),
      policy: { terms },
    })
    expect(rules(askOffers([{ id: 'a' }], usage('2026-11-01T00:00:00Z')))).toEqual(['a at_capacity'])
    expect(rules(askOffers([{ id: 'a' }], usage('2026-10-31T23:59:59Z')))).toEqual([])
  })

  test('that was committed makes the weight grow while it is behind its pace', () => {
    const terms = new Map([['a', { volume: { period: 'month' as const, catchUp: 3, committed: 300 } }]])
    const weightWith = (value: number): number | undefined =>
      askOffers([{ id: 'a', weight: 10 }], {
        policy: { terms },
        usage: () => ({ value, at: Date.parse('2026-11-15T23:00:00Z') }),
        now: Date.parse('2026-11-16T00:00:00Z'),
      }).candidates[0]?.weight
    expect([weightWith(149), weightWith(150)]).toEqual([30, 10])
  })
})

describe('panic', () => {
  test('is left out where the policy rather refuses', () => {
    const decision = askOffers([{ id: 'a', health: { state: 'down' } }], { policy: { whenAllDown: 'refuse' } })
    expect([order(decision), decision.panic, rules(decision)]).toEqual([[], false, ['a down']])
  })
})

describe('measurements', () => {
  const rtt = (rttMs: number): Measured => ({ rttMs, of: 'us', weight: 20, ageSeconds: 3 })
  const near = (table: Readonly<Record<string, Measured>>) => (provider: string) => table[provider]

  test.each<[string, RoutingPolicy['balance'], Readonly<Record<string, Measured>>, readonly string[]]>([
    [
      'cost takes the cheapest that is fast enough',
      { by: 'cost', withinMs: 20, withinPercent: 0 },
      { a: rtt(30), b: rtt(50), c: rtt(51) },
      ['b', 'a', 'c'],
    ],
    [
      'cost does not take a slow one, however cheap',
      { by: 'cost', withinMs: 10, withinPercent: 0 },
      { a: rtt(30), b: rtt(31), c: rtt(200) },
      ['b', 'a', 'c'],
    ],
    [
      'cost may lie within a percentage',
      { by: 'cost', withinMs: 0, withinPercent: 50 },
      { a: rtt(100), b: rtt(151), c: rtt(150) },
      ['c', 'a', 'b'],
    ],
    [
      'cost counts the unmeasured as fast enough',
      { by: 'cost', withinMs: 0, withinPercent: 0 },
      { a: rtt(10) },
      ['c', 'b', 'a'],
    ],
    [
      'latency takes the fastest',
      { by: 'latency', withinMs: 5, withinPercent: 0 },
      { a: rtt(40), b: rtt(30), c: rtt(10) },
      ['c', 'b', 'a'],
    ],
  ])('%s', (_, balance, table, expected) => {
    const terms = new Map([
      ['a', { price: 3 }],
      ['b', { price: 2 }],
      ['c', { price: 1 }],
    ])
    const decision = askOffers([{ id: 'a' }, { id: 'b' }, { id: 'c' }], {
      policy: { balance, terms },
      measured: near(table),
    })
    expect(order(decision)).toEqual(expected)
  })

  test('decide among equals only: a longer prefix and a better priority come first', () => {
    const decision = askOffers(
      [
        { id: 'a', serves: ['192.0.2.0/24'] },
        { id: 'b', priority: 1 },
        { id: 'c', priority: 2 },
      ],
      {
        policy: { balance: { by: 'latency', withinMs: 0, withinPercent: 0 } },
        measured: near({ a: rtt(90), b: rtt(50), c: rtt(1) }),
      },
    )
    expect(order(decision)).toEqual(['a', 'b', 'c'])
  })

  test('leave those that are about as fast to their weights', () => {
    const policy = { balance: { by: 'latency' as const, withinMs: 20, withinPercent: 0 } }
    const first = Array.from({ length: 400 }, (_, i) => {
      const measured = near({ a: rtt(30), b: rtt(35) })
      return order(
        askOffers(
          [
            { id: 'a', weight: 30 },
            { id: 'b', weight: 10 },
          ],
          { policy, measured, key: `k${i}` },
        ),
      )[0]
    })
    expect(first.filter((id) => id === 'a').length / 400).toBeCloseTo(0.75, 1)
  })

  test('take a committed volume that is behind its pace for free', () => {
    const terms = new Map([
      ['a', { price: 9, volume: { period: 'month' as const, catchUp: 1, committed: 1_000 } }],
      ['b', { price: 1 }],
    ])
    const policy = { terms, balance: { by: 'cost' as const, withinMs: 0, withinPercent: 0 } }
    const now = Date.parse('2026-11-16T00:00:00Z')
    const used = (value: number) => ({ policy, now, usage: () => ({ value, at: now - 1 }) })
    expect(order(askOffers([{ id: 'a' }, { id: 'b' }], used(499)))).toEqual(['a', 'b'])
    expect(order(askOffers([{ id: 'a' }, { id: 'b' }], used(500)))).toEqual(['b', 'a'])
  })

  test('demote a provider that is too slow nearby, and say so', () => {
    const slow: Measured = { throughputKbps: 812.4, of: 'us', weight: 40, ageSeconds: 9 }
    const asked = (minThroughputKbps: number): Decision =>
      askOffers([{ id: 'a', priority: 1 }, { id: 'b' }], {
        policy: { quality: { minThroughputKbps } },
        measured: near({ a: slow }),
      })
    expect(order(asked(812))).toEqual(['a', 'b'])
    expect(order(asked(1_500))).toEqual(['b', 'a'])
    expect(asked(1_500).candidates[1]?.because).toContainEqual(
      'demoted: 812 kbit/s (us), and 1500 kbit/s is the least allowed',
    )
  })

  test('demote a provider that fails nearby, and say so', () => {
    const bad: Measured = { errorShare: 0.125, of: 'prefix 192.0.2.0/24', weight: 40, ageSeconds: 9 }
    const decision = askOffers([{ id: 'a', priority: 1 }, { id: 'b' }], {
      policy: { quality: { maxErrorShare: 0.1 } },
      measured: near({ a: bad }),
    })
    expect(order(decision)).toEqual(['b', 'a'])
    expect(decision.candidates[1]?.because).toContain(
      'demoted: 12.5 % errors (prefix 192.0.2.0/24), and 10 % is the most allowed',
    )
  })
})
