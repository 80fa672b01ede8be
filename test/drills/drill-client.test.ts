import { describe, expect, it } from 'vitest'
import { findDrillClient } from '../../src/broker/drills/drill-client.ts'
import type { RouteAnswer, RouteQuestion, RouteService } from '../../src/broker/route-service.ts'
import { decide } from '../../src/routing/decide.ts'
import { plainPolicy } from '../../src/routing/policy.ts'
import { plainLookup } from '../../src/routing/provider-coverage.ts'
import { clientAt, NOW, type ProviderSketch, providerFrom } from '../support/routing-facts.ts'

const policy = plainPolicy({ ttlSeconds: 30, degradedTtlSeconds: 5, requireMoqCapability: true })

/** The real decision over sketched providers, and which addresses were asked for. */
function lookup(sketches: readonly ProviderSketch[]) {
  const facts = sketches.map(providerFrom)
  const asked: RouteQuestion[] = []
  const routes: RouteService = {
    async decide(question) {
      return answer(question)
    },
    decideHeld: answer,
    version: () => undefined,
  }
  function answer(question: RouteQuestion): RouteAnswer {
    asked.push(question)
    const client = clientAt(question.client)
    return {
      decision: decide({
        client,
        coverage: plainLookup(client),
        providers: facts,
        policy,
        now: NOW,
        key: question.client,
      }),
      connectUrls: new Map(),
      sameFor: undefined,
      versions: { map: undefined, geo: [], health: [] },
      coverage: undefined,
    }
  }
  return { facts, asked, find: (provider: string) => findDrillClient({ routes, facts, provider, scope: 'scope-1' }) }
}

describe('the client of a drill', () => {
  it('is one inside a prefix of the provider that is answered with it first, with those who could follow', async () => {
    const { find, asked } = lookup([
      { id: 'a', serves: ['192.0.2.0/24'] },
      { id: 'b', serves: ['192.0.0.0/16'] },
    ])
    expect(await find('a')).toEqual({ address: '192.0.2.1', alternatives: ['b'] })
    expect(asked.every(({ scope }) => scope === 'scope-1')).toBe(true)
  })

  it('is found beside a part of the prefix that another provider serves better', async () => {
    const { find } = lookup([
      { id: 'a', serves: ['192.0.2.0/24'] },
      { id: 'b', serves: ['192.0.2.0/25'] },
      { id: 'c', serves: ['192.0.0.0/16'] },
    ])
    expect(await find('a')).toEqual({ address: '192.0.2.254', alternatives: ['c'] })
  })

  it('is found in IPv6 too', async () => {
    const { find } = lookup([
      { id: 'a', serves: ['2001:db8:1::/48'] },
      { id: 'b', serves: ['2001:db8::/32'] },
    ])
    expect(await find('a')).toEqual({ address: '2001:db8:1::1', alternatives: ['b'] })
  })

  it('is found for a footprint without prefixes', async () => {
    const { find } = lookup([
      { id: 'a', serves: ['de'], priority: 1 },
      { id: 'b', serves: ['*'], priority: 2 },
    ])
    expect(await find('a')).toEqual({ address: '198.51.100.1', alternatives: ['b'] })
  })

  it('is rather one that others may serve too', async () => {
    const { find } = lookup([
      { id: 'a', serves: ['10.0.0.0/24', '192.0.2.0/24'] },
      { id: 'b', serves: ['192.0.0.0/16'] },
    ])
    expect(await find('a')).toEqual({ address: '192.0.2.1', alternatives: ['b'] })
    const { find: findLonely } = lookup([
      { id: 'a', serves: ['10.0.0.0/24'] },
      { id: 'b', serves: ['192.0.0.0/16'] },
    ])
    expect(await findLonely('a')).toEqual({ address: '10.0.0.1', alternatives: [] })
  })

  it('does not exist where the provider is first for nobody', async () => {
    const { find } = lookup([
      { id: 'a', serves: ['192.0.2.0/24'], priority: 2 },
      { id: 'b', serves: ['192.0.2.0/24'], priority: 1 },
    ])
    expect(await find('a')).toBeUndefined()
  })

  it('is looked for with a bounded number of questions, however many prefixes there are', async () => {
    const serves = Array.from({ length: 2_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`).filter(
      (_, index) => index % 2 === 0,
    )
    const { find, asked } = lookup([
      { id: 'a', serves, priority: 2 },
      { id: 'b', serves: ['*'], weight: 100, priority: 1 },
      { id: 'c', serves, priority: 1 },
    ])
    await find('a')
    expect(asked.length).toBeLessThan(800)
  })
})
