import type { CoverageGeo } from './column-facts.ts'
import type { CompiledColumn } from './compile-column.ts'
import { compileColumn } from './compile-column.ts'
import type { CoverageColumn, CoverageMap } from './coverage-map.ts'
import type { CoverageParts } from './create-coverage-map.ts'
import { buildCoverageTables, createCoverageMap } from './create-coverage-map.ts'
import { joinColumns } from './join-columns.ts'
import { packOutcomes } from './outcome-columns.ts'
import { CoverageLimitError } from './outcome-interner.ts'

/** Everything that a map is made of. */
export interface CoverageInput {
  readonly columns: readonly CoverageColumn[]
  readonly geo: CoverageGeo
  /** Changes whenever the geo data does. */
  readonly geoVersion: string
}

/** Compiles the columns into a map. */
export function compileCoverage(input: CoverageInput): CoverageMap {
  return createCoverageMap(new CoverageCompiler().compile(input))
}

/** Compiles again and again, only what has changed since the last time. */
export class CoverageCompiler {
  #geoVersion: string | undefined
  #columns: ReadonlyMap<string, CompiledColumn> = new Map()

  /** Compiles this column anew next time, whatever its version. */
  forget(id: string): void {
    this.#columns = new Map([...this.#columns].filter(([known]) => known !== id))
  }

  /** Another compiler that knows the same columns but these; what it compiles stays with it. */
  fork(without: Iterable<string>): CoverageCompiler {
    const fork = new CoverageCompiler()
    const left = new Set(without)
    fork.#geoVersion = this.#geoVersion
    fork.#columns = new Map([...this.#columns].filter(([id]) => !left.has(id)))
    return fork
  }

  compile({ columns, geo, geoVersion }: CoverageInput): CoverageParts {
    const former = geoVersion === this.#geoVersion ? this.#columns : new Map<string, CompiledColumn>()
    // What cannot be used again makes room first.
    this.#columns = former
    const skipped: CoverageParts['skipped'][number][] = []
    const compiled = columns.flatMap((column) => {
      const known = former.get(column.id)
      if (known?.version === column.version) return [known]
      try {
        return [compileColumn(column, geo)]
      } catch (error) {
        if (!(error instanceof CoverageLimitError)) throw error
        skipped.push({ id: column.id, why: error.message })
        return []
      }
    })
    this.#geoVersion = geoVersion
    this.#columns = new Map(compiled.map((column) => [column.id, column]))
    const joined = joinColumns(compiled.map(({ v4, v6, outcomes }) => ({ v4, v6, outcomeCount: outcomes.length })))
    return {
      columns: compiled.map(({ id, version, outcomes }) => ({ id, version, outcomes: packOutcomes(outcomes) })),
      joined,
      tables: buildCoverageTables(joined),
      skipped,
      geoVersion,
    }
  }
}
