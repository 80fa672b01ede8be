import type { FootprintSource } from '../../fci/footprint-source.ts'
import { textOfSources } from '../../fci/footprint-source.ts'
import { factCount } from '../fact-table.ts'
import type { GeoTable, SourceTables } from '../geo-table.ts'
import { tableUnder } from '../geo-table.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions } from '../partition.ts'

/** What the compilation needs to know of clients, besides their addresses. */
export interface CoverageGeo {
  readonly general: GeoTable
  /** Of the sources that footprints name ([NF] 3.2). */
  readonly sources: SourceTables
}

/** What all tables that columns look at say of every address, by one number for each combination. */
export interface FactSpace {
  readonly v4: Partition
  readonly v6: Partition
  readonly count: number
  readonly general: GeoTable
  /** By number: that of the facts in the general table. Absent: the same. */
  readonly generalAt?: Uint32Array
  /** By text of the sources. */
  readonly layers: ReadonlyMap<string, FactLayer>
}

/** What a set of sources says. */
export interface FactLayer {
  readonly table: GeoTable
  /** By number of the space: that of the facts in the table. */
  readonly at: Uint32Array
}

/** @param sets - each set of sources that a column names; equal ones are one. */
export function buildFactSpace(geo: CoverageGeo, sets: readonly (readonly FootprintSource[])[]): FactSpace {
  const { general } = geo
  const bare: FactSpace = {
    v4: general.v4,
    v6: general.v6,
    count: factCount(general.facts),
    general,
    layers: new Map(),
  }
  const distinct = new Map(sets.map((sources) => [textOfSources(sources), sources]))
  return [...distinct].reduce((space, [text, sources]) => addLayer(space, text, tableUnder(sources, geo.sources)), bare)
}

/** Whether the space tells what these sources say. */
export function hasLayers({ layers }: FactSpace, sets: readonly (readonly FootprintSource[])[]): boolean {
  return sets.every((sources) => layers.has(textOfSources(sources)))
}

function addLayer(space: FactSpace, text: string, table: GeoTable): FactSpace {
  const pairs = new PairInterner(1024)
  const join = (a: number, b: number): number => pairs.intern(a, b)
  const v4 = overlayPartitions(space.v4, table.v4, join)
  const v6 = overlayPartitions(space.v6, table.v6, join)
  const before = Uint32Array.from({ length: pairs.count }, (_, number) => pairs.first(number))
  const renumbered = (at: Uint32Array): Uint32Array => before.map((number) => at[number] ?? 0)
  return {
    v4,
    v6,
    count: pairs.count,
    general: space.general,
    generalAt: space.generalAt === undefined ? before : renumbered(space.generalAt),
    layers: new Map<string, FactLayer>([
      ...[...space.layers].map(([key, layer]): [string, FactLayer] => [
        key,
        { table: layer.table, at: renumbered(layer.at) },
      ]),
      [text, { table, at: Uint32Array.from(before, (_, number) => pairs.second(number)) }],
    ]),
  }
}
