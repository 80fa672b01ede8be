import { describe, expect, test } from 'vitest'
import { decide } from '../../src/routing/decide.ts'
import type { Decision, RejectionRule } from '../../src/routing/decision.ts'
import type { PlacementReadiness } from '../../src/routing/eligibility.ts'
import type { RoutingPolicy } from '../../src/routing/policy.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { clientPrefixKey } from '../../src/routing/routing-key.ts'
import type { ProviderSketch } from '../support/routing-facts.ts'
import { clientAt, NOW, POLICY, providerFrom } from '../support/routing-facts.ts'

interface Question {
  readonly client?: string
  readonly policy?: Partial<RoutingPolicy>
  readonly placements?: Readonly<Record<string, PlacementReadiness>>
}

function ask(
  providers: readonly ProviderSketch[],
  { client = '192.0.2.7', policy, placements }: Question = {},
): Decision {
  const described = clientAt(client)
  return decide({
    client: described,
    coverage: plainLookup(described),
    providers: providers.map(providerFrom),
    ...(placements === undefined ? {} : { placements: new Map(Object.entries(placements)) }),
    policy: { ...POLICY, ...policy },
    now: NOW,
    key: clientPrefixKey(described.address),
  })
}

const order = (decision: Decision): readonly string[] => decision.candidates.map(({ provider }) => provider)
const rules = (decision: Decision): readonly string[] =>
  decision.rejected.map(({ provider, rule }) => `${provider} ${rule}`)

describe('the rule that excludes a provider', () => {
  // Each row breaks its own rule and all that come after it, so that the order is tested as well.
  const outside: ProviderSketch = { id: 'a', serves: ['198.51.100.0/24'] }
  const silent: ProviderSketch = { ...outside, protocol: 'http/1.1' }
  const expired: ProviderSketch = { ...silent, expired: true }
  const unseen: ProviderSketch = { id: 'a', serves: 'nothing' }
  const down: ProviderSketch = { ...unseen, health: { state: 'down', reason: 'probe timed out' } }
  const drilled: ProviderSketch = { ...down, drilled: { drill: 'd-1' } }
  const drained: ProviderSketch = { ...drilled, administrative: { state: 'drained', reason: 'contract ends' } }
  const disabled: ProviderSketch = { ...drained, administrative: { state: 'disabled' } }

  test.each<[RejectionRule, ProviderSketch, Question['placements'], string]>([
    ['no_placement', disabled, {}, 'the scope is not placed on a'],
    ['placement_not_ready', disabled, { a: 'not_ready' }, "the scope's placement on a is not ready"],
    ['disabled', disabled, { a: 'ready' }, 'a is disabled by an operator'],
    ['drained', drained, undefined, 'a is drained by an operator (contract ends)'],
    ['drilled', drilled, undefined, 'drill d-1 pretends that a is gone'],
    ['down', down, undefined, 'a is down (probe timed out)'],
    ['no_advertisement', unseen, undefined, 'a has never advertised a footprint'],
    [
      'advertisement_expired',
      expired,
      undefined,
      'the advertisement of a has not been confirmed within the stale limit',
    ],
    ['no_moq_capability', silent, undefined, 'the advertisement of a does not say that it serves MoQ'],
    ['outside_footprint', outside, undefined, 'the client is outside the footprint that a advertises'],
  ])('is %s', (rule, sketch, placements, because) => {
    const decision = ask([sketch], placements === undefined ? {} : { placements })
    expect(decision.rejected).toEqual([{ provider: 'a', rule, because }])
    expect(decision.candidates).toEqual([])
    expect(decision.panic).toBe(false)
  })

  test('is given for every provider that is no candidate, and for no other', () => {
    const decision = ask([{ id: 'a' }, { id: 'b', serves: 'nothing' }, { id: 'c', serves: ['as64497'] }])
    expect(order(decision)).toEqual(['a'])
    expect(rules(decision)).toEqual(['b no_advertisement', 'c outside_footprint'])
  })
})

