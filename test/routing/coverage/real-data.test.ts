import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../../../bench/fci-advertisement.ts'
import { drawColumns, GEO_FILES, loadRealGeo, pickRange, startOf } from '../../../bench/routing-world.ts'
import type { Footprint } from '../../../src/fci/footprint.ts'
import type { FootprintMatch } from '../../../src/fci/match-footprint.ts'
import { matchFootprint } from '../../../src/fci/match-footprint.ts'
import type { Address, Prefix } from '../../../src/fci/prefix.ts'
import {
  addressBits,
  containsAddress,
  formatAddress,
  formatPrefix,
  lastValue,
  parseAddress,
} from '../../../src/fci/prefix.ts'
import { compileCoverage } from '../../../src/routing/coverage/compile-coverage.ts'
import type { CoverageColumn, CoverageMap } from '../../../src/routing/coverage/coverage-map.ts'
import { matchAt } from '../../../src/routing/coverage/coverage-match.ts'
import type { GeoSource } from '../../../src/routing/geo-source.ts'
import { lookUpFacts } from '../../../src/routing/geo-table.ts'
import { findRange } from '../../../src/routing/partition.ts'
import { clientAt } from '../../support/coverage-world.ts'

const random = seededRandom(23)
let geo: GeoSource
let columns: readonly CoverageColumn[]
let map: CoverageMap

beforeAll(async () => {
  geo = await loadRealGeo()
  // A dozen CDNs. The oracle tries prefixes one after the other, so most of them name few.
  columns = [...drawColumns(geo, 2, 8), ...drawColumns(geo, 10, 6, { seed: 2, size: 'narrow' })].map((column, i) => ({
    ...column,
    id: `cdn-${i}`,
  }))
  map = compileCoverage({ columns, geo: { general: geo.table, sources: new Map() }, geoVersion: '1' })
}, 60_000)

function sample<T>(count: number, draw: () => T): readonly T[] {
  return Array.from({ length: count }, draw)
}

function randomValue(bits: number): bigint {
  let value = 0n
  for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(Math.floor(random() * 2 ** 32))
  return value
}

function prefixesOf(footprint: Footprint): readonly Prefix[] {
  if (footprint.kind === 'global') return []
  return footprint.anyOf.flatMap(({ prefixes, excluded }) => [...(prefixes ?? []), ...(excluded?.prefixes ?? [])])
}

function written(): readonly Prefix[] {
  return columns.flatMap(({ footprints }) => footprints.flatMap(prefixesOf))
}

/** The address with both its neighbours, of which there are fewer at the ends of the address space. */
function around({ version, value }: Address): readonly Address[] {
  return [value - 1n, value, value + 1n]
    .filter((near) => near >= 0n && near < 1n << BigInt(addressBits(version)))
    .map((near) => ({ version, value: near }))
}

/** What every footprint says of this client: by the map, and by matching them one after the other. */
function answersAt(address: Address): { readonly mapped: Answer; readonly matched: Answer } {
  const client = clientAt(address, { general: geo.table, sources: new Map() })
  const classId = map.classOf(address)
  return {
    mapped: columns.map(({ id, footprints }) => {
      const found = new Map(map.outcome(classId, id)?.matches.map((match) => [match.footprint, matchAt(match, client)]))
      return footprints.map((_, i) => found.get(i))
    }),
    matched: columns.map(({ footprints }) => footprints.map((footprint) => matchFootprint(footprint, client))),
  }
}

type Answer = readonly (readonly (FootprintMatch | undefined)[])[]

/** Without the values, which the client's own facts tell: those may differ within a class. */
function withoutValues(answer: Answer): unknown {
  return answer.map((column) => column.map((match) => match && [match.type, match.prefixLength]))
}

