import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Answer, BrokerClient, CallOptions } from '../support/broker-client.ts'
import { type EchoingCdn, startEchoingCdn } from '../support/echoing-cdn.ts'
import { eventually } from '../support/eventually.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { describeRedis, startRedisServer } from '../support/redis-server.ts'
import { filesIn, findSecrets, findSecretsInFolder } from '../support/secret-search.ts'

/** No secret: what is searched for must be found where it may stand, or the search would prove nothing. */
const MARKER = 'harmless-marker-of-a-scope'
/** In the footprints of all three CDNs of the lab. */
const CLIENT = '192.0.2.70'

const canary = (name: string): string => `${name}-${randomBytes(18).toString('base64url')}`

const planted = {
  adminKey: canary('admin'),
  wrongKey: `mqb_0123456789_${randomBytes(32).toString('base64url')}`,
  malformedKey: canary('malformed'),
  encryptionKey: randomBytes(32).toString('base64'),
  redisPassword: canary('redis'),
  echoToken: canary('echo'),
  fciToken: canary('fci'),
  originToken: canary('origin'),
  originJwt: `eyJhbGciOiJub25lIn0.${randomBytes(24).toString('base64url')}.${randomBytes(24).toString('base64url')}`,
  secondOrigin: canary('second'),
  refusedOrigin: canary('refused'),
  idempotencyKey: canary('idempotency'),
  secondIdempotencyKey: canary('repeated'),
  bodyValue: canary('value'),
  malformedBody: canary('json'),
  queryValue: canary('query'),
  cookie: canary('cookie'),
} as const

/** Everything secret, planted or given out. */
let secrets: Record<string, string>
/** Every answer in which no secret has any business. */
let said: { readonly asked: string; readonly answer: string }[]
let folder: string
let lab: LabProcesses
let echo: EchoingCdn
let client: BrokerClient

beforeEach(async () => {
  secrets = { ...planted }
  said = []
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-secrets-'))
  lab = await startLabProcesses()
  echo = await startEchoingCdn()
  for (const { name, apiToken } of lab.cdns) secrets[`API token of ${name}`] = apiToken
})

