import { formatAddress, valueOfWords } from '../src/fci/prefix.ts'
import type { GeoTable } from '../src/routing/geo-table.ts'
import { wordsPerAddress } from '../src/routing/partition.ts'
import { pickRange } from './routing-world.ts'

/** Look-ups in the order in which they come. */
export interface Traffic {
  readonly name: 'uniform' | 'zipf'
  readonly version: 4 | 6
  readonly texts: readonly string[]
  /** The same in words. */
  readonly addresses: Uint32Array
}

const LOOK_UPS = 1 << 18
/** Different clients of Zipf traffic. */
const CLIENTS = 1 << 18

/** Every client once: any IPv4 address, or any address of a random range that there is (IPv6 space is mostly empty). */
export function uniformTraffic(geo: GeoTable, version: 4 | 6, random: () => number): Traffic {
  const width = wordsPerAddress(version)
  const addresses = new Uint32Array(LOOK_UPS * width)
  for (let i = 0; i < LOOK_UPS; i++) drawAddress(geo, version, random, addresses, i * width)
  return trafficOf('uniform', version, addresses)
}

/** Few clients that ask often and many that ask rarely: the nth most frequent asks 1/n as often as the first. */
export function zipfTraffic(geo: GeoTable, version: 4 | 6, random: () => number): Traffic {
  const width = wordsPerAddress(version)
  const clients = new Uint32Array(CLIENTS * width)
  for (let i = 0; i < CLIENTS; i++) drawAddress(geo, version, random, clients, i * width)
  const addresses = new Uint32Array(LOOK_UPS * width)
  for (let i = 0; i < LOOK_UPS; i++) {
    // The inverse of the harmonic sum, which is nearly a logarithm.
    const client = Math.min(CLIENTS - 1, Math.floor(CLIENTS ** random()) - 1)
    addresses.set(clients.subarray(client * width, (client + 1) * width), i * width)
  }
  return trafficOf('zipf', version, addresses)
}

function drawAddress(geo: GeoTable, version: 4 | 6, random: () => number, to: Uint32Array, at: number): void {
  if (version === 4) {
    to[at] = Math.floor(random() * 2 ** 32)
    return
  }
  const from = pickRange(geo.v6, random) * 4
  to.set(geo.v6.starts.subarray(from, from + 4), at)
}

function trafficOf(name: Traffic['name'], version: 4 | 6, addresses: Uint32Array): Traffic {
  const width = wordsPerAddress(version)
  const texts = Array.from({ length: LOOK_UPS }, (_, i) =>
    formatAddress({ version, value: valueOfWords(version, addresses, i * width) }),
  )
  return { name, version, texts, addresses }
}