describe('the map of real addresses', () => {
  test('knows the facts of the ranges in the files', () => {
    for (const { file, columns: names } of GEO_FILES) {
      const lines = readFileSync(file, 'latin1').trim().split('\n')
      for (const at of sample(500, () => Math.floor(random() * lines.length))) {
        for (const edge of rangeOf(lines[at]).edges) {
          const facts = lookUpFacts(geo.table, edge)
          const known = names?.[2] === 'asn' ? String(facts?.asn) : facts?.country
          expect([formatAddress(edge), known]).toEqual([formatAddress(edge), factAt(lines, at, edge)])
        }
      }
    }
  })

  test('says of thousands of clients what matchFootprint says, most of them at edges', () => {
    const prefixes = written()
    const drawPrefix = (): readonly Address[] => {
      const prefix = prefixes[Math.floor(random() * prefixes.length)]
      return prefix === undefined ? [] : [prefix, { version: prefix.version, value: lastValue(prefix) }]
    }
    const edges = [
      ...sample(500, () => ({ version: 4 as const, value: startOf(geo.table.v4, pickRange(geo.table.v4, random)) })),
      ...sample(300, () => ({ version: 6 as const, value: startOf(geo.table.v6, pickRange(geo.table.v6, random)) })),
      ...sample(150, drawPrefix).flat(),
    ]
    const anywhere = [4, 4, 6].flatMap((family) => {
      const version = family === 4 ? 4 : 6
      return sample(200, () => ({ version, value: randomValue(addressBits(version)) }) as const)
    })
    const clients = [...edges.flatMap(around), ...anywhere]
    expect(clients.length).toBeGreaterThan(3500)
    const wrong = clients.flatMap((client) => {
      const { mapped, matched } = answersAt(client)
      return isDeepStrictEqual(mapped, matched) ? [] : [{ client: formatAddress(client), mapped, matched }]
    })
    expect(wrong).toEqual([])
    expect(map.classCount).toBeGreaterThan(1000)
  })

  test('claims no prefix, as the scope of a DNS answer, in which another answer is right', () => {
    const prefixes = written()
    const clients = [
      ...sample(70, () => ({ version: 4 as const, value: randomValue(32) })),
      ...sample(40, () => ({ version: 4 as const, value: startOf(geo.table.v4, pickRange(geo.table.v4, random)) })),
      ...sample(40, () => ({ version: 6 as const, value: startOf(geo.table.v6, pickRange(geo.table.v6, random)) })),
    ]
    let wide = 0
    for (const client of clients) {
      const scope = map.widestPrefix(client)
      expect(containsAddress(scope, client)).toBe(true)
      const answer = withoutValues(answersAt(client).matched)
      const inside = addressesInside(scope, prefixes)
      if (inside.length > 2) wide++
      for (const other of inside) {
        if (isDeepStrictEqual(withoutValues(answersAt(other).matched), answer)) continue
        expect.fail(
          `${formatAddress(other)} of ${formatPrefix(scope)} has another answer than ${formatAddress(client)}`,
        )
      }
    }
    expect(wide).toBeGreaterThan(20)
  })
})

interface FileRange {
  readonly edges: readonly [Address, Address]
  readonly fact: string
}

function rangeOf(line = ''): FileRange {
  const [first, last, fact = ''] = line.split(',').map((field) => field.trim())
  const edges = [parseAddress(first ?? ''), parseAddress(last ?? '')] as const
  if (edges[0] === undefined || edges[1] === undefined) throw new Error(`"${line}" is no range`)
  return { edges: [edges[0], edges[1]], fact: fact.toLowerCase() }
}

/** What a file says of an address of the range in this line: where ranges overlap, the one that begins later counts. */
function factAt(lines: readonly string[], at: number, { value }: Address): string {
  let { fact } = rangeOf(lines[at])
  for (let i = at + 1; i < lines.length; i++) {
    const later = rangeOf(lines[i])
    if (later.edges[0].value > value) break
    if (later.edges[1].value >= value) fact = later.fact
  }
  return fact
}

/** Both ends of a prefix, any address of it, and where the data or a footprint changes in it. */
function addressesInside(prefix: Prefix, prefixes: readonly Prefix[]): readonly Address[] {
  const { version } = prefix
  const last = lastValue(prefix)
  const size = last - prefix.value + 1n
  if (size === 1n) return [prefix]
  const partition = version === 4 ? geo.table.v4 : geo.table.v6
  const values = [prefix.value, last, prefix.value + (randomValue(addressBits(version)) % size)]
  for (let range = findRange(partition, prefix) + 1; range < partition.count && values.length < 6; range++) {
    const start = startOf(partition, range)
    if (start > last) break
    values.push(start)
  }
  const within = prefixes.filter((inner) => containsAddress(prefix, inner)).slice(0, 3)
  return [...values.map((value) => ({ version, value })), ...within]
}
