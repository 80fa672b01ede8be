import { type FootprintSource, type SourcedFacts, textOfSources } from '../../fci/footprint-source.ts'
import type { Address } from '../../fci/prefix.ts'
import { factsUnder, type GeoTable, type SourceTables, tableUnder } from '../../routing/geo-table.ts'

/** What sources that footprints name say of an address: the `under` of `ClientFacts`. */
export type SourceFacts = (address: Address) => (sources: readonly FootprintSource[]) => SourcedFacts

/** Joins the tables of a set of sources once, and again when the tables are others. */
export function createSourceFacts(tables: () => SourceTables): SourceFacts {
  let joinedFrom: SourceTables | undefined
  const joined = new Map<string, GeoTable>()
  const tableOf = (sources: readonly FootprintSource[]): GeoTable => {
    const current = tables()
    if (current !== joinedFrom) {
      joined.clear()
      joinedFrom = current
    }
    const key = textOfSources(sources)
    const known = joined.get(key)
    if (known !== undefined) return known
    const table = tableUnder(sources, current)
    joined.set(key, table)
    return table
  }
  return (address) => factsUnder(address, tableOf)
}