describe('the order of candidates', () => {
  test.each<[string, readonly ProviderSketch[], readonly string[]]>([
    [
      'goes by the longest prefix',
      [{ id: 'a', serves: ['192.0.0.0/16'] }, { id: 'b', serves: ['192.0.2.0/24'] }, { id: 'c' }],
      ['b', 'a', 'c'],
    ],
    [
      'puts AS number, subdivision, country and everybody behind prefixes, in this order',
      [
        { id: 'a' },
        { id: 'b', serves: ['us'] },
        { id: 'c', serves: ['us-ny'] },
        { id: 'd', serves: ['as64496'] },
        { id: 'e', serves: ['192.0.0.0/8'] },
      ],
      ['e', 'd', 'c', 'b', 'a'],
    ],
    [
      'takes the most specific of several ways in',
      [
        { id: 'a', serves: ['192.0.2.0/25'] },
        { id: 'b', serves: ['us', '192.0.2.0/26'] },
      ],
      ['b', 'a'],
    ],
    [
      'gains nothing from a prefix inside another one of the same provider',
      [
        { id: 'a', serves: ['192.0.0.0/16', '192.0.2.0/26'] },
        { id: 'b', serves: ['192.0.2.0/24'] },
      ],
      ['b', 'a'],
    ],
    [
      'lets the longer prefix win over a better priority',
      [
        { id: 'a', serves: ['192.0.2.0/24'], priority: 1 },
        { id: 'b', serves: ['192.0.2.0/25'], priority: 9 },
      ],
      ['b', 'a'],
    ],
    [
      'goes by priority among equal matches, the lower first',
      [
        { id: 'a', priority: 20 },
        { id: 'b', priority: 10 },
      ],
      ['b', 'a'],
    ],
    [
      'lets priority win over weight',
      [
        { id: 'a', priority: 2, weight: 1_000_000 },
        { id: 'b', priority: 1, weight: 0.001 },
      ],
      ['b', 'a'],
    ],
    [
      'puts the degraded behind those that are up, whatever their match',
      [{ id: 'a', serves: ['192.0.2.0/24'], health: { state: 'degraded' } }, { id: 'b' }],
      ['b', 'a'],
    ],
    [
      'puts the stale behind the fresh, whatever their match',
      [{ id: 'a', serves: ['192.0.2.0/24'], stale: true }, { id: 'b' }],
      ['b', 'a'],
    ],
    [
      'puts the degraded behind the stale',
      [
        { id: 'a', health: { state: 'degraded' } },
        { id: 'b', stale: true },
      ],
      ['b', 'a'],
    ],
    [
      'takes unknown health for up',
      [
        { id: 'a', health: { state: 'unknown' }, priority: 1 },
        { id: 'b', priority: 2 },
      ],
      ['a', 'b'],
    ],
    [
      'puts weight 0 behind everybody, even the degraded',
      [
        { id: 'a', weight: 0, priority: 1, serves: ['192.0.2.0/24'] },
        { id: 'b', health: { state: 'degraded' } },
      ],
      ['b', 'a'],
    ],
    [
      'keeps weight 0 where nobody else can serve',
      [
        { id: 'a', weight: 0, priority: 2 },
        { id: 'b', weight: 0, priority: 1 },
      ],
      ['b', 'a'],
    ],
    [
      'is settled by id among providers of weight 0',
      [
        { id: 'b', weight: 0 },
        { id: 'a', weight: 0 },
      ],
      ['a', 'b'],
    ],
  ])('%s', (_, providers, expected) => {
    expect(order(ask(providers))).toEqual(expected)
    expect(order(ask([...providers].reverse()))).toEqual(expected)
  })

  test('is that of the client, so another client gets another one', () => {
    const providers: readonly ProviderSketch[] = [
      { id: 'us', serves: ['us'] },
      { id: 'de', serves: ['de'] },
      { id: 'v6', serves: ['2001:db8::/32'] },
    ]
    expect(order(ask(providers, { client: '192.0.2.1' }))).toEqual(['us'])
    expect(order(ask(providers, { client: '198.51.100.1' }))).toEqual(['de'])
    expect(order(ask(providers, { client: '2001:db8::1' }))).toEqual(['v6', 'us'])
    expect(order(ask(providers, { client: '203.0.113.1' }))).toEqual([])
  })
})

describe('the reasons of a candidate', () => {
  test('tell the whole way to its place', () => {
    const decision = ask([
      { id: 'a', serves: ['192.0.2.0/24'], priority: 5, weight: 30 },
      { id: 'b', serves: ['192.0.2.0/24'], priority: 5, weight: 70 },
      {
        id: 'c',
        health: { state: 'degraded', reason: '3 of 10 probes failed' },
        stale: true,
        confirmedAt: NOW - 90_500,
        weight: 0,
      },
      { id: 'd', serves: ['us-ny'] },
    ])
    const because = Object.fromEntries(decision.candidates.map((candidate) => [candidate.provider, candidate.because]))
    expect(because).toEqual({
      a: [
        'its footprint holds the client by ipv4cidr 192.0.2.0/24 (24 bits)',
        'priority 5',
        "weight 30 of 100 among 2 equals, drawn by the client's key",
      ],
      b: [
        'its footprint holds the client by ipv4cidr 192.0.2.0/24 (24 bits)',
        'priority 5',
        "weight 70 of 100 among 2 equals, drawn by the client's key",
      ],
      c: [
        'its footprint is global',
        'demoted: weight 0 serves only when nobody else can',
        'demoted: degraded (3 of 10 probes failed)',
        'demoted: its advertisement was last confirmed at 2027-01-15T07:58:29.500Z',
        'priority 10',
      ],
      d: ['its footprint holds the client by subdivisioncode us-ny', 'priority 10'],
    })
    expect(decision.candidates[2]).toMatchObject({
      provider: 'd',
      matched: { type: 'subdivisioncode', value: 'us-ny', prefixLength: 0 },
      priority: 10,
      weight: 100,
    })
  })
})

