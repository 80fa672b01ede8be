import { describe, expect, test } from 'vitest'
import { createRouteService } from '../../src/broker/create-route-service.ts'
import { createRouteAnswerSource } from '../../src/broker/dns/route-answer-source.ts'
import type { RouteService } from '../../src/broker/route-service.ts'
import { fixedPolicy } from '../../src/broker/routing/policy-source.ts'
import { createRoutePlans } from '../../src/broker/routing/route-plans.ts'
import { NO_GEO } from '../../src/routing/geo-source.ts'
import { createMeasurementBoard, type MeasurementBoard } from '../../src/routing/measurements/measurement-board.ts'
import type { RoutingPolicy } from '../../src/routing/policy.ts'
import { type DnsWorld, dnsWorld } from '../support/dns-world.ts'
import { clientAt, POLICY, providerFrom } from '../support/routing-facts.ts'

const facts = ['a', 'b'].map((id) =>
  providerFrom({
    id,
    serves: ['0.0.0.0/0'],
    target: { redirect: { redirectingHosts: [], dnsTarget: { host: `${id}.example` } }, addresses: [] },
  }),
)

interface World {
  readonly board: MeasurementBoard
  readonly routes: RouteService
  readonly dns: DnsWorld
}

function world(policy: Partial<RoutingPolicy>): World {
  const board = createMeasurementBoard({ halfLifeMs: 600_000, minWeight: 3, maxGroups: 1_000 })
  const now = (): number => dns.clock
  const routes = createRouteService({
    directory: { capabilities: () => undefined },
    plans: createRoutePlans({
      directory: { facts: () => facts, health: () => 'up' },
      current: () => ({ map: undefined }),
      now,
    }),
    scopes: { get: async () => undefined, held: () => undefined, note: () => {} },
    vault: {
      opened: () => undefined,
      open: async () => '',
      seal: () => ({ kind: 'delete', collection: 'credentials', id: 'x', expect: 'any' }),
      discard: () => ({ kind: 'delete', collection: 'credentials', id: 'x', expect: 'any' }),
      fingerprint: (text) => text,
    },
    coverage: () => ({ map: undefined, geo: NO_GEO }),
    now,
    policies: fixedPolicy({ ...POLICY, ...policy }),
    measuredNear: (client) => (provider) => board.near(client, provider, now()),
    measuredVersion: () => board.version(now()),
    observe: () => {},
  })
  const source = createRouteAnswerSource({ routes, names: { idOf: (text) => text }, fallback: undefined })
  const dns: DnsWorld = dnsWorld({
    answer: (question) => {
      const answer = source.held(question)
      if (answer === undefined || answer === 'absent') throw new Error('no scope is asked for')
      return answer
    },
    version: () => source.version(undefined),
  })
  return { board, routes, dns }
}

/** Clients near this one see a provider as slow as this. */
function measure({ board, dns }: World, provider: string, rttMs: number): void {
  const client = clientAt('192.0.2.7')
  for (let i = 0; i < 50; i++) board.add(client, { provider, at: dns.clock, rttMs })
}

const aliasOf = async ({ dns }: World): Promise<unknown> =>
  (await dns.ask({ name: 'any.cdn.example', subnet: '192.0.2.0/24' })).answers?.[0]

describe('the version of answers', () => {
  test('follows measurements where the policy looks at them, and DNS answers with it', async () => {
    const here = world({ balance: { by: 'latency', withinMs: 5, withinPercent: 0 } })
    measure(here, 'a', 20)
    measure(here, 'b', 80)
    const before = here.routes.version()
    expect(await aliasOf(here)).toMatchObject({ data: 'a.example' })
    here.dns.clock += 6_000
    expect(here.routes.version()).toBe(before)
    measure(here, 'a', 300)
    expect(here.routes.version()).not.toBe(before)
    expect(await aliasOf(here)).toMatchObject({ data: 'b.example' })
  })

  test('follows quality, too', async () => {
    const here = world({ quality: { maxErrorShare: 0.5 } })
    const before = here.routes.version()
    for (let i = 0; i < 5; i++) {
      here.board.add(clientAt('192.0.2.7'), { provider: 'a', at: here.dns.clock, error: true })
    }
    expect(here.routes.version()).not.toBe(before)
    expect(await aliasOf(here)).toMatchObject({ data: 'b.example' })
  })

  test('does not follow them where no answer can change by them', () => {
    const here = world({})
    const before = here.routes.version()
    measure(here, 'a', 20)
    here.dns.clock += 6_000
    measure(here, 'a', 900)
    expect(here.routes.version()).toBe(before)
  })
})
