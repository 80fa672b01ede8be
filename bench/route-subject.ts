import { once } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { labConfig } from '../src/broker/lab-config.ts'
import { startLab } from '../src/lab/lab.ts'
import type { RunningLabCdn } from '../src/lab/lab-member.ts'
import { startPinned } from './http-load.ts'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const KEY = 'reader-key-of-the-benchmark'
/** Countries by the address of each client: CC0, some 330 000 IPv4 ranges. */
const GEO_FILE = createRequire(import.meta.url).resolve(
  '@ip-location-db/geo-whois-asn-country/geo-whois-asn-country-ipv4.csv',
)
const AMERICAS = ['us', 'ca', 'mx', 'br', 'ar', 'cl', 'co']
const EUROPE = ['de', 'fr', 'gb', 'pl', 'es', 'it', 'nl', 'se', 'ch', 'at', 'ua', 'ro']

/** The built broker with real geo data in front of three lab CDNs, with a scope on all of them. */
export interface RouteSubject extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  readonly scope: string
  /** A header field with a key of the role reader. */
  readonly header: string
  readonly geoFile: string
  /** Lets cdn-b serve Germany, or takes that back, by another advertisement; the coverage map is compiled anew. */
  advertise(withGermany: boolean): Promise<void>
}

export async function startRouteSubject(root: string): Promise<RouteSubject> {
  const lab = await startLab({
    dataDir: join(root, 'lab'),
    host: '127.0.0.1',
    entry: join(DIST, 'lab/main.js'),
    firstPort: 0,
    now: Date.now,
    log: () => {},
  })
  const [a, b, c] = lab.cdns
  if (a === undefined || b === undefined || c === undefined) throw new Error('the lab has three CDNs')
  await putFootprints(a, undefined)
  await putFootprints(b, AMERICAS)
  await putFootprints(c, EUROPE)

  const port = await freePort()
  const { config } = labConfig(lab.cdns, { host: '127.0.0.1', port, storePath: join(root, 'store') })
  const providers = config.providers.map((provider) => ({
    ...provider,
    fci: { url: provider.fci?.url ?? '', poll_seconds: 1 },
  }))
  const configFile = join(root, 'broker.yaml')
  const geo = [{ file: GEO_FILE, format: 'ranges', columns: ['start', 'end', 'country'] }]
  const keys = [{ name: 'bench', role: 'admin', key: 'env:BENCH_KEY' }]
  writeFileSync(configFile, JSON.stringify({ ...config, providers, geo, keys, health: { canary: false } }))
  const env: Record<string, string> = { BENCH_KEY: KEY, PATH: process.env['PATH'] ?? '' }
  for (const [index, cdn] of lab.cdns.entries()) env[`LAB_TOKEN_${index}`] = cdn.apiToken
  const output = openSync(join(root, 'broker.log'), 'a')
  const command = [process.execPath, join(DIST, 'broker/cli/main.js'), 'serve', '--config', configFile] as const
  const broker = startPinned('server', [...command], { env, output })
  closeSync(output)
  const stop = async (): Promise<void> => {
    broker.kill('SIGTERM')
    if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit')
    await lab[Symbol.asyncDispose]()
  }
  try {
    await untilReady(port)
    return {
      port,
      pid: broker.pid ?? 0,
      scope: await createScope(port),
      header: `X-API-Key: ${KEY}`,
      geoFile: GEO_FILE,
      advertise: (withGermany) => putFootprints(b, withGermany ? [...AMERICAS, 'de'] : AMERICAS),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Gives every capability of a CDN these countries as footprint; undefined: the whole world. */
async function putFootprints(cdn: RunningLabCdn, countries: readonly string[] | undefined): Promise<void> {
  const read = await request(cdn.fciUrl)
  const document: unknown = await read.body.json()
  if (typeof document !== 'object' || document === null || !('capabilities' in document)) throw new Error('no FCI')
  const { capabilities } = document
  if (!Array.isArray(capabilities)) throw new Error('no capabilities')
  const footprints =
    countries === undefined ? {} : { footprints: [{ 'footprint-type': 'countrycode', 'footprint-value': countries }] }
  const seen = new Set<string>()
  const changed = capabilities.flatMap((capability: unknown) => {
    if (typeof capability !== 'object' || capability === null || !('capability-type' in capability)) return []
    const type = String(capability['capability-type'])
    if (seen.has(type)) return []
    seen.add(type)
    return [{ ...capability, footprints: undefined, ...footprints }]
  })
  const answer = await request(`${cdn.adminUrl}/advertisement`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ capabilities: changed }),
  })
  await answer.body.dump()
  if (answer.statusCode >= 300) throw new Error(`the lab refused an advertisement: ${answer.statusCode}`)
}

async function createScope(port: number): Promise<string> {
  const answer = await request(`http://127.0.0.1:${port}/moq/scopes`, {
    method: 'POST',
    headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
    body: '{}',
  })
  const body: unknown = await answer.body.json()
  if (typeof body === 'object' && body !== null && 'scope_id' in body) return String(body.scope_id)
  throw new Error(`no scope was made: ${JSON.stringify(body)}`)
}

async function untilReady(port: number): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    const status = await request(`http://127.0.0.1:${port}/readyz`).then(
      async ({ statusCode, body }) => {
        await body.dump()
        return statusCode
      },
      () => 0,
    )
    if (status === 200) return
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  throw new Error('the broker was not ready within 60 s')
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
