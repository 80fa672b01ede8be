import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { wanted } from '../support/broker-client.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-ports.ts'
import { type PlantedBroker, plantBroker, UNUSED_CDN } from '../support/planted-broker.ts'

const PREFIXES = 30_000
const PEER_TOKEN = 'peer-token-of-the-end-to-end-tests'
/** Where the machine is busy, reading takes seconds. */
const WITHIN_MS = 60_000

const WireSchema = z.object({
  capabilities: z.array(
    z.object({ footprints: z.array(z.object({ 'footprint-value': z.array(z.unknown()) })).optional() }),
  ),
})
const ViewSchema = z.object({ version: z.string(), advertisement: WireSchema })
const HistorySchema = z.object({ changes: z.array(z.object({ kind: z.string(), differences: z.array(z.string()) })) })

/** MoQ in 30 000 networks and in this one. */
function advertisementWith(network: string): string {
  const many = Array.from({ length: PREFIXES }, (_, i) => `10.${(i >> 7) & 255}.${(i & 127) * 2}.0/24`)
  return JSON.stringify({
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['moqt'] },
        footprints: [{ 'footprint-type': 'ipv4cidr', 'footprint-value': [...many, network] }],
      },
    ],
  })
}

function countPrefixes(advertisement: z.infer<typeof WireSchema>): number {
  return advertisement.capabilities
    .flatMap(({ footprints = [] }) => footprints)
    .reduce((count, footprint) => count + footprint['footprint-value'].length, 0)
}

describe('a broker that is told a large advertisement', () => {
  let text = advertisementWith('192.0.2.0/24')
  let isDown = false
  let server: Server
  let folder: string
  let broker: PlantedBroker
  let url = ''

  beforeAll(async () => {
    server = createServer((_, response) => {
      if (isDown) response.writeHead(503).end()
      else response.writeHead(200, { 'content-type': 'application/cdni' }).end(text)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    const cdn = `http://127.0.0.1:${address !== null && typeof address !== 'string' ? address.port : 0}`
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-large-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    broker = await plantBroker({
      folder,
      port,
      cdns: [UNUSED_CDN],
      onlyMoreProviders: true,
      config: {
        federation: { provider_id: 'AS64500:lower', quiet_ms: 100, peers: [{ id: 'upper', token: 'env:UPPER' }] },
      },
      env: { UPPER: PEER_TOKEN },
      moreProviders: [
        {
          id: 'large',
          adapter: 'draft-http',
          options: { base_url: cdn, token: 'env:ADMIN_KEY' },
          fci: { url: `${cdn}/fci/advertisement`, poll_seconds: 1 },
        },
      ],
    })
    await broker.start()
  }, 120_000)

  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const serves = async (client: string): Promise<boolean> =>
    (await broker.client.route(client)).candidates.some(({ provider }) => provider === 'large')
  const toldTo = (path: string): Promise<Response> =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${PEER_TOKEN}` } })

  it('routes by it, shows it whole, and tells it on', { timeout: 120_000 }, async () => {
    await eventually('it is in use', () => serves('192.0.2.7'), WITHIN_MS)
    expect([await serves('10.3.4.5'), await serves('203.0.113.7')]).toEqual([true, false])
    const view = ViewSchema.parse(wanted(await broker.client.call('GET', '/providers/large/advertisement'), 200).json)
    expect(countPrefixes(view.advertisement)).toBe(PREFIXES + 1)
    await eventually(
      'the peer is told all of it',
      async () => {
        const told = WireSchema.parse(await (await toldTo('/fci/advertisement')).json())
        return countPrefixes(told) === PREFIXES + 1
      },
      WITHIN_MS,
    )
  })

  it('finds what changes in it, and the patch for its peers', { timeout: 120_000 }, async () => {
    const etag = (await toldTo('/fci/advertisement')).headers.get('etag') ?? ''
    text = advertisementWith('203.0.113.0/24')
    await eventually('the change is in use', () => serves('203.0.113.7'), WITHIN_MS)
    // It is written after it is in use.
    const newest = await eventually(
      'the change is written down',
      async () => {
        const history = wanted(await broker.client.call('GET', '/providers/large/advertisement/history'), 200).json
        const { changes } = HistorySchema.parse(history)
        return changes.length > 1 && changes[0]
      },
      WITHIN_MS,
    )
    expect(newest.kind).toBe('accepted')
    expect(newest.differences).toContainEqual(expect.stringContaining('loses 256 IPv4 addresses'))
    await eventually(
      'the peer is told of it',
      async () => (await toldTo('/fci/advertisement')).headers.get('etag') !== etag,
      WITHIN_MS,
    )
    const patch = await (await toldTo(`/fci/advertisement/changes?since=${etag.replaceAll('"', '')}`)).text()
    expect(patch).toContain('203.0.113.0/24')
    expect(patch.length).toBeLessThan(text.length)
  })

  it('remembers it when it was killed and nobody answers any more', { timeout: 120_000 }, async () => {
    isDown = true
    await broker.end('SIGKILL')
    await broker.start()
    await eventually('it routes as before', () => serves('203.0.113.7'), WITHIN_MS)
    expect(await serves('192.0.2.7')).toBe(false)
    expect(broker.output).not.toMatch(/the advertisement thread|kept_unreadable/)
  })
})
