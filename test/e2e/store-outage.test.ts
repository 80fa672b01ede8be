import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { type BrokerClient, problemIn, type ScopeBody, wanted } from '../support/broker-client.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { eventually } from '../support/eventually.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'

/** In the footprints of all three CDNs of the lab. */
const CLIENT = '192.0.2.70'
/** In the footprint of one of them alone. */
const FAR_CLIENT = '203.0.113.9'

describeRedis('a broker whose Redis', () => {
  let redis: RedisServer
  let lab: LabProcesses
  let folder: string
  let broker: PlantedBroker
  let client: BrokerClient
  /** With a key that lies in the store. */
  let reader: BrokerClient
  let scope: ScopeBody

  beforeAll(async () => {
    redis = await startRedisServer({ appendonly: true })
    lab = await startLabProcesses()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-outage-'))
    broker = await plantBroker({
      folder,
      cdns: lab.cdns,
      config: {
        store: { kind: 'redis', url: redis.url, timeout_ms: 500 },
        secrets: { encryption_key: 'env:ENCRYPTION_KEY' },
        routing: { scope_cache_ms: 100 },
      },
      env: { ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    })
    client = broker.client
    await broker.start()
    scope = await client.createScope()
    const body = { name: 'viewer app', role: 'operator' }
    const { key } = z.object({ key: z.string() }).parse(wanted(await client.call('POST', '/keys', { body }), 201).json)
    // From here on the broker knows scope, tokens and key only from the store.
    await broker.end('SIGTERM')
    await broker.start()
    reader = client.as(key)
    await eventually('the advertisements are there', async () => (await client.route(CLIENT)).candidates.length === 3)
    // One look-up, for a client that only one CDN can serve; what the others need must be at hand as well.
    await reader.route(FAR_CLIENT, scope.scope_id)
  })

  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function startRedisAgain(): Promise<void> {
    redis = await startRedisServer({ appendonly: true, port: redis.port, dir: redis.dir })
    await eventually('the broker is ready', async () => (await client.call('GET', '/readyz')).status === 200)
  }

  async function expectLookUps(): Promise<void> {
    for (const address of [CLIENT, FAR_CLIENT]) {
      const { candidates } = await reader.route(address, scope.scope_id)
      expect(candidates.length).toBeGreaterThan(0)
      for (const { connect_url } of candidates) expect(connect_url).toMatch(/^moqt:\/\/127\.0\.0\.1:\d+\/\S+$/)
    }
  }

  async function expectRefusedChanges(): Promise<void> {
    const path = `/moq/scopes/${scope.scope_id}`
    const changes = [
      ['POST', '/moq/scopes', {}],
      ['PATCH', path, { name: 'another' }],
      ['POST', `${path}/failover`, { reason: 'outage' }],
      ['DELETE', path, undefined],
      ['PUT', '/providers/cdn-b/state', { state: 'drained', reason: 'outage' }],
      ['POST', '/keys', { name: 'one more', role: 'reader' }],
    ] as const
    for (const [method, target, body] of changes) {
      const answer = await client.call(method, target, body === undefined ? {} : { body })
      expect([method, target, answer.status]).toEqual([method, target, 503])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(problemIn(answer)).toMatchObject({ type: 'urn:moq-broker:problem:store-unavailable' })
    }
  }

  async function expectUnready(): Promise<void> {
    const ready = await client.call('GET', '/readyz')
    expect(ready.status).toBe(503)
    expect(ready.json).toMatchObject({ checks: { store: { ok: false }, providers: { ok: true } } })
    expect((await client.call('GET', '/healthz')).status).toBe(200)
  }

  it('is killed goes on with look-ups, refuses changes, and works again when Redis is back', async () => {
    await redis.kill()

    await expectUnready()
    await expectLookUps()
    await expectRefusedChanges()
    // Longer ago than the age beyond which an answer waits for a newer copy.
    await eventually('it looks up from memory without waiting', async () => {
      const started = performance.now()
      await expectLookUps()
      return performance.now() - started < 200
    })

    await startRedisAgain()
    expect(await client.ready(scope.scope_id)).toMatchObject({ revision: scope.revision, primary: scope.primary })
    await client.ready((await client.createScope()).scope_id)
    const renamed = await client.call('PATCH', `/moq/scopes/${scope.scope_id}`, { body: { name: 'after' } })
    expect(renamed.status).toBe(200)
  })

  it('stands still goes on with look-ups and refuses changes in time', async () => {
    redis.pause()
    try {
      await expectUnready()
      await expectLookUps()
      await expectRefusedChanges()
    } finally {
      redis.resume()
    }
    await eventually('the broker is ready', async () => (await client.call('GET', '/readyz')).status === 200)
    await client.ready(scope.scope_id)
  })

  it('dies during a creation ends it as asked when Redis is back, with every token', async () => {
    const before = (await lab.state('cdn-b')).scopes.length
    await lab.setFault('cdn-b', { latencyMs: 600, times: 1, match: { method: 'POST' } })
    const { operation_id, scope_id } = await client.begin('POST', '/moq/scopes')
    await redis.kill()
    await eventually('cdn-b has answered to nobody who could note it', async () => {
      return (await lab.state('cdn-b')).scopes.length === before + 1 && /store_unavailable/.test(broker.output)
    })

    await startRedisAgain()

    const { state, steps } = await client.ended(operation_id)
    expect(state).toBe('succeeded')
    expect(steps.filter(({ action }) => action === 'adopt')).toEqual([])
    const ready = await client.ready(scope_id)
    const connectable = new Set((await client.credentials(scope_id)).map(({ provider }) => provider))
    expect([...connectable].sort()).toEqual(ready.placements.map(({ provider }) => provider).sort())
    expect((await lab.state('cdn-b')).scopes).toHaveLength(before + 1)
    expect(await differencesFromBooks(client, lab, [scope_id])).toEqual([])
    const restarted = broker.output.match(/broker\.listening/g)
    expect(restarted).toHaveLength(2)
  })
})
