import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type BrokerClient, wanted } from '../support/broker-client.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-ports.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantBroker, type PlantedBroker, plantBroker } from '../support/planted-broker.ts'

const WITHIN_MS = 30_000
const TOKENS = { LOWER: 'token-of-the-broker-above-01', RING: 'token-of-all-in-the-ring-001', NOTE: 'note' }
const FAST = { quiet_ms: 100, max_age_seconds: 1 }

let lab: LabProcesses
let folder: string

beforeAll(async () => {
  lab = await startLabProcesses()
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-federation-'))
}, 60_000)
afterAll(async () => {
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const DocumentSchema = z.looseObject({
  capabilities: z.array(
    z.looseObject({
      'capability-type': z.string(),
      footprints: z.array(z.looseObject({ 'footprint-type': z.string(), 'footprint-value': z.unknown() })).optional(),
    }),
  ),
})

/** What a lab CDN says from now on: https for these countries. */
async function say(name: 'cdn-a' | 'cdn-b' | 'cdn-c', ...countries: readonly string[]): Promise<void> {
  const capability = {
    'capability-type': 'FCI.DeliveryProtocol',
    'capability-value': { 'delivery-protocols': ['https/1.1'] },
    footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': countries }],
  }
  const answer = await fetch(`${lab.cdn(name).adminUrl}/advertisement`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ capabilities: countries.length === 0 ? [] : [capability] }),
  })
  expect(answer.status).toBe(204)
}

/** The countries in an advertisement. */
function countriesIn(document: unknown): readonly string[] {
  const values = DocumentSchema.parse(document).capabilities.flatMap(({ footprints = [] }) =>
    footprints.flatMap((one) => one['footprint-value']),
  )
  return [...new Set(values.map(String))].sort()
}

const HeldSchema = z.looseObject({ advertisement: DocumentSchema })

/** What a broker has from one of its providers, by countries; undefined: nothing yet. */
async function heldFrom(client: BrokerClient, provider: string): Promise<readonly string[] | undefined> {
  const answer = await client.call('GET', `/providers/${provider}/advertisement`)
  return answer.status === 200 ? countriesIn(HeldSchema.parse(answer.json).advertisement) : undefined
}

async function published(client: BrokerClient, key?: string): Promise<unknown> {
  const answer = await client.call('GET', '/fci/advertisement', key === undefined ? {} : { key })
  return wanted(answer, 200).json
}

/** Waits until something is as it should be. */
async function becomes<T>(what: string, ask: () => Promise<T>, wantedValue: T): Promise<void> {
  await eventually(
    what,
    async () => {
      const found = await ask()
      if (JSON.stringify(found) === JSON.stringify(wantedValue)) return true
      throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wantedValue)}`)
    },
    WITHIN_MS,
  )
}

type Provider = NonNullable<PlantBroker['moreProviders']>[number]

/** A broker below or beside, as a provider: its provisioning API is that of a lab CDN, which these tests do not use. */
function gateway(id: string, fci: Provider['fci'], pid?: string): Provider {
  return {
    id,
    adapter: 'draft-http',
    options: { base_url: lab.cdn('cdn-c').apiUrl, token: 'env:UNUSED' },
    ...(fci === undefined ? {} : { fci }),
    ...(pid === undefined ? {} : { pid }),
  }
}

const env = { ...TOKENS, UNUSED: 'unused' }

describe('two brokers, one above the other', () => {
  let lower: PlantedBroker
  let upper: PlantedBroker

  beforeAll(async () => {
    const [lowerPort, upperPort] = [await freePort(), await freePort()]
    const [below, above] = [`http://127.0.0.1:${lowerPort}`, `http://127.0.0.1:${upperPort}`]
    lower = await plantBroker({
      folder,
      name: 'lower',
      port: lowerPort,
      cdns: lab.cdns.filter(({ name }) => name !== 'cdn-c'),
      provider: {},
      config: {
        store: { kind: 'embedded', path: join(folder, 'store-lower') },
        federation: {
          provider_id: 'AS64500:lower',
          ...FAST,
          peers: [
            {
              id: 'upper',
              pid: 'AS64501:upper',
              token: 'env:LOWER',
              contract: {
                footprint: [{ 'footprint-type': 'countrycode', 'footprint-value': ['de', 'fr', 'se'] }],
              },
              notifications: { origins: [above], token: 'env:NOTE' },
            },
          ],
        },
      },
      env,
    })
    const common = { token: 'env:LOWER', guard: { action: 'accept' } } as const
    upper = await plantBroker({
      folder,
      name: 'upper',
      port: upperPort,
      cdns: lab.cdns,
      onlyMoreProviders: true,
      moreProviders: [
        gateway('by-http', { ...common, url: `${below}/fci/advertisement`, poll_seconds: 1 }),
        gateway('by-svta', {
          ...common,
          profile: 'svta',
          url: `${below}/OC/FCI/advertisement`,
          subscribe: true,
          poll_seconds: 3_600,
        }),
        gateway('by-alto', {
          ...common,
          profile: 'alto',
          url: `${below}/alto/cdni`,
          alto: { updates_url: `${below}/alto/updates` },
          poll_seconds: 3_600,
        }),
      ],
      config: {
        public_url: above,
        store: { kind: 'embedded', path: join(folder, 'store-upper') },
        federation: { provider_id: 'AS64501:upper', ...FAST },
      },
      env,
    })
    await Promise.all([say('cdn-a', 'de', 'us'), say('cdn-b', 'fr')])
    await lower.start()
    await upper.start()
  }, 90_000)
  afterAll(async () => {
    await upper[Symbol.asyncDispose]()
    await lower[Symbol.asyncDispose]()
  })

  const PROFILES = ['by-http', 'by-svta', 'by-alto'] as const

  it('hand up what the CDNs can serve, within the contract', { timeout: 2 * WITHIN_MS }, async () => {
    for (const profile of PROFILES) {
      await becomes(`${profile} has it`, () => heldFrom(upper.client, profile), ['de', 'fr'])
    }
    expect(countriesIn(await published(lower.client))).toEqual(['de', 'fr', 'us'])
    const text = JSON.stringify(await published(lower.client, TOKENS.LOWER))
    expect(text).not.toMatch(/cdn-a|cdn-b|127\.0\.0\.1/)
    expect(text).toContain('AS64500:lower')
  })

  it('hand a change at a CDN up to the top, however it is asked for', { timeout: 4 * WITHIN_MS }, async () => {
    await say('cdn-a', 'de', 'se', 'us')
    for (const profile of PROFILES) {
      await becomes(`${profile} has the change`, () => heldFrom(upper.client, profile), ['de', 'fr', 'se'])
    }
    await becomes('the top publishes it', async () => countriesIn(await published(upper.client)), ['de', 'fr', 'se'])
  })

  it('keep subscriptions over a restart of the lower one', { timeout: 4 * WITHIN_MS }, async () => {
    await lower.end('SIGTERM')
    await say('cdn-a', 'de', 'us')
    await lower.start()
    await becomes('the change came by PUT', () => heldFrom(upper.client, 'by-svta'), ['de', 'fr'])
    expect(lower.output).not.toMatch(/token-of-the-broker-above|fci\/notifications\//)
  })

  it('say "not ready" when no CDN is left', { timeout: 4 * WITHIN_MS }, async () => {
    for (const id of ['cdn-a', 'cdn-b']) {
      const body = { state: 'drained', reason: 'a test' }
      wanted(await lower.client.call('PUT', `/providers/${id}/state`, { body }), 200)
    }
    await becomes('the top hears it', () => heldFrom(upper.client, 'by-svta'), [])
    await becomes('the top says it', async () => countriesIn(await published(upper.client)), [])
  })
})

