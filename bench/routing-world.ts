import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Conjunction, Footprint } from '../src/fci/footprint.ts'
import { footprintOf, GLOBAL } from '../src/fci/footprint-algebra.ts'
import type { Prefix } from '../src/fci/prefix.ts'
import { prefixOf, valueOfWords } from '../src/fci/prefix.ts'
import { ALL_PREFIXES } from '../src/fci/prefix-set.ts'
import type { CoverageColumn } from '../src/routing/coverage/coverage-map.ts'
import type { GeoSource } from '../src/routing/geo-source.ts'
import { stackGeoSources } from '../src/routing/geo-source.ts'
import type { GeoFile } from '../src/routing/load-geo-file.ts'
import { loadGeoFile } from '../src/routing/load-geo-file.ts'
import type { Partition } from '../src/routing/partition.ts'
import { wordsPerAddress } from '../src/routing/partition.ts'
import { seededRandom } from './fci-advertisement.ts'

const require = createRequire(import.meta.url)

/** Real data, from development dependencies: AS numbers (CC BY 4.0) and countries (CC0) of hundreds of thousands of ranges. */
export const GEO_FILES: readonly GeoFile[] = [
  { file: dataFile('@ip-location-db/asn', 'asn-ipv4.csv'), format: 'ranges', columns: ['start', 'end', 'asn'] },
  { file: dataFile('@ip-location-db/asn', 'asn-ipv6.csv'), format: 'ranges', columns: ['start', 'end', 'asn'] },
  ...(['ipv4', 'ipv6'] as const).map(
    (family): GeoFile => ({
      file: dataFile('@ip-location-db/geo-whois-asn-country', `geo-whois-asn-country-${family}.csv`),
      format: 'ranges',
      columns: ['start', 'end', 'country'],
    }),
  ),
]

export async function loadRealGeo(): Promise<GeoSource> {
  const sources: GeoSource[] = []
  for (const file of GEO_FILES) sources.push(await loadGeoFile(file))
  return stackGeoSources(sources)
}

export interface DrawOptions {
  readonly seed?: number
  /** Narrow: each footprint names a few networks or a country, as those of single sites do. */
  readonly size?: 'wide' | 'narrow'
}

/** CDNs with footprints of all types, which name countries, AS numbers and prefixes that there are. */
export function drawColumns(
  geo: GeoSource,
  cdns: number,
  footprints: number,
  options: DrawOptions = {},
): readonly CoverageColumn[] {
  const random = seededRandom(options.seed ?? 1)
  const draw = drawer(geo, random)
  return Array.from({ length: cdns }, (_, cdn) => ({
    id: `cdn-${cdn}`,
    version: '1',
    footprints: Array.from({ length: footprints }, (__, i) =>
      (options.size === 'narrow' ? drawNarrow : drawFootprint)(i, draw),
    ),
  }))
}

interface Drawer {
  readonly prefixes: (count: number) => readonly Prefix[]
  readonly countries: (count: number) => readonly string[]
  readonly asns: (count: number) => readonly number[]
}

function drawFootprint(number: number, draw: Drawer): Footprint {
  const conjunctions: readonly (() => readonly Conjunction[])[] = [
    () => [{ prefixes: draw.prefixes(2000) }],
    () => [{ countries: draw.countries(20) }],
    () => [{ asns: draw.asns(200) }],
    () => [{ countries: draw.countries(5), asns: draw.asns(300) }, { prefixes: draw.prefixes(50) }],
    () => [{ prefixes: ALL_PREFIXES, excluded: { countries: draw.countries(5), prefixes: draw.prefixes(20) } }],
    () => [{ prefixes: ALL_PREFIXES, expressions: [`( ep.asn % 7 ) == ${number % 7}`] }],
    () => [
      { subdivisions: ['us-ny', 'us-ca', 'ca-on'] },
      { countries: draw.countries(3), prefixes: draw.prefixes(100) },
    ],
  ]
  const chosen = conjunctions[number % (conjunctions.length + 1)]
  return chosen === undefined ? GLOBAL : footprintOf(chosen())
}

function drawNarrow(number: number, draw: Drawer): Footprint {
  const conjunctions: readonly (() => Conjunction)[] = [
    () => ({ prefixes: draw.prefixes(20) }),
    () => ({ countries: draw.countries(1) }),
    () => ({ asns: draw.asns(5) }),
    () => ({ countries: draw.countries(2), asns: draw.asns(20) }),
    () => ({ countries: draw.countries(1), excluded: { prefixes: draw.prefixes(5) } }),
  ]
  const chosen = conjunctions[number % conjunctions.length]
  return chosen === undefined ? GLOBAL : footprintOf([chosen()])
}

function drawer({ table }: GeoSource, random: () => number): Drawer {
  const countries = [...new Set(table.facts.places.flatMap(({ country }) => country ?? []))]
  const asns = [...new Set(table.facts.asns)].filter((asn) => asn >= 0)
  const many = <T>(count: number, values: readonly T[]): readonly T[] =>
    Array.from({ length: count }, () => values[Math.floor(random() * values.length)]).filter(
      (value) => value !== undefined,
    )
  const prefix = (): Prefix => {
    const partition = random() < 0.8 ? table.v4 : table.v6
    const length = partition.version === 4 ? 16 + Math.floor(random() * 9) : 32 + Math.floor(random() * 17)
    return prefixOf({ version: partition.version, value: startOf(partition, pickRange(partition, random)) }, length)
  }
  return {
    prefixes: (count) => Array.from({ length: count }, prefix),
    countries: (count) => many(count, countries),
    asns: (count) => many(count, asns),
  }
}

export function pickRange({ count }: Partition, random: () => number): number {
  return Math.floor(random() * count)
}

export function startOf({ version, starts }: Partition, range: number): bigint {
  return valueOfWords(version, starts, range * wordsPerAddress(version))
}

function dataFile(name: string, file: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), file)
}
