import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const GEO_DATA = require.resolve('@ip-location-db/geo-whois-asn-country/geo-whois-asn-country-ipv4.csv')

/** Networks that are asked for, each another /24. */
export const SUBNETS = 40_960
const CDNS = 8
const FOOTPRINTS_EACH = 25
const COUNTRIES = 'us cn jp de kr gb br fr ca it au nl ru in mx es se tw id pl za vn tr ch ar'.split(' ')

/** A source of chance that is the same in every run. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Footprints by country and by prefix, some of them joint, as one CDN advertises them. */
function advertisement(cdn: number): unknown {
  const chance = chanceOf(1_000 + cdn)
  const country = (): string => COUNTRIES[chance(COUNTRIES.length)] ?? 'us'
  const footprints = Array.from({ length: FOOTPRINTS_EACH }, (_, index) => {
    if (index % 2 === 0) {
      return { 'footprint-type': 'countrycode', 'footprint-value': [...new Set([country(), country(), country()])] }
    }
    const networks = new Set(Array.from({ length: 20 }, () => `${1 + chance(222)}.${chance(256)}.0.0/16`))
    return { 'footprint-type': 'ipv4cidr', 'footprint-value': [...networks] }
  })
  // One serves everybody, so that every query has an answer.
  if (cdn === 0) footprints.push({ 'footprint-type': 'ipv4cidr', 'footprint-value': ['0.0.0.0/0'] })
  const relay = { features: [{ 'feature-oid': 'MoQBroker', 'feature-type': 'MoQRelay', 'feature-value': {} }] }
  return {
    capabilities: footprints.map((footprint) => ({
      'capability-type': 'FCI.PrivateFeatures',
      'capability-value': relay,
      footprints: [footprint],
    })),
  }
}

/** Writes the configuration of a broker with eight CDNs and 200 footprints on real address space, and tells where it is. */
export async function writeDnsBroker(folder: string, processes: number): Promise<string> {
  await mkdir(folder, { recursive: true })
  const providers = await Promise.all(
    Array.from({ length: CDNS }, async (_, cdn) => {
      const file = join(folder, `cdn-${cdn}.json`)
      await writeFile(file, JSON.stringify(advertisement(cdn)))
      return {
        id: `cdn-${cdn}`,
        adapter: 'draft-http',
        options: { base_url: 'http://127.0.0.1:9', token: 'env:TOKEN' },
        fci_file: file,
        // Two are equals, so that some answers are drawn by weight.
        priority: 100 + Math.max(1, cdn),
        target: { host: `edge-${cdn}.example`, addresses: [`192.0.2.${cdn + 1}`] },
      }
    }),
  )
  const config = {
    listen: { port: 0 },
    store: { kind: 'embedded', path: join(folder, 'store') },
    providers,
    // Where every IPv4 address is, by the regional registries (CC0).
    geo: [{ file: GEO_DATA, format: 'ranges' }],
    health: { canary: false },
    failover: { automatic: false },
    dns: {
      listen: [{ host: '127.0.0.1', port: 0 }],
      zone: 'cdn.example',
      ns: [{ host: 'ns.example.net' }],
      processes,
      rrl: { responses_per_second: 10_000_000 },
    },
  }
  const path = join(folder, 'broker.yaml')
  // JSON is YAML.
  await writeFile(path, JSON.stringify(config))
  return path
}

const NAME = Buffer.from('\x03any\x03cdn\x07example\x00', 'latin1')

/** A query of type A with a client subnet for each of the networks, with room for the id in front. */
export function subnetQueries(): readonly Buffer[] {
  const chance = chanceOf(7)
  const seen = new Set<number>()
  while (seen.size < SUBNETS) seen.add(((1 + chance(222)) << 16) | (chance(256) << 8) | chance(256))
  return [...seen].map((network) => {
    const subnet = Buffer.from([0, 8, 0, 7, 0, 1, 24, 0, network >>> 16, (network >>> 8) & 255, network & 255])
    const header = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    const opt = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, subnet.length])
    return Buffer.concat([header, NAME, Buffer.from([0, 1, 0, 1]), opt, subnet])
  })
}
