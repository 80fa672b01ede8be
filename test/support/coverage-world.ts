import fc from 'fast-check'
import type { FootprintSource } from '../../src/fci/footprint-source.ts'
import type { ClientFacts } from '../../src/fci/match-footprint.ts'
import type { Address } from '../../src/fci/prefix.ts'
import type { CoverageColumn } from '../../src/routing/coverage/coverage-map.ts'
import type { CoverageGeo } from '../../src/routing/coverage/fact-space.ts'
import type { GeoTable } from '../../src/routing/geo-table.ts'
import { factsUnder, lookUpFacts, sourceKey, stackGeoTables, tableUnder } from '../../src/routing/geo-table.ts'
import type { PrefixFacts } from '../../src/routing/prefix-facts.ts'
import { tableOfPrefixes } from '../../src/routing/prefix-facts.ts'
import { anyConjunctions, anyFootprint, closePrefix, DATABASE, FEED } from './fci-arbitraries.ts'

const place = fc.constantFrom(
  {},
  { country: 'us' },
  { country: 'ca' },
  { country: 'de' },
  { country: 'us', subdivision: 'us-ny' },
  { country: 'us', subdivision: 'us-nj' },
  { country: 'ca', subdivision: 'ca-on' },
)

const entry: fc.Arbitrary<PrefixFacts> = fc
  .tuple(closePrefix, place, fc.constantFrom(undefined, 64496, 64497, 64498, 64499))
  .map(([prefix, where, asn]) => ({ prefix, facts: { ...where, ...(asn === undefined ? {} : { asn }) } }))

/** Tables of few prefixes in the small world of `closePrefix`. */
export const anyGeoTable: fc.Arbitrary<GeoTable> = fc
  .tuple(fc.array(entry, { maxLength: 12 }), fc.constantFrom('a', 'b'))
  .map(([entries, source]) => tableOfPrefixes(entries, source))

export const anyCoverageGeo: fc.Arbitrary<CoverageGeo> = fc
  .tuple(fc.array(anyGeoTable, { maxLength: 3 }), fc.array(anyGeoTable, { maxLength: 2 }))
  .map(([general, sources]) => ({
    general: stackGeoTables(general),
    sources: new Map(
      sources.flatMap((table, i) => {
        const source = [FEED, DATABASE][i]
        return source === undefined ? [] : [[sourceKey(source), table]]
      }),
    ),
  }))

/** Canonical footprints and such as nobody brought into canonical form. */
export const anyColumnFootprint = fc.oneof(
  anyFootprint,
  anyConjunctions.map((anyOf) => ({ kind: 'some' as const, anyOf })),
)

export const anyColumns: fc.Arbitrary<readonly CoverageColumn[]> = fc
  .array(fc.array(anyColumnFootprint, { maxLength: 4 }), { maxLength: 4 })
  .map((columns) => columns.map((footprints, i) => ({ id: `cdn-${i}`, version: '1', footprints })))

/** What a client at this address is, by the same tables. */
export function clientAt(address: Address, geo: CoverageGeo): ClientFacts {
  const { asn, country, subdivision } = lookUpFacts(geo.general, address) ?? {}
  return {
    address,
    ...(asn !== undefined && { asn }),
    ...(country !== undefined && { country }),
    ...(subdivision !== undefined && { subdivision }),
    under: factsUnder(address, (sources: readonly FootprintSource[]) => tableUnder(sources, geo.sources)),
  }
}
