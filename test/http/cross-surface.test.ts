import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createRouteService } from '../../src/broker/create-route-service.ts'
import { createRouteAnswerSource } from '../../src/broker/dns/route-answer-source.ts'
import { createFastAnswers } from '../../src/broker/http/fast-answers.ts'
import { createFastListener } from '../../src/broker/http/fast-listener.ts'
import { createRedirect } from '../../src/broker/http/redirect.ts'
import { type HttpServer, serveHttp } from '../../src/broker/http/server.ts'
import { createSteering } from '../../src/broker/http/steering.ts'
import { fixedPolicy } from '../../src/broker/routing/policy-source.ts'
import { createRoutePlans } from '../../src/broker/routing/route-plans.ts'
import type { ScopeRecord } from '../../src/broker/scopes/scope-record.ts'
import { formatAddress, lastValue, parsePrefix } from '../../src/fci/prefix.ts'
import { reduceToIpv4 } from '../../src/routing/client.ts'
import { compileCoverage } from '../../src/routing/coverage/compile-coverage.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { NO_GEO } from '../../src/routing/geo-source.ts'
import { stackGeoTables } from '../../src/routing/geo-table.ts'
import { defined } from '../support/defined.ts'
import { dnsWorld, SCOPE } from '../support/dns-world.ts'
import { anyAddress } from '../support/fci-arbitraries.ts'
import { NOW, POLICY, type ProviderSketch, providerFrom } from '../support/routing-facts.ts'
import { FrontApi } from './front-api.ts'

const IDS = ['a', 'b', 'c'] as const

const facts = (
  [
    { id: 'a', serves: ['0.0.0.0/1', '2000::/4'], weight: 30 },
    { id: 'b', serves: ['0.0.0.0/1', '128.0.0.0/2', '::/0'], weight: 70 },
    { id: 'c', serves: ['64.0.0.0/3', '192.0.0.0/3', '2400::/8'], health: { state: 'degraded' } },
  ] satisfies readonly ProviderSketch[]
).map((sketch) =>
  providerFrom({
    ...sketch,
    target: {
      redirect: {
        redirectingHosts: [],
        dnsTarget: { host: `${sketch.id}.example` },
        httpTarget: { host: `${sketch.id}.example`, includeRedirectingHost: false },
      },
      addresses: [],
    },
  }),
)

/** Placed on all three, with `a` as the primary. */
const record: ScopeRecord = {
  v: 1,
  id: SCOPE,
  owner: 'tenant',
  primary: 'a',
  primaryPinned: false,
  providers: IDS,
  deleting: false,
  createdAt: NOW,
  updatedAt: NOW,
  placements: IDS.map((provider) => ({
    provider,
    retired: [],
    remote: {
      scopeId: `scope-at-${provider}`,
      url: `https://${provider}.example/scope`,
      label: 'l',
      credentials: [{ id: `credential-${provider}`, rights: ['subscribe'], index: 'i' }],
      wiring:
        provider === 'a'
          ? { to: 'nothing' }
          : { to: 'provider', provider: 'a', scopeId: 'scope-at-a', credential: 'credential-a' },
      createdAt: NOW,
    },
  })),
}

const map = compileCoverage({
  columns: facts.flatMap(({ id, advertisement }) =>
    advertisement === undefined
      ? []
      : [{ id, version: advertisement.version, footprints: indexFootprints(advertisement.model).footprints }],
  ),
  geo: { general: stackGeoTables([]), sources: new Map() },
  geoVersion: '1',
})

const now = (): number => NOW
const coverage = () => ({ map, geo: NO_GEO, made: { at: NOW - 5_000, kept: true } })
const held = { scope: { revision: 1, record } }
const routes = createRouteService({
  directory: { capabilities: () => undefined },
  plans: createRoutePlans({ directory: { facts: () => facts, health: () => 'up' }, current: coverage, now }),
  scopes: {
    get: async (id) => (id === SCOPE ? held.scope : undefined),
    held: (id) => (id === SCOPE ? held : { scope: undefined }),
    note: () => {},
  },
  vault: {
    opened: () => 'secret',
    open: async () => 'secret',
    seal: () => ({ kind: 'delete', collection: 'credentials', id: 'x', expect: 'any' }),
    discard: () => ({ kind: 'delete', collection: 'credentials', id: 'x', expect: 'any' }),
    fingerprint: (text) => text,
  },
  coverage,
  now,
  // A player of content steering has a session, which nobody else has.
  policies: fixedPolicy({ ...POLICY, stickiness: 'prefix' }),
  observe: () => {},
})
const names = { idOf: (reference: string) => reference }
const api = new FrontApi({
  routes,
  redirect: createRedirect({ routes, names }),
  steering: createSteering({
    routes,
    names,
    now,
    sign: (text) => Buffer.from(text).toString('base64url').slice(0, 40),
    newSession: () => 'session',
    isEnded: () => false,
    penaltyMs: 1_000,
    sessionMs: 1_000,
    mostPerMinute: { session: 1_000_000, client: 1_000_000 },
  }),
})
const source = createRouteAnswerSource({ routes, names, fallback: undefined })
const dns = dnsWorld({
  answer: (question) => {
    const answer = source.held(question)
    if (answer === undefined || answer === 'absent') throw new Error('the scope is in memory')
    return answer
  },
})

