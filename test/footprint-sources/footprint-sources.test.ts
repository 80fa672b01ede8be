import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FootprintSourcesSchema, GeofeedsSchema } from '../../src/broker/config/footprint-sources-schema.ts'
import { createFootprintSources, type FootprintSources } from '../../src/broker/footprint-sources/footprint-sources.ts'
import { loadSource } from '../../src/broker/footprint-sources/load-source.ts'
import { neededSources } from '../../src/broker/footprint-sources/needed-sources.ts'
import { createGuardedFetcher, type GuardedFetcher } from '../../src/broker/outbound/guarded-fetch.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import { parseAddress } from '../../src/fci/prefix.ts'
import { factsUnder, tableUnder } from '../../src/routing/geo-table.ts'
import { type ApiRecorder, type Reply, startApiRecorder } from '../support/api-recorder.ts'

const FEED =
  '192.0.2.0/24,US,US-NY,,\n198.51.100.0/24,DE,,,\n# a comment\nnonsense,,\n2001:db8::/32,FR,,,\n203.0.113.0/24,US,,,\n'
    .repeat(1)
    .concat(Array.from({ length: 10 }, (_, i) => `10.0.${i}.0/24,PL,,,\n`).join(''))
const PRIVATE = 'urn:example:edge-db'

let peer: ApiRecorder
let store: Store
let folder: string
let fetcher: GuardedFetcher
let now: number
let logged: string[]