describe('panic', () => {
  const down = { state: 'down' as const, reason: 'no answer' }

  test('keeps every CDN that only its health excludes, in the usual order, and says so', () => {
    const decision = ask([
      { id: 'a', health: down, serves: ['192.0.0.0/16'] },
      { id: 'b', health: down, serves: ['192.0.2.0/24'] },
      { id: 'c', health: down, serves: ['198.51.100.0/24'] },
      { id: 'd', health: down, administrative: { state: 'drained' } },
    ])
    expect(decision.panic).toBe(true)
    expect(order(decision)).toEqual(['b', 'a'])
    expect(rules(decision)).toEqual(['c down', 'd drained'])
    expect(decision.candidates[0]?.because).toContain(
      'panic: every CDN that could serve is down, so health is ignored; b is down (no answer)',
    )
  })

  test('does not begin while one CDN is left, degraded or of weight 0 as it may be', () => {
    const decision = ask([
      { id: 'a', health: down },
      { id: 'b', health: { state: 'degraded' }, weight: 0 },
    ])
    expect(decision.panic).toBe(false)
    expect(order(decision)).toEqual(['b'])
    expect(rules(decision)).toEqual(['a down'])
  })

  test('does not bring back what a drill took away', () => {
    const decision = ask([{ id: 'a', health: down, drilled: { drill: 'd-1' } }])
    expect(decision).toMatchObject({ panic: false, candidates: [] })
  })
})

describe('the time an answer may be held', () => {
  const policy = { ttlSeconds: 60, degradedTtlSeconds: 5 }
  test.each<[string, readonly ProviderSketch[], number]>([
    [
      'is the ordinary one when all is well',
      [
        { id: 'a' },
        { id: 'b', serves: ['de'], health: { state: 'down' } },
        { id: 'c', administrative: { state: 'drained' } },
      ],
      60,
    ],
    ['is shorter while a candidate is degraded', [{ id: 'a' }, { id: 'b', health: { state: 'degraded' } }], 5],
    [
      'is shorter while a CDN that could serve the client is down',
      [{ id: 'a' }, { id: 'b', health: { state: 'down' } }],
      5,
    ],
    ['is shorter in panic', [{ id: 'a', health: { state: 'down' } }], 5],
    ['is shorter when nobody may serve', [{ id: 'a', serves: ['de'] }], 5],
  ])('%s', (_, providers, ttlSeconds) => {
    expect(ask(providers, { policy }).ttlSeconds).toBe(ttlSeconds)
  })

  test('is never longer for trouble than without', () => {
    expect(ask([], { policy: { ttlSeconds: 3, degradedTtlSeconds: 10 } }).ttlSeconds).toBe(3)
  })
})

describe('a provider that does not speak of MoQ', () => {
  const providers: readonly ProviderSketch[] = [
    { id: 'a', protocol: 'http/1.1', serves: ['us'] },
    { id: 'b', serves: ['de'] },
  ]

  test('serves where it delivers, if the policy does not ask for more', () => {
    expect(order(ask(providers, { policy: { requireMoqCapability: false } }))).toEqual(['a'])
    expect(rules(ask(providers, { policy: { requireMoqCapability: false } }))).toEqual(['b outside_footprint'])
  })

  test('is not widened by that policy once it says where it serves MoQ', () => {
    const says = providerFrom({ id: 'a', serves: ['de'] })
    const also = providerFrom({ id: 'a', protocol: 'http/1.1' })
    const capabilities = [
      ...(says.advertisement?.model.capabilities ?? []),
      ...(also.advertisement?.model.capabilities ?? []),
    ]
    const advertisement = says.advertisement && { ...says.advertisement, model: { capabilities, diagnostics: [] } }
    const client = clientAt('192.0.2.7')
    const decision = decide({
      client,
      coverage: plainLookup(client),
      providers: [{ ...says, ...(advertisement && { advertisement }) }],
      policy: { ...POLICY, requireMoqCapability: false },
      now: NOW,
      key: 'x',
    })
    expect(rules(decision)).toEqual(['a outside_footprint'])
  })
})

test('a decision names the client and every advertisement that was looked at', () => {
  const providers = [
    { id: 'a', confirmedAt: NOW - 1500 },
    { id: 'b', serves: 'nothing' as const },
    { id: 'c', stale: true, confirmedAt: NOW + 5000 },
  ]
  const decision = ask(providers, { client: '::ffff:192.0.2.7' })
  expect(decision.client).toBe('192.0.2.7')
  const [a, , c] = providers.map(providerFrom)
  expect(decision.advertisements).toEqual([
    { provider: 'a', version: a?.advertisement?.version, ageSeconds: 1, stale: false },
    { provider: 'c', version: c?.advertisement?.version, ageSeconds: 0, stale: true },
  ])
})
