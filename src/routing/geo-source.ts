import type { Address } from '../fci/prefix.ts'
import type { GeoFacts } from './geo-facts.ts'
import type { GeoTable } from './geo-table.ts'
import { lookUpFacts, stackGeoTables } from './geo-table.ts'

/** Tells the AS number, country and subdivision of an address. */
export interface GeoSource {
  readonly name: string
  /** What this source, or each source of a stack, is made of. */
  readonly editions: readonly GeoEdition[]
  /** Quick and synchronous; undefined if nothing is known. */
  readonly lookup: (address: Address) => GeoFacts | undefined
  /** The same for all addresses at once. */
  readonly table: GeoTable
}

/** Which data a source serves, for operators and for decision records. */
export interface GeoEdition {
  readonly name: string
  /** Changes whenever the data does. */
  readonly version: string
  /** When the data was made, or last written if it does not say; milliseconds since the epoch. */
  readonly builtAt: number
  readonly entries: number
  /** What was wrong with the data and left out, in words; bounded. */
  readonly warnings: readonly string[]
}

/** A source that answers from a table. */
export function geoSourceOf(name: string, editions: readonly GeoEdition[], table: GeoTable): GeoSource {
  return { name, editions, table, lookup: (address) => lookUpFacts(table, address) }
}

/** Sources in order of trust: each fact comes from the first that knows it. */
export function stackGeoSources(sources: readonly GeoSource[]): GeoSource {
  return geoSourceOf(
    sources.map(({ name }) => name).join('+'),
    sources.flatMap(({ editions }) => editions),
    stackGeoTables(sources.map(({ table }) => table)),
  )
}

/** A source that knows nothing: only address footprints and global ones will match. */
export const NO_GEO: GeoSource = stackGeoSources([])