beforeEach(async () => {
  now = Date.UTC(2026, 10, 21)
  logged = []
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-sources-'))
  store = await openStore({ kind: 'embedded', path: join(folder, 'store') }, { now: Date.now, log: { warn: () => {} } })
  peer = await startApiRecorder()
  fetcher = createGuardedFetcher({ privateHosts: ['127.0.0.1'], now: () => now })
})
afterEach(async () => {
  await fetcher[Symbol.asyncDispose]()
  await peer[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const feedUrl = (): string => `${peer.url}/geo/feed.csv`

/** Everybody in this country by the word of one source. */
function advertisement(
  type: 'rfc8805' | 'private',
  uri: string,
  country: string,
): ReturnType<typeof parseAdvertisement> {
  return parseAdvertisement({
    capabilities: [
      {
        'capability-type': 'FCI.DeliveryProtocol',
        'capability-value': { 'delivery-protocols': ['https/1.1'] },
        footprints: [
          {
            'footprint-type': 'countrycode',
            'footprint-value': [country],
            'footprint-source': [
              {
                'footprint-source-type': type,
                'footprint-source-uri': uri,
                'footprint-source-footprint-type': ['country'],
              },
            ],
          },
        ],
      },
    ],
  })
}

function sourcesFor(
  models: readonly ReturnType<typeof parseAdvertisement>[],
  geofeeds: Readonly<Record<string, unknown>> = {},
  files: readonly unknown[] = [],
): FootprintSources {
  return createFootprintSources({
    store,
    fetcher,
    load: loadSource,
    files: FootprintSourcesSchema.parse(files),
    geofeeds: GeofeedsSchema.parse({ allowed_origins: [peer.url], ...geofeeds }),
    needed: () => neededSources(models.map((model, i) => ({ provider: `cdn-${i}`, model }))),
    originsOf: () => [],
    now: () => now,
    random: () => 0,
    signal: new AbortController().signal,
    log: (event, fields) => logged.push(`${event} ${JSON.stringify(fields)}`),
  })
}

/** Whether the advertisement's footprint holds the client, by the tables that there are now. */
function holds(sources: FootprintSources, model: ReturnType<typeof parseAdvertisement>, client: string): boolean {
  const address = parseAddress(client)
  const footprint = model.capabilities[0]?.footprint
  if (address === undefined || footprint === undefined) throw new Error('the test is wrong')
  const under = factsUnder(address, (list) => tableUnder(list, sources.tables()))
  return matchFootprint(footprint, { address, country: 'zz', under }) !== undefined
}

const feed = (text: string, headers: Readonly<Record<string, string>> = {}): Reply => ({ status: 200, text, headers })

describe('a geofeed that a footprint names', () => {
  it('is fetched, read line by line, and decides over the footprint that names it', async () => {
    const model = advertisement('rfc8805', feedUrl(), 'us')
    const sources = sourcesFor([model])
    const listener = vi.fn()
    sources.onChange(listener)
    expect(holds(sources, model, '192.0.2.7')).toBe(false)
    peer.reply(feed(FEED))
    await sources.tend()
    expect(holds(sources, model, '192.0.2.7')).toBe(true)
    expect(holds(sources, model, '198.51.100.7')).toBe(false)
    expect(holds(sources, model, '8.8.8.8')).toBe(false)
    expect(listener).toHaveBeenCalledOnce()
    expect(sources.states()).toMatchObject([
      {
        type: 'rfc8805',
        uri: feedUrl(),
        providers: ['cdn-0'],
        edition: { entries: 14, warnings: [expect.stringMatching(/^line 4/)] },
        fetchedAt: now,
      },
    ])
    await sources.tend()
    expect(listener).toHaveBeenCalledOnce()
    expect(peer.requests).toHaveLength(1)
  })

  it('is fetched again by its HTTP expiry, conditionally, and at most after the configured time', async () => {
    const sources = sourcesFor([advertisement('rfc8805', feedUrl(), 'us')], { refresh_seconds: 1_000 })
    peer.reply(feed(FEED, { etag: '"1"', 'cache-control': 'max-age=100' }), { status: 304 })
    await sources.tend()
    now += 99_000
    await sources.tend()
    expect(peer.requests).toHaveLength(1)
    now += 1_000
    await sources.tend()
    expect(peer.requests[1]?.headers).toMatchObject({ 'if-none-match': '"1"' })
    expect(sources.states()[0]).toMatchObject({ fetchedAt: now, dueAt: now + 1_000_000 })
  })

  it.each([
    ['one that is cut off', feed(FEED.split('\n').slice(0, 2).join('\n')), /before it had 14/],
    ['one that is no geofeed', feed('<html>\n<body>\n</html>\n'), /cannot use the geo file/],
    ['one that is not UTF-8', feed('ignored', {}), /not UTF-8/],
    ['an error', { status: 500 }, /answered 500/],
  ] as const)('is not replaced by %s', async (name, reply, reason) => {
    const model = advertisement('rfc8805', feedUrl(), 'us')
    const sources = sourcesFor([model])
    const binary: Reply = (_, response) => {
      response.writeHead(200).end(Buffer.from([0xff, 0xfe]))
    }
    peer.reply(feed(FEED), name.includes('UTF-8') ? binary : reply)
    await sources.tend()
    now += 86_400_000
    await sources.tend()
    expect(peer.requests).toHaveLength(2)
    expect(holds(sources, model, '192.0.2.7')).toBe(true)
    expect(sources.states()[0]?.error).toMatch(reason)
    expect(sources.states()[0]?.fetchedAt).toBe(now - 86_400_000)
  })

  it('is not fetched from where nobody allowed it, and asked again ever more rarely after failures', async () => {
    const sources = sourcesFor([advertisement('rfc8805', feedUrl(), 'us')], { allowed_origins: [] })
    await sources.tend()
    expect(peer.requests).toHaveLength(0)
    expect(sources.states()[0]?.error).toMatch(/is not allowed/)
    expect(logged.filter((line) => line.startsWith('footprint_source.failed'))).toHaveLength(1)
    const first = sources.states()[0]?.dueAt ?? 0
    now = first
    await sources.tend()
    expect((sources.states()[0]?.dueAt ?? 0) - now).toBe(2 * (first - Date.UTC(2026, 10, 21)))
    expect(logged.filter((line) => line.startsWith('footprint_source.failed'))).toHaveLength(1)
  })

  it('is there at once after a restart, and not asked for before it is due', async () => {
    const model = advertisement('rfc8805', feedUrl(), 'us')
    peer.reply(feed(FEED, { etag: '"1"' }))
    await sourcesFor([model]).tend()
    const restarted = sourcesFor([model])
    await restarted.restore()
    expect(holds(restarted, model, '192.0.2.7')).toBe(true)
    await restarted.tend()
    expect(peer.requests).toHaveLength(1)
  })

  it('is let go when no footprint names it any more', async () => {
    const models = [advertisement('rfc8805', feedUrl(), 'us')]
    const sources = sourcesFor(models)
    peer.reply(feed(FEED))
    await sources.tend()
    expect(sources.tables().size).toBe(1)
    models.pop()
    await sources.tend()
    expect(sources.tables().size).toBe(0)
    expect(sources.states()).toEqual([])
  })
})

describe('a private source', () => {
  it('is a configured file, read again when it changes, and kept when it is cut off', async () => {
    const model = advertisement('private', PRIVATE, 'us')
    const file = join(folder, 'edge.csv')
    await writeFile(
      file,
      `ip_prefix,country\n${Array.from({ length: 10 }, (_, i) => `192.0.${i}.0/24,us`).join('\n')}\n`,
    )
    const sources = sourcesFor([model], {}, [{ uri: PRIVATE, file, format: 'csv' }])
    await sources.tend()
    expect(holds(sources, model, '192.0.2.7')).toBe(true)

    now += 30_000
    await writeFile(file, 'ip_prefix,country\n192.0.2.0/24,us\n')
    await sources.tend()
    expect(holds(sources, model, '192.0.3.7')).toBe(true)
    expect(sources.states()[0]?.error).toMatch(/it has 1 entries, before it had 10/)

    now += 120_000
    await writeFile(
      file,
      `ip_prefix,country\n${Array.from({ length: 9 }, (_, i) => `192.0.${i}.0/24,de`).join('\n')}\n`,
    )
    await sources.tend()
    expect(holds(sources, model, '192.0.3.7')).toBe(false)
    expect(sources.states()[0]?.error).toBeUndefined()
  })

  it('without a file matches nobody and says what to do', async () => {
    const model = advertisement('private', PRIVATE, 'us')
    const sources = sourcesFor([model])
    await sources.tend()
    expect(holds(sources, model, '192.0.2.7')).toBe(false)
    expect(sources.states()[0]?.error).toMatch(/no file is configured/)
  })
})

it('names every source once, with the providers whose footprints name it', () => {
  const models = [
    advertisement('rfc8805', 'https://a.example/f.csv', 'us'),
    advertisement('rfc8805', 'https://a.example/f.csv', 'de'),
  ]
  const needed = neededSources(models.map((model, i) => ({ provider: `cdn-${i}`, model })))
  expect([...needed.values()]).toEqual([
    {
      source: expect.objectContaining({ type: 'rfc8805', uri: 'https://a.example/f.csv' }),
      providers: ['cdn-0', 'cdn-1'],
    },
  ])
})