describe('the decision', () => {
  let server: HttpServer

  beforeAll(async () => {
    const answers = createFastAnswers(api.deps)
    server = await serveHttp(api.app, {
      host: '127.0.0.1',
      port: 0,
      requestId: () => 'r',
      fast: createFastListener(answers),
      plain: { answers, now: api.deps.now },
    })
  })

  afterAll(() => server.close(0))

  async function fastFirst(client: string): Promise<unknown> {
    const url = `http://127.0.0.1:${server.port}/route?client=${encodeURIComponent(client)}&scope=${SCOPE}`
    const answer = await fetch(url, { headers: { authorization: 'Bearer mqb_operator' } })
    return firstOf(await answer.json())
  }

  it('has the same first candidate on every surface, for whatever client', async () => {
    const seen = new Set<unknown>()
    await fc.assert(
      fc.asyncProperty(anyAddress, async (address) => {
        const client = formatAddress(address)
        const expected = (await routes.decide({ client, scope: SCOPE })).decision.candidates[0]?.provider
        seen.add(expected)
        const query = `client=${encodeURIComponent(client)}&scope=${SCOPE}`
        const single = await api.send('GET', `/route?${query}`)
        const batch = await api.send('POST', '/route', { json: { questions: [{ client, scope: SCOPE }] } })
        const open = { key: null, peer: client, headers: { host: 'cdn.example' } }
        const redirect = await api.send('GET', `/r/${SCOPE}/x`, open)
        const hls = await api.send('GET', `/steering/${SCOPE}/hls.json`, open)
        const dash = await api.send('GET', `/steering/${SCOPE}/dash.json`, open)
        const resolved = await dns.ask({ name: `${SCOPE}.cdn.example` }, client)
        const host = expected === undefined ? undefined : `${expected}.example`
        const [alias] = resolved.answers ?? []
        expect({
          fast: await fastFirst(client),
          single: firstOf(single.json),
          batch: firstOf(Array.isArray(batch.json['answers']) ? batch.json['answers'][0] : undefined),
          redirect: /^https?:\/\/([^/]+)\//.exec(redirect.headers.get('location') ?? '')?.[1],
          hls: firstPathway(hls.json),
          dash: firstPathway(dash.json),
          dns: alias?.type === 'CNAME' ? alias.data : undefined,
        }).toEqual({
          fast: expected,
          single: expected,
          batch: expected,
          redirect: host,
          hls: expected,
          dash: expected,
          dns: host,
        })
      }),
      { numRuns: 50 },
    )
    expect(seen.size).toBeGreaterThan(1)
  }, 60_000)

  it('is explained by the class of the client in the map, and holds for the prefix that it names', async () => {
    const Explained = z.object({
      candidates: z.array(z.object({ provider: z.string() })),
      coverage: z.object({
        class: z.number(),
        prefix: z.string(),
        answer_prefix: z.string(),
        map: z.literal(map.version),
        age_seconds: z.number(),
        kept: z.literal(true),
        read_plainly: z.tuple([]),
      }),
    })
    const explain = async (client: string) =>
      Explained.parse((await api.send('GET', `/route?explain=true&client=${encodeURIComponent(client)}`)).json)
    const narrower = new Set<boolean>()
    await fc.assert(
      fc.asyncProperty(anyAddress, fc.nat(), async (address, pick) => {
        const { candidates, coverage: origin } = await explain(formatAddress(address))
        const [wide, same] = [defined(parsePrefix(origin.prefix)), defined(parsePrefix(origin.answer_prefix))]
        narrower.add(same.length > wide.length)
        expect(origin.class).toBe(map.classOf(reduceToIpv4(address)))
        expect(same.value >= wide.value && lastValue(same) <= lastValue(wide)).toBe(true)
        for (const { version, value, length } of [wide, same]) {
          const bits = BigInt((version === 4 ? 32 : 128) - length)
          const other = { version, value: value + (BigInt(pick) & ((1n << bits) - 1n)) }
          const neighbour = await explain(formatAddress(other))
          // Inside IPv6 prefixes lie addresses that carry an IPv4 client.
          if (reduceToIpv4(other) !== other) continue
          expect(neighbour.coverage.class).toBe(origin.class)
          if (length === same.length) expect(neighbour.candidates).toEqual(candidates)
        }
      }),
      { numRuns: 50 },
    )
    expect(narrower).toEqual(new Set([true, false]))
  })
})

function firstOf(decision: unknown): unknown {
  if (typeof decision !== 'object' || decision === null || !('candidates' in decision)) return 'no decision'
  const { candidates } = decision
  const [first]: readonly unknown[] = Array.isArray(candidates) ? candidates : []
  return typeof first === 'object' && first !== null && 'provider' in first ? first.provider : undefined
}

function firstPathway(manifest: object): unknown {
  const priority: unknown = 'PATHWAY-PRIORITY' in manifest ? manifest['PATHWAY-PRIORITY'] : undefined
  return Array.isArray(priority) ? priority[0] : undefined
}