describe('a ring of three brokers', () => {
  const NAMES = ['one', 'two', 'three'] as const
  const brokers: PlantedBroker[] = []

  beforeAll(async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
    await say('cdn-a', 'de')
    for (const [i, name] of NAMES.entries()) {
      const before = (i + 2) % 3
      const after = (i + 1) % 3
      const broker = await plantBroker({
        folder,
        name,
        port: ports[i] ?? 0,
        cdns: lab.cdns.filter((cdn) => cdn.name === 'cdn-a'),
        onlyMoreProviders: i > 0,
        moreProviders: [
          gateway(
            'before',
            {
              url: `http://127.0.0.1:${ports[before]}/fci/advertisement`,
              token: 'env:RING',
              poll_seconds: 1,
              guard: { action: 'accept' },
            },
            `AS6451${before}:${NAMES[before]}`,
          ),
        ],
        config: {
          store: { kind: 'embedded', path: join(folder, `store-${name}`) },
          federation: {
            provider_id: `AS6451${i}:${name}`,
            ...FAST,
            peers: [{ id: 'after', pid: `AS6451${after}:${NAMES[after]}`, token: 'env:RING' }],
          },
        },
        env,
      })
      brokers.push(broker)
      await broker.start()
    }
  }, 120_000)
  afterAll(async () => {
    for (const broker of brokers) await broker[Symbol.asyncDispose]()
  })

  const at = (i: number): BrokerClient => {
    const broker = brokers[i]
    if (broker === undefined) throw new Error('there are three')
    return broker.client
  }

  it('carries what one can serve to the others, and not back to where it began', {
    timeout: 4 * WITHIN_MS,
  }, async () => {
    await becomes('two has it', () => heldFrom(at(1), 'before'), ['de'])
    await becomes('three has it', () => heldFrom(at(2), 'before'), ['de'])
    await becomes('three publishes it to its operator', async () => countriesIn(await published(at(2))), ['de'])
    await becomes('one hears nothing of it', () => heldFrom(at(0), 'before'), [])
    expect(countriesIn(await published(at(2), TOKENS.RING))).toEqual([])
  })

  it('forgets it everywhere when the CDN stops serving, rather than handing it round', {
    timeout: 4 * WITHIN_MS,
  }, async () => {
    await say('cdn-a')
    for (const i of [1, 2]) await becomes(`${NAMES[i]} forgets it`, () => heldFrom(at(i), 'before'), [])
    for (const i of [0, 1, 2]) {
      await becomes(`${NAMES[i]} publishes nothing`, async () => countriesIn(await published(at(i))), [])
    }
  })
})
