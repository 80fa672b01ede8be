import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { problemIn, wanted } from '../support/broker-client.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { eventually } from '../support/eventually.ts'
import { type CdnName, type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'

const CLAIM_MS = 1_500
/** In the footprints of all three CDNs of the lab. */
const CLIENT = '192.0.2.70'

describeRedis('two brokers on one Redis', () => {
  let redis: RedisServer
  let lab: LabProcesses
  let folder: string
  let a: PlantedBroker
  let b: PlantedBroker

  beforeAll(async () => {
    redis = await startRedisServer({ appendonly: true })
    lab = await startLabProcesses()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-redis-'))
    const key = randomBytes(32).toString('base64')
    const plant = (name: string): Promise<PlantedBroker> =>
      plantBroker({
        folder,
        name,
        cdns: lab.cdns,
        config: {
          store: { kind: 'redis', url: redis.url },
          secrets: { encryption_key: 'env:ENCRYPTION_KEY' },
          operations: { claim_ms: CLAIM_MS },
        },
        env: { ENCRYPTION_KEY: key },
      })
    a = await plant('a')
    b = await plant('b')
    await Promise.all([a.start(), b.start()])
  })

  afterEach(async () => {
    await lab.clearFaults()
  })

  afterAll(async () => {
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
    await lab[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it('give out at one what was made at the other: the scope, its tokens, its history, its operation', async () => {
    const made = await a.client.createScope({ name: 'seen by both' })

    expect(await b.client.scope(made.scope_id)).toMatchObject({ name: 'seen by both', state: 'ready' })
    expect(await b.client.credentials(made.scope_id)).toEqual(await a.client.credentials(made.scope_id))
    expect(await b.client.events(made.scope_id)).toEqual(await a.client.events(made.scope_id))
    const { candidates } = await eventually('b has the advertisements', async () => {
      const decision = await b.client.route(CLIENT, made.scope_id)
      return decision.candidates.length === 3 ? decision : undefined
    })
    expect(candidates.every(({ connect_url }) => connect_url !== undefined)).toBe(true)
  })

  it('make one scope of two requests with one Idempotency-Key that arrive at both at once', async () => {
    const headers = { 'idempotency-key': 'sent-to-both' }
    const body = { name: 'made once' }
    const send = (broker: PlantedBroker): Promise<string> =>
      eventually('the answer', async () => {
        const answer = await broker.client.call('POST', '/moq/scopes', { body, headers })
        if (answer.status === 409) {
          expect(problemIn(answer).type).toBe('urn:moq-broker:problem:idempotency-in-progress')
          return undefined
        }
        return z.object({ scope_id: z.string() }).parse(wanted(answer, 201).json).scope_id
      })

    const [atA, atB] = await Promise.all([send(a), send(b)])

    expect(atA).toBe(atB)
    expect((await a.client.scopes()).filter(({ name }) => name === 'made once')).toHaveLength(1)
  })

  it('let exactly one of many changes with the same If-Match through', async () => {
    const { scope_id } = await a.client.createScope()
    const { revision } = await b.client.ready(scope_id)
    const headers = { 'if-match': `"${revision}"` }
    const names = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5']

    const answers = await Promise.all(
      names.map((name, index) => {
        const { client } = index % 2 === 0 ? a : b
        return client.call('PATCH', `/moq/scopes/${scope_id}`, { body: { name }, headers })
      }),
    )

    const winners = names.filter((_, index) => answers[index]?.status === 200)
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409 || status === 412)).toHaveLength(names.length - 1)
    expect(await b.client.ready(scope_id)).toMatchObject({ name: winners[0] })
  })

  it('answer within 5 s as the other was told: a provider that is drained gets no clients and no scopes', async () => {
    const set = async (state: string): Promise<void> => {
      wanted(await a.client.call('PUT', '/providers/cdn-b/state', { body: { state, reason: 'test' } }), 200)
    }
    const routed = async (): Promise<readonly string[]> =>
      (await b.client.route(CLIENT)).candidates.map(({ provider }) => provider)
    await eventually('b answers with cdn-b', async () => (await routed()).includes('cdn-b'))

    await set('drained')

    await eventually('b leaves cdn-b out', async () => !(await routed()).includes('cdn-b'), 5_000)
    const { placements } = await b.client.createScope()
    expect(placements.map(({ provider }) => provider).sort()).toEqual(['cdn-a', 'cdn-c'])
    await set('enabled')
    await eventually('b answers with cdn-b again', async () => (await routed()).includes('cdn-b'), 5_000)
  })

  it('take an admin key that was made at the other', async () => {
    const body = { name: 'second admin', role: 'admin' }
    const made = wanted(await a.client.call('POST', '/keys', { body }), 201)
    const { key } = z.object({ key: z.string() }).parse(made.json)

    expect((await b.client.as(key).call('GET', '/keys')).status).toBe(200)
  })

  it('leave a change alone that takes longer than a claim holds, as long as its broker lives', async () => {
    await lab.setFault('cdn-b', { latencyMs: 2 * CLAIM_MS, times: 1, match: { method: 'POST' } })
    const { operation_id, scope_id } = await a.client.begin('POST', '/moq/scopes')

    expect((await b.client.ended(operation_id)).state).toBe('succeeded')

    const history = await b.client.events(scope_id)
    expect(history.filter(({ type }) => type === 'operation.resumed')).toEqual([])
  })

  it.each(['cdn-a', 'cdn-b'] as const)(
    'finish a creation of which the other died while %s was at work on it, and make no second scope there',
    async (cdn: CdnName) => {
      const before = (await lab.state(cdn)).scopes.length
      await lab.setFault(cdn, { stall: 'after', times: 1, match: { method: 'POST' } })
      const { operation_id, scope_id } = await a.client.begin('POST', '/moq/scopes', {
        name: 'taken over',
        primary: 'cdn-a',
      })
      await eventually(`${cdn} made its scope`, async () => (await lab.state(cdn)).scopes.length === before + 1)
      await a.end('SIGKILL')

      expect((await b.client.ended(operation_id)).state).toBe('succeeded')

      await b.client.ready(scope_id)
      expect((await lab.state(cdn)).scopes).toHaveLength(before + 1)
      expect(await differencesFromBooks(b.client, lab, [scope_id])).toEqual([])
      await a.start()
      expect(await a.client.scope(scope_id)).toMatchObject({ name: 'taken over', state: 'ready' })
    },
  )
})
