import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishCanary, subscribeCanary } from '../../src/moq/canary.ts'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import type { BrokerClient, CredentialBody, ScopeBody } from '../support/broker-client.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { defined } from '../support/defined.ts'
import { eventually } from '../support/eventually.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'

/** In the footprints of all three CDNs of the lab. */
const CLIENT = '192.0.2.70'
const DETECTED_WITHIN_MS = 5_000
const BROADCAST = 'match/7'

let lab: LabProcesses
let folder: string
let broker: PlantedBroker
let client: BrokerClient

beforeAll(async () => {
  muteMoqLibraries(console)
  lab = await startLabProcesses()
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-failover-'))
  broker = await plantBroker({ folder, cdns: lab.cdns, config: { health: { canary: true, interval_ms: 200 } } })
  client = broker.client
  await broker.start()
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function routed(scope?: string): Promise<readonly string[]> {
  return (await client.route(CLIENT, scope)).candidates.map(({ provider }) => provider)
}

function urlFor(credentials: readonly CredentialBody[], provider: string, right: string): string {
  return defined(credentials.find((one) => one.provider === provider && one.rights.includes(right))).connect_url
}

/** Publishes at one CDN and waits until an object comes out at another. */
async function expectObject(scope: string, from: string, to: string): Promise<void> {
  const credentials = await client.credentials(scope)
  const stop = new AbortController()
  const common = { broadcast: BROADCAST, connectTimeoutMs: 10_000, signal: stop.signal, now: Date.now }
  const received: string[] = []
  await using _publisher = await publishCanary({
    ...common,
    connectUrl: urlFor(credentials, from, 'publish'),
    run: 'e2e',
    intervalMs: 50,
  })
  await using _subscriber = await subscribeCanary({
    ...common,
    connectUrl: urlFor(credentials, to, 'subscribe'),
    onObject: ({ run }) => received.push(run),
  })
  await eventually(`an object published at ${from} comes out at ${to}`, async () => received.includes('e2e'))
}

/** Who pulls from whom, as the broker says. */
function fallbacks({ placements }: ScopeBody): Readonly<Record<string, string>> {
  return Object.fromEntries(placements.map(({ provider, fallback }) => [provider, fallback?.provider ?? 'nobody']))
}

describe('when the CDN of the primary dies', () => {
  it('look-ups leave it out, the scope fails over with its content, and the CDN is wired back when it returns', async () => {
    await eventually('all three CDNs serve', async () => (await routed()).length === 3)
    const { scope_id } = await client.createScope({ name: 'match 7', primary: 'cdn-a' })
    await expectObject(scope_id, 'cdn-a', 'cdn-c')

    await lab.kill('cdn-a')

    const dead = async (scope?: string): Promise<boolean> => (await routed(scope)).includes('cdn-a')
    await eventually(
      'look-ups leave cdn-a out',
      async () => !(await dead()) && !(await dead(scope_id)),
      DETECTED_WITHIN_MS,
    )
    const moved = await eventually('another CDN is primary and the others pull from it', async () => {
      const scope = await client.scope(scope_id)
      const settled =
        scope?.operation === undefined &&
        scope?.placements.every(({ state, provider }) => state === 'ready' || provider === 'cdn-a')
      return scope !== undefined && scope.primary !== 'cdn-a' && settled ? scope : undefined
    })
    const { primary } = moved
    const other = primary === 'cdn-b' ? 'cdn-c' : 'cdn-b'
    expect(fallbacks(moved)).toMatchObject({ [primary]: 'nobody', [other]: primary })
    expect(await client.events(scope_id)).toContainEqual(expect.objectContaining({ type: 'failover.promoted' }))
    await expectObject(scope_id, primary, other)

    await lab.restart('cdn-a')

    const tooEarly: string[] = []
    await eventually('look-ups name cdn-a again', async () => {
      const before = await client.scope(scope_id)
      const named = await dead(scope_id)
      const scope = await client.scope(scope_id)
      const state = scope?.placements.find(({ provider }) => provider === 'cdn-a')?.state
      // While it is being wired it may be named: it has the content before anybody gets there.
      const isAtRest = scope?.operation === undefined && before?.revision === scope?.revision
      if (named && state !== 'ready' && isAtRest) tooEarly.push(`named while ${state}`)
      return named && state === 'ready'
    })
    expect(tooEarly).toEqual([])
    const back = await client.ready(scope_id)
    expect(back.primary).toBe(primary)
    expect(fallbacks(back)).toEqual({ [primary]: 'nobody', [other]: primary, 'cdn-a': primary })
    await expectObject(scope_id, primary, 'cdn-a')
    const canary = (await client.scopes()).filter(({ name }) => name === 'moq-broker-canary')
    await Promise.all(canary.map((scope) => client.ready(scope.scope_id)))
    expect(await differencesFromBooks(client, lab, [])).toEqual([])
  })
})
