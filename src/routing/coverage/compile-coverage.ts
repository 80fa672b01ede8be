import type { CoverageGeo } from './column-facts.ts'
import { compileColumn } from './compile-column.ts'
import type { CoverageColumn, CoverageMap } from './coverage-map.ts'
import { createCoverageMap } from './create-coverage-map.ts'
import { joinColumns } from './join-columns.ts'

/** Everything that a map is made of. */
export interface CoverageInput {
  readonly columns: readonly CoverageColumn[]
  readonly geo: CoverageGeo
  /** Changes whenever the geo data does. */
  readonly geoVersion: string
}

/** Compiles the columns into a map, all of them anew. */
export function compileCoverage({ columns, geo, geoVersion }: CoverageInput): CoverageMap {
  const compiled = columns.map((column) => compileColumn(column, geo))
  const joined = joinColumns(compiled.map(({ v4, v6, outcomes }) => ({ v4, v6, outcomeCount: outcomes.length })))
  return createCoverageMap({ columns: compiled, joined, geoVersion })
}
