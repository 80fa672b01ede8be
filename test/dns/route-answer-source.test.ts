import { afterEach, describe, expect, it, vi } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { createRouteAnswerSource } from '../../src/broker/dns/route-answer-source.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../../src/broker/route-service.ts'
import type { Candidate, Decision } from '../../src/routing/decision.ts'
import type { AnswerSource } from '../../src/routing/dns/answer-source.ts'

const QUESTION = { client: '192.0.2.0', scope: 'Final', name: 'final.cdn.example' }

function candidate(provider: string, addresses: readonly string[]): Candidate {
  return {
    provider,
    matched: { type: 'ipv4cidr', value: '192.0.2.0/24', prefixLength: 24 },
    priority: 100,
    weight: 50,
    redirectTargets: [],
    addresses,
    because: ['a reason that an operator wrote: https://cdn.example/token'],
    ranked: {},
  }
}

const DECISION: Decision = {
  client: '192.0.2.0',
  candidates: [candidate('cdn-a', []), candidate('cdn-b', ['192.0.2.1'])],
  behind: [{ provider: 'cdn-a', line: 'balance', because: 'price 5 after 3' }],
  rejected: [{ provider: 'cdn-c', rule: 'drained', because: 'cdn-c is drained (secret plans)' }],
  ttlSeconds: 30,
  panic: false,
  policy: 'r1',
  advertisements: [],
}

interface World {
  readonly source: AnswerSource
  readonly asked: RouteQuestion[]
}

function world(answer: () => RouteAnswer, held: () => RouteAnswer | undefined = answer): World {
  const asked: RouteQuestion[] = []
  const routes: RouteService = {
    async decide(question) {
      asked.push(question)
      return answer()
    },
    decideHeld(question) {
      asked.push(question)
      return held()
    },
    version: (scope) => `version of ${scope}`,
  }
  const names = { idOf: (name: string) => (name === 'Final' ? 'the-id' : name) }
  return { asked, source: createRouteAnswerSource({ routes, names, fallback: { addresses: ['192.0.2.99'] } }) }
}

const ANSWER: RouteAnswer = {
  decision: DECISION,
  connectUrls: new Map(),
  versions: { map: undefined, geo: [], health: [] },
  coverage: undefined,
  sameFor: { version: 4, value: 0xc0000000n, length: 20 },
}

describe('answers from decisions', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ask for the id of the name and hold for the prefix of the decision', async () => {
    const { source, asked } = world(() => ANSWER)
    const expected = { kind: 'addresses', addresses: ['192.0.2.1'], ttlSeconds: 30, sameForBits: 20 }
    expect(source.held(QUESTION)).toEqual(expected)
    expect(await source.load(QUESTION)).toEqual(expected)
    expect(asked).toEqual([
      { client: '192.0.2.0', scope: 'the-id' },
      { client: '192.0.2.0', scope: 'the-id' },
    ])
    expect(source.version('Final')).toBe('version of the-id')
  })

  it('hold for all of the plan where the draw alone tells its clients apart', () => {
    const sameFor = { version: 4 as const, value: 0xc0000000n, length: 9 }
    const { source } = world(() => ({ ...ANSWER, drawn: { tiers: [1], sameFor } }))
    expect(source.held(QUESTION)).toMatchObject({ kind: 'addresses', sameForBits: 9 })
    const other = world(() => ({ ...ANSWER, drawn: { tiers: [1], sameFor: undefined } }))
    expect(other.source.held(QUESTION)).toMatchObject({ kind: 'addresses', sameForBits: 20 })
  })

  it('hold for one address alone where the prefix is not known', () => {
    const { source } = world(() => ({ ...ANSWER, sameFor: undefined }))
    expect(source.held(QUESTION)).toMatchObject({ sameForBits: 128 })
  })

  it('fall back where no CDN may serve', () => {
    const { source } = world(() => ({ ...ANSWER, decision: { ...DECISION, candidates: [] } }))
    expect(source.held(QUESTION)).toMatchObject({ addresses: ['192.0.2.99'] })
  })

  it('know an absent scope from one that is not in memory and from a failure', async () => {
    const absent = world(() => {
      throw new BrokerError('not_found', 'there is no such scope')
    })
    expect(absent.source.held(QUESTION)).toBe('absent')
    expect(await absent.source.load(QUESTION)).toBe('absent')
    expect(await absent.source.explain(QUESTION)).toBeUndefined()
    const unknown = world(
      () => ANSWER,
      () => undefined,
    )
    expect(unknown.source.held(QUESTION)).toBeUndefined()
    const failing = world(() => {
      throw new BrokerError('store_unavailable', 'the store is away')
    })
    expect(failing.source.held(QUESTION)).toBeUndefined()
    await expect(failing.source.load(QUESTION)).rejects.toThrow('the store is away')
  })

  it('do not wait for a decision for ever', async () => {
    vi.useFakeTimers()
    const routes: RouteService = {
      decide: () => Promise.race([]),
      decideHeld: () => undefined,
      version: () => undefined,
    }
    const source = createRouteAnswerSource({ routes, names: { idOf: (name) => name }, fallback: undefined })
    const late = expect(source.load(QUESTION)).rejects.toThrow('took too long')
    await vi.advanceTimersByTimeAsync(2_000)
    await late
  })

  it('explain without a word that a person or a CDN wrote', async () => {
    expect(await world(() => ANSWER).source.explain(QUESTION)).toEqual([
      'client 192.0.2.0: 192.0.2.1, for 30 s',
      '1. cdn-a: ipv4cidr 192.0.2.0/24, priority 100, weight 50',
      '2. cdn-b: ipv4cidr 192.0.2.0/24, priority 100, weight 50; behind cdn-a: by price or round trip',
      'not cdn-c: drained',
    ])
  })
})