afterEach(async () => {
  await echo[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function plant(config: Parameters<typeof plantBroker>[0]['config']): Promise<PlantedBroker> {
  const options = { base_url: echo.url, token: 'env:ECHO_TOKEN', operations: ['list', 'update', 'delete'] }
  const broker = await plantBroker({
    folder,
    cdns: lab.cdns,
    adminKey: planted.adminKey,
    config: {
      log: { level: 'debug' },
      health: { canary: true, interval_ms: 200 },
      repair: { interval_ms: 200 },
      metrics: { public: true },
      ...config,
    },
    moreProviders: [
      {
        id: 'cdn-echo',
        adapter: 'draft-http',
        options,
        fci: { url: `${echo.url}/fci`, token: 'env:FCI_TOKEN', poll_seconds: 1 },
        timeout_ms: 2_000,
      },
    ],
    env: {
      ECHO_TOKEN: planted.echoToken,
      FCI_TOKEN: planted.fciToken,
      REDIS_PASSWORD: planted.redisPassword,
      ENCRYPTION_KEY: planted.encryptionKey,
    },
  })
  client = broker.client
  return broker
}

/** One call; its answer must hold no secret. */
async function ask(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const answer = await client.call(method, path, options)
  said.push({
    asked: `${method} ${path.replace(/\?.*/, '')}`,
    answer: JSON.stringify([...answer.headers]) + answer.text,
  })
  return answer
}

async function learnTokens(scope: string): Promise<void> {
  for (const { provider, rights, connect_url } of await client.credentials(scope)) {
    const token = new URL(connect_url).pathname.slice(1)
    secrets[`token of ${scope} at ${provider} to ${rights.join(' and ')}: ${token.slice(-6)}`] = token
  }
}

/** Everything that a broker does in its life, well and badly. Returns the id of the scope that it was about. */
async function live(): Promise<string> {
  const origin = `moqt://127.0.0.1:9/${planted.originToken}?jwt=${planted.originJwt}`
  const body = { name: MARKER, primary: 'cdn-a', config: { origin_fallback: { url: origin } } }
  const headers = { 'idempotency-key': planted.idempotencyKey, cookie: `session=${planted.cookie}` }
  const created = await client.call('POST', '/moq/scopes', { body, headers })
  const { scope_id: id } = z.object({ scope_id: z.string() }).parse(created.json)
  await learnTokens(id)
  const path = `/moq/scopes/${id}`

  await ask('POST', '/moq/scopes', { body: { name: 'another request' }, headers })
  const second = { config: { origin_fallback: { url: `https://127.0.0.1:9/${planted.secondOrigin}` } } }
  const again = { 'idempotency-key': planted.secondIdempotencyKey }
  await ask('PATCH', path, { body: second, headers: again })
  await ask('PATCH', path, { body: second, headers: again })
  await ask('POST', `${path}/failover`, { body: { to: 'cdn-c', reason: 'a planned move' } })
  await learnTokens(id)
  await ask('POST', `${path}/failover`, { body: { to: 'cdn-echo', reason: 'a move that fails' } })
  await ask('PATCH', path, { body: { providers: ['cdn-c', 'cdn-a', 'cdn-echo'] } })
  await lab.setFault('cdn-a', { garbage: 'shape', times: 2 })
  await ask('POST', `${path}/failover`, { body: { to: 'cdn-a', reason: 'a CDN that talks nonsense' } })
  await lab.clearFaults()
  await learnTokens(id)
  await refusals(path)
  await drill()
  await reading(id)
  await eventually('the echoing CDN has been called in every way', async () => echo.requests > 14)
  await ask('DELETE', path)
  await ask('GET', `${path}/events?limit=200`)
  return id
}

async function refusals(path: string): Promise<void> {
  await ask('GET', path, { key: planted.wrongKey })
  await ask('GET', path, { key: null, headers: { authorization: `Basic ${planted.malformedKey}` } })
  await ask('GET', path, { key: null, headers: { 'x-api-key': planted.malformedKey } })
  await ask('POST', '/moq/scopes', { body: `{"config": {"origin_fallback": "${planted.malformedBody}"` })
  await ask('POST', '/moq/scopes', { body: { config: { origin_fallback: { url: planted.bodyValue } } } })
  await ask('POST', '/moq/scopes', { body: { primary: `${planted.bodyValue}/`, providers: planted.bodyValue } })
  const refused = `moqt://user:${planted.refusedOrigin}@127.0.0.1:9/x#${planted.refusedOrigin}`
  await ask('PATCH', path, { body: { config: { origin_fallback: { url: refused } } } })
  const unsuitable = { config: { origin_fallback: { url: `ws://127.0.0.1:9/${planted.refusedOrigin}` } } }
  await ask('PATCH', path, { body: unsuitable })
  await ask('GET', `/moq/scopes?token=${planted.queryValue}&limit=${planted.queryValue}`)
  await ask('GET', `/moq/scopes?cursor=${planted.queryValue}`)
  await ask('POST', '/drills', { body: { provider: 'cdn-a', method: planted.bodyValue } })
  await ask('GET', `/nothing/here?key=${planted.queryValue}`)
}

async function drill(): Promise<void> {
  const started = await ask('POST', '/drills', {
    body: { provider: 'cdn-b', method: 'fault', hold_ms: 500, budget_ms: 5_000 },
  })
  if (started.status !== 202) return
  const { drill_id } = z.object({ drill_id: z.string() }).parse(started.json)
  await eventually(
    'the drill has ended',
    async () => {
      const { json } = await ask('GET', `/drills/${drill_id}`)
      return z.object({ state: z.string() }).parse(json).state === 'ended'
    },
    30_000,
  )
}

async function reading(id: string): Promise<void> {
  const made = await client.call('POST', '/keys', { body: { name: 'a viewer', role: 'reader' } })
  const { key } = z.object({ key: z.string() }).parse(made.json)
  secrets['key made through the API'] = key
  await client.as(key).call('GET', `/route?client=${CLIENT}&scope=${id}`)
  await client.call('GET', `/route?client=${CLIENT}&scope=${id}&session=${planted.queryValue}&explain=true`)
  await ask('GET', '/moq/scopes', { key })
  await ask('POST', '/keys', { body: { name: 'more', role: 'admin' }, key })
  const paths = [
    `/moq/scopes/${id}`,
    `/moq/scopes/${id}/events?limit=200`,
    '/providers',
    '/keys',
    '/drills',
    '/metrics',
    '/readyz',
    '/openapi.json',
  ]
  for (const path of paths) await ask('GET', path)
  const events = await client.events(id)
  expect(events.length).toBeGreaterThan(5)
}

function expectNothingSaid(broker: PlantedBroker): void {
  expect(said.length).toBeGreaterThan(30)
  expect(said.flatMap(({ asked, answer }) => findSecrets(asked, answer, secrets))).toEqual([])
  expect(broker.output).toContain('request')
  expect(findSecrets('output', broker.output, secrets)).toEqual([])
  for (const { name } of lab.cdns) {
    const log = readFileSync(join(lab.dir, name, 'log.jsonl'))
    expect(log.length).toBeGreaterThan(100)
    expect(findSecrets(`log of ${name}`, log, secrets)).toEqual([])
  }
  expect(findSecrets('command line', readFileSync(`/proc/${broker.pid}/cmdline`), secrets)).toEqual([])
}

describe('a broker with an embedded store', () => {
  it('writes no secret in clear text: no answer, no log, no byte of its folder', async () => {
    await using broker = await plant({ store: { kind: 'embedded', path: join(folder, 'store') } })
    await broker.start()
    const scope = await live()

    expectNothingSaid(broker)
    const key = readFileSync(join(folder, 'store.key'), 'utf8').trim()
    const withoutKeyFile = (found: readonly string[]): readonly string[] =>
      found.filter((place) => place !== `key of the store: ${join(folder, 'store.key')}`)
    const all = { ...secrets, 'key of the store': key }
    expect(findSecretsInFolder(folder, { marker: MARKER })).not.toEqual([])
    expect(withoutKeyFile(findSecretsInFolder(folder, all))).toEqual([])

    // The next start rewrites the store in compressed blocks.
    await broker.end('SIGTERM')
    await broker.start()
    await broker.end('SIGTERM')
    expect(findSecrets('output', broker.output, all)).toEqual([])
    expect(withoutKeyFile(findSecretsInFolder(folder, all))).toEqual([])
    const entries = await storeEntries()
    expect(findSecrets('entries', entries, { scope })).not.toEqual([])
    expect(findSecrets('entries', entries, all)).toEqual([])
  })
})

async function storeEntries(): Promise<string> {
  const level = new ClassicLevel(join(folder, 'store'))
  const entries = await level.iterator().all()
  await level.close()
  return entries.map(([key, value]) => `${key}=${value}`).join('\n')
}

describeRedis('a broker with a Redis', () => {
  it('writes no secret in clear text: no answer, no log, no byte of the append-only file', async () => {
    const args = ['--requirepass', planted.redisPassword, '--logfile', 'redis.log', '--loglevel', 'debug']
    await using redis = await startRedisServer({ appendonly: true, args })
    await using broker = await plant({
      store: { kind: 'redis', url: redis.url, password: 'env:REDIS_PASSWORD' },
      secrets: { encryption_key: 'env:ENCRYPTION_KEY' },
    })
    await broker.start()
    await live()
    await redis.kill()
    await ask('POST', '/moq/scopes', { body: {}, headers: { 'idempotency-key': planted.idempotencyKey } })
    await ask('GET', '/readyz')

    expectNothingSaid(broker)
    expect(filesIn(redis.dir).some((file) => file.endsWith('.aof'))).toBe(true)
    expect(findSecretsInFolder(redis.dir, { marker: MARKER })).not.toEqual([])
    expect(findSecretsInFolder(redis.dir, secrets)).toEqual([])
    expect(findSecretsInFolder(folder, secrets)).toEqual([])
  })
})
