import type { FootprintSource, SourcedFacts } from '../fci/footprint-source.ts'
import type { Address } from '../fci/prefix.ts'
import type { FactTable } from './fact-table.ts'
import { FactInterner, factCount, factsAt } from './fact-table.ts'
import type { GeoFacts } from './geo-facts.ts'
import { completeCountry, completeFacts } from './geo-facts.ts'
import { PairInterner } from './pair-interner.ts'
import type { Partition } from './partition.ts'
import { findRange, overlayPartitions, relabelPartition, sharePartition, wholeSpace } from './partition.ts'
import { factsOfPlace, PlaceChanges } from './place-changes.ts'
import { shareFloats, shareWords } from './shared-arrays.ts'

/** Everything that a source knows: for every address the number of its facts. */
export interface GeoTable {
  readonly v4: Partition
  readonly v6: Partition
  readonly facts: FactTable
}

/** What the table knows of an address. */
export function lookUpFacts(table: GeoTable, address: Address): GeoFacts | undefined {
  const partition = address.version === 4 ? table.v4 : table.v6
  return factsAt(table.facts, partition.labels[findRange(partition, address)] ?? 0)
}

/** Knows nothing. */
export const EMPTY_GEO_TABLE: GeoTable = {
  v4: wholeSpace(4, 0),
  v6: wholeSpace(6, 0),
  facts: new FactInterner().build(),
}

/** The same table in memory that threads share, so that handing it over copies nothing but its places. */
export function shareGeoTable({ v4, v6, facts }: GeoTable): GeoTable {
  return {
    v4: sharePartition(v4),
    v6: sharePartition(v6),
    facts: { ...facts, asns: shareFloats(facts.asns), placeOf: shareWords(facts.placeOf) },
  }
}

/** Tables in order of trust as one: for every address what `stackGeoSources` says of it. */
export function stackGeoTables(tables: readonly GeoTable[]): GeoTable {
  const [first, ...others] = tables
  if (first === undefined) return EMPTY_GEO_TABLE
  return others.reduce((stack, next) => joinTables(stack, next), mapFacts(first, completeCountry))
}

/** The table with each of its facts replaced. What becomes of them does not depend on the AS number itself. */
function mapFacts(table: GeoTable, change: (facts: GeoFacts) => GeoFacts): GeoTable {
  const interner = new FactInterner()
  const { asns, placeOf } = table.facts
  const changed = new PlaceChanges(interner, (place, _, hasAsn) => {
    const facts = factsOfPlace(table.facts, place, hasAsn)
    return facts && change(facts)
  })
  const numbers = new Uint32Array(asns.length)
  for (let number = 0; number < numbers.length; number++) {
    const asn = asns[number] ?? -1
    numbers[number] = changed.intern(placeOf[number] ?? 0, asn, 0, -1)
  }
  return {
    v4: relabelPartition(table.v4, numbers),
    v6: relabelPartition(table.v6, numbers),
    facts: interner.build(),
  }
}

function joinTables(trusted: GeoTable, further: GeoTable): GeoTable {
  const interner = new FactInterner()
  const left = trusted.facts
  const right = further.facts
  const changed = new PlaceChanges(interner, (a, b, hasAsnA, hasAsnB) => {
    const known = factsOfPlace(left, a, hasAsnA)
    const added = factsOfPlace(right, b, hasAsnB)
    if (known === undefined) return added && completeCountry(added)
    return added === undefined ? known : completeFacts(known, added)
  })
  const pairs = new PairInterner(factCount(left) * 2)
  const numbers: number[] = []
  const join = (a: number, b: number): number => {
    const pair = pairs.intern(a, b)
    const known = numbers[pair]
    if (known !== undefined) return known
    const number = changed.intern(left.placeOf[a] ?? 0, left.asns[a] ?? -1, right.placeOf[b] ?? 0, right.asns[b] ?? -1)
    numbers.push(number)
    return number
  }
  return {
    v4: overlayPartitions(trusted.v4, further.v4, join),
    v6: overlayPartitions(trusted.v6, further.v6, join),
    facts: interner.build(),
  }
}

/** Tables of the sources that footprints name, by `sourceKey`. */
export type SourceTables = ReadonlyMap<string, GeoTable>

export function sourceKey({ type, uri }: Pick<FootprintSource, 'type' | 'uri'>): string {
  return `${type} ${uri}`
}

/** What these sources together know, each only of the facts that it is named for; an unknown source knows nothing. */
export function tableUnder(sources: readonly FootprintSource[], tables: SourceTables): GeoTable {
  const masked = sources.map((source) => {
    const table = tables.get(sourceKey(source)) ?? EMPTY_GEO_TABLE
    return mapFacts(table, (facts) => maskFacts(facts, source.facts))
  })
  return stackGeoTables(masked)
}

function maskFacts(facts: GeoFacts, wanted: FootprintSource['facts']): GeoFacts {
  const { asn, country, subdivision, source } = completeCountry(facts)
  return {
    ...(asn !== undefined && wanted.includes('asn') && { asn }),
    ...(country !== undefined && wanted.includes('country') && { country }),
    ...(subdivision !== undefined && wanted.includes('subdivision') && { subdivision }),
    source,
  }
}

/** The `under` of `ClientFacts` for this address, from the same tables. */
export function factsUnder(
  address: Address,
  tableOf: (sources: readonly FootprintSource[]) => GeoTable,
): (sources: readonly FootprintSource[]) => SourcedFacts {
  return (sources) => lookUpFacts(tableOf(sources), address) ?? {}
}
