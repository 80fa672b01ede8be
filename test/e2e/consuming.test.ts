import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { wanted } from '../support/broker-client.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-ports.ts'
import { type PlantedBroker, plantBroker, UNUSED_CDN } from '../support/planted-broker.ts'

const NAMED_CLIENT = '192.0.2.7'
const FEED_CLIENT = '198.51.100.7'
const STRANGER = '203.0.113.9'

const HeldBackSchema = z.object({ advertisement_held_back: z.object({ version: z.string() }).optional() })
const HistorySchema = z.object({ changes: z.array(z.object({ kind: z.string(), via: z.string() })) })
const SubscriptionSchema = z.object({ notificationTarget: z.string() })

/** A CDN's FCI after SVTA: an advertisement, named footprints, a geofeed, and one subscription. */
class Peer {
  readonly #server: Server
  /** What it advertises; `undefined`: it is down. */
  advertisement: unknown
  named = ['192.0.2.0/24']
  notificationTarget: string | undefined
  readonly asked: string[] = []
  url = ''

  constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(`${request.method} ${request.url}`)
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (this.advertisement === undefined) {
          response.writeHead(503).end()
          return
        }
        const send = (type: string, body: string, status = 200, headers = {}): void => {
          response.writeHead(status, { 'content-type': type, ...headers }).end(body)
        }
        switch (`${request.method} ${request.url}`) {
          case 'GET /OC/FCI/advertisement':
            send('application/cdni', JSON.stringify(this.advertisement))
            break
          case 'GET /FCI/footprints':
            send('application/json', JSON.stringify(this.#namespaces()))
            break
          case 'GET /geofeed.csv':
            send('text/csv', '198.51.100.0/24,DE,,,\n203.0.113.0/24,US,US-NY,,\n')
            break
          case 'POST /OC/FCI/subscription': {
            const body = SubscriptionSchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
            this.notificationTarget = body.notificationTarget
            send('application/json', '{}', 201, { location: '/OC/FCI/subscription/1' })
            break
          }
          case 'DELETE /OC/FCI/subscription/1':
            this.notificationTarget = undefined
            response.writeHead(204).end()
            break
          default:
            response.writeHead(404).end()
        }
      })
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    if (address !== null && typeof address !== 'string') this.url = `http://127.0.0.1:${portOf(address)}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** For whoever is in the named footprint, and for whoever is in Germany by the geofeed. */
  whole(...more: readonly unknown[]): unknown {
    const source = {
      'footprint-source-type': 'rfc8805',
      'footprint-source-uri': `${this.url}/geofeed.csv`,
      'footprint-source-footprint-type': ['country'],
    }
    return {
      capabilities: [
        delivery({ 'footprint-type': 'named', 'footprint-value': [`${this.url}/FCI/footprints/default/edge`] }),
        delivery({ 'footprint-type': 'countrycode', 'footprint-value': ['de'], 'footprint-source': [source] }),
        ...more,
      ],
    }
  }

  #namespaces(): unknown {
    const edge = {
      'footprint-name': 'edge',
      'footprint-uri': `${this.url}/FCI/footprints/default/edge`,
      'footprint-expires': new Date(Date.now() + 3_600_000).toISOString(),
      'footprint-def': { 'footprint-type': 'ipv4cidr', 'footprint-value': this.named },
    }
    return [{ 'footprint-namespace': 'default', 'footprint-type': 'coverage', footprints: [edge] }]
  }
}

function portOf({ port }: AddressInfo): number {
  return port
}

function delivery(footprint: unknown): unknown {
  return {
    'capability-type': 'FCI.DeliveryProtocol',
    'capability-value': { 'delivery-protocols': ['https/1.1'] },
    footprints: [footprint],
  }
}

describe('a broker that consumes named footprints and geofeeds', () => {
  const peer = new Peer()
  let folder: string
  let broker: PlantedBroker

  beforeAll(async () => {
    await peer.listen()
    peer.advertisement = peer.whole()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-consuming-'))
    const port = await freePort()
    broker = await plantBroker({
      folder,
      port,
      cdns: [UNUSED_CDN],
      onlyMoreProviders: true,
      config: {
        public_url: `http://127.0.0.1:${port}`,
        routing: { require_moq_capability: false },
      },
      moreProviders: [
        {
          id: 'peer',
          adapter: 'draft-http',
          options: { base_url: peer.url, token: 'env:ADMIN_KEY' },
          fci: {
            profile: 'svta',
            url: `${peer.url}/OC/FCI/advertisement`,
            subscribe: true,
            poll_seconds: 3_600,
            footprints_url: `${peer.url}/FCI/footprints`,
          },
        },
      ],
    })
    await broker.start()
  })

  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    peer.close()
    await rm(folder, { recursive: true, force: true })
  })

  const serves = async (client: string): Promise<boolean> =>
    (await broker.client.route(client)).candidates.some(({ provider }) => provider === 'peer')

  it('routes those whom they hold, and nobody else', async () => {
    await eventually('the named footprint counts', () => serves(NAMED_CLIENT))
    await eventually('the geofeed counts', () => serves(FEED_CLIENT))
    expect(await serves(STRANGER)).toBe(false)
    expect(wanted(await broker.client.call('GET', '/geo'), 200).json).toMatchObject({
      footprint_sources: [{ type: 'rfc8805', providers: ['peer'], edition: { entries: 2 } }],
    })
  })

  it('takes changes that the peer sends, and doubts one that loses nearly all', async () => {
    await eventually('the subscription is there', async () => peer.notificationTarget !== undefined)
    const { notificationTarget = '' } = peer
    const put = (advertisement: unknown): Promise<Response> =>
      fetch(notificationTarget, {
        method: 'PUT',
        headers: { 'content-type': 'application/cdni' },
        body: JSON.stringify([advertisement]),
      })
    peer.advertisement = peer.whole(delivery({ 'footprint-type': 'ipv4cidr', 'footprint-value': ['203.0.113.0/24'] }))
    expect((await put(peer.advertisement)).status).toBe(204)
    await eventually('the stranger is served', () => serves(STRANGER))

    expect(
      (await put({ capabilities: [delivery({ 'footprint-type': 'ipv4cidr', 'footprint-value': ['192.0.2.7/32'] })] }))
        .status,
    ).toBe(204)
    expect(await serves(STRANGER)).toBe(true)
    const provider = HeldBackSchema.parse(wanted(await broker.client.call('GET', '/providers/peer'), 200).json)
    expect(provider.advertisement_held_back).toBeDefined()
    expect((await fetch(notificationTarget.replace(/.$/, 'x'), { method: 'PUT' })).status).toBeGreaterThanOrEqual(400)
    expect(broker.output).not.toContain(notificationTarget.split('/').at(-1))

    wanted(await broker.client.call('POST', '/providers/peer/advertisement/confirm'), 200)
    await eventually('the stranger is not served any more', async () => !(await serves(STRANGER)))
    const { changes } = HistorySchema.parse(
      wanted(await broker.client.call('GET', '/providers/peer/advertisement/history'), 200).json,
    )
    expect(changes.map(({ kind }) => kind)).toEqual(['confirmed', 'held_back', 'accepted', 'accepted'])
    expect((await put(peer.whole())).status).toBe(204)
    await eventually('the geofeed counts again', () => serves(FEED_CLIENT))
  })

  it('answers the same after a restart while the peer is down', async () => {
    expect((await broker.end('SIGTERM')).code).toBe(0)
    expect(peer.notificationTarget).toBeUndefined()
    peer.advertisement = undefined
    await broker.start()
    await eventually(
      'both are served from what was kept',
      async () => (await serves(NAMED_CLIENT)) && serves(FEED_CLIENT),
    )
    expect(await serves(STRANGER)).toBe(false)
    expect(wanted(await broker.client.call('GET', '/providers/peer'), 200).text).toContain('answered 503')
  })
})
