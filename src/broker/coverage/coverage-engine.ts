import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { CoverageInput } from '../../routing/coverage/compile-coverage.ts'
import { CoverageCompiler } from '../../routing/coverage/compile-coverage.ts'
import type { CoverageSnapshot } from '../../routing/coverage/coverage-file.ts'
import { openSealedCoverage } from '../../routing/coverage/coverage-file.ts'
import type { CoverageColumn } from '../../routing/coverage/coverage-map.ts'
import type { CoverageParts } from '../../routing/coverage/create-coverage-map.ts'
import { coverageVersion } from '../../routing/coverage/create-coverage-map.ts'
import { shareCoverage } from '../../routing/coverage/share-coverage.ts'
import type { CoverageTally, TallyKey } from '../../routing/coverage/tally-coverage.ts'
import { tallyCoverage } from '../../routing/coverage/tally-coverage.ts'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import { whyShrunk } from '../../routing/geo-shrinkage.ts'
import type { GeoEdition, GeoSource } from '../../routing/geo-source.ts'
import { geoSourceOf, NO_GEO, stackGeoSources } from '../../routing/geo-source.ts'
import type { GeoTable } from '../../routing/geo-table.ts'
import { shareGeoTable } from '../../routing/geo-table.ts'
import type { GeoFile } from '../../routing/load-geo-file.ts'
import { loadGeoFile } from '../../routing/load-geo-file.ts'
import { writeKept } from './kept-coverage.ts'
import type { PackedFootprints } from './packed-footprints.ts'
import { unpackFootprints } from './packed-footprints.ts'

/** A column as the engine is told of it; without footprints it is the one told last under this id. */
export interface EngineColumn {
  readonly id: string
  readonly version: string
  readonly footprints?: PackedFootprints
}

export interface GeoLoading {
  readonly files: readonly GeoFile[]
  /** See `whyShrunk`. */
  readonly maxShrink: number
  /** A kept map, whose geo data the files are compared with, and used if the files must not be. */
  readonly keptAt?: string
}

export interface GeoLoaded {
  /** Whether the data is other than before. */
  readonly changed: boolean
  readonly editions: readonly GeoEdition[]
  /** Why the files were not used, and the former data stays. */
  readonly refused?: string
}

export interface CompileOrder {
  readonly columns: readonly EngineColumn[]
  /** Whether this is a trial that nothing remembers. */
  readonly trial: boolean
  /** Number of the geo data that the caller has; of these the answer says nothing. */
  readonly heldGeo?: number
}

/** A map, made of arrays that threads share. */
export interface Compiled {
  readonly parts: CoverageParts
  readonly seconds: number
  /** Changes with the geo data. */
  readonly geoNumber: number
  /** Absent for trials, and if the caller has them. */
  readonly geo?: CompiledGeo
}

export interface CompiledGeo {
  readonly name: string
  readonly editions: readonly GeoEdition[]
  readonly table: GeoTable
}

export interface KeepOrder {
  readonly file: string
  /** Milliseconds since the epoch. */
  readonly compiledAt: number
}

export interface TallyOrder {
  readonly columns: readonly EngineColumn[]
  readonly by: TallyKey
  readonly mostKeys: number
}

export interface Tallied extends CoverageTally {
  /** Of the map whose classes the cells name. */
  readonly version: string
}

/** What makes maps, in a thread of its own or, in tests, in this one. */
export interface CoverageEngine {
  /** Reads the files that have changed. Throws an error with a message for the operator if there is no data at all. */
  loadGeo(loading: GeoLoading): Promise<GeoLoaded>
  /** Takes the tables of the sources that footprints name, in place of all former ones. */
  setSources(tables: readonly (readonly [string, GeoTable])[]): Promise<void>
  compile(order: CompileOrder): Promise<Compiled>
  /** Writes the map compiled last, trials apart, and its geo data, in slices. */
  keep(order: KeepOrder): Promise<void>
  /** Lays the map of these columns over the geo data. */
  tally(order: TallyOrder): Promise<Tallied>
}

/**
 * Holds what the next compilation can use again: geo tables by file, footprints and compiled columns.
 * @param monotonic - milliseconds since anything.
 * @param pause - lets others have a turn.
 */
export function createCoverageEngine(monotonic: () => number, pause: () => Promise<void>): CoverageEngine {
  const loaded = new Map<string, { readonly stamp: string; readonly source: GeoSource }>()
  const footprints = new Map<string, CoverageColumn['footprints']>()
  let compiler = new CoverageCompiler()
  let geo: GeoSource | undefined
  let geoNumber = 0
  let newest: Omit<CoverageSnapshot, 'compiledAt'> | undefined
  let sources: ReadonlyMap<string, GeoTable> = new Map()
  let sourcesVersion = 0

  async function readFiles({ files, maxShrink }: GeoLoading): Promise<GeoSource> {
    const former = new Map(geo?.editions.map((edition) => [edition.name, edition]))
    const read: GeoSource[] = []
    const fresh: [string, { readonly stamp: string; readonly source: GeoSource }][] = []
    for (const file of files) {
      const stamp = await stampOf(file)
      const known = loaded.get(file.file)
      const source = known?.stamp === stamp ? known.source : await loadGeoFile(file)
      const [edition] = source.editions
      const before = edition && former.get(edition.name)
      const why = edition && before && whyShrunk(before, edition, maxShrink)
      if (why !== undefined) throw new GeoFileError(file.file, why)
      read.push(source)
      fresh.push([file.file, { stamp, source }])
    }
    const isSame = geo !== undefined && fresh.every(([path, { source }]) => loaded.get(path)?.source === source)
    for (const [path, held] of fresh) loaded.set(path, held)
    return isSame && geo !== undefined && geo.editions.length === read.length ? geo : stackGeoSources(read)
  }

  function useGeo(source: GeoSource | undefined): void {
    if (source === undefined || source === geo) return
    geo = geoSourceOf(source.name, source.editions, shareGeoTable(source.table))
    geoNumber++
  }

  function compileWith<T>(
    columns: readonly EngineColumn[],
    general: GeoSource,
    trial: boolean,
    run: (compiler: CoverageCompiler, input: CoverageInput) => T,
  ): T {
    for (const column of columns) {
      if (column.footprints === undefined) continue
      if (!trial) compiler.forget(column.id)
    }
    const given = new Map(
      columns.flatMap(({ id, footprints: packed }) => (packed === undefined ? [] : [[id, unpackFootprints(packed)]])),
    )
    const wanted = columns.map(
      ({ id, version }): CoverageColumn => ({
        id,
        version,
        footprints: given.get(id) ?? footprints.get(id) ?? missing(id),
      }),
    )
    const using = trial ? compiler.fork(given.keys()) : compiler
    const input = {
      columns: wanted,
      geo: { general: general.table, sources },
      geoVersion: versionOf(general.editions, sourcesVersion),
    }
    let result: T
    try {
      result = run(using, input)
    } catch (error) {
      // What it holds may be half done.
      compiler = new CoverageCompiler()
      throw error
    }
    if (!trial) {
      footprints.clear()
      for (const column of wanted) footprints.set(column.id, column.footprints)
      compiler = using
    }
    return result
  }

  return {
    async loadGeo(loading) {
      if (geo === undefined && loading.keptAt !== undefined) useGeo(await keptGeo(loading.keptAt))
      const before = geo
      try {
        useGeo(await readFiles(loading))
      } catch (error) {
        if (geo === undefined || !(error instanceof GeoFileError)) throw error
        return { changed: false, editions: geo.editions, refused: error.message }
      }
      return { changed: geo !== before, editions: geo?.editions ?? [] }
    },

    setSources(tables) {
      sources = new Map(tables)
      sourcesVersion++
      return Promise.resolve()
    },

    async compile({ columns, trial, heldGeo }) {
      const started = monotonic()
      const general = geo ?? NO_GEO
      const parts = shareCoverage(compileWith(columns, general, trial, (using, input) => using.compile(input)))
      const { name, editions, table } = general
      const seconds = (monotonic() - started) / 1000
      if (!trial) newest = { parts, geo: table, geoName: name, editions, compileSeconds: seconds }
      return {
        parts,
        seconds,
        geoNumber,
        ...(!trial && heldGeo !== geoNumber && { geo: { name, editions, table } }),
      }
    },

    async keep({ file, compiledAt }) {
      if (newest === undefined) throw new Error('there is no map to keep')
      await writeKept(file, { ...newest, compiledAt }, pause)
    },

    tally({ columns, by, mostKeys }) {
      const general = geo ?? NO_GEO
      const evaluated = compileWith(columns, general, true, (using, input) => using.evaluate(input))
      const tally = tallyCoverage(evaluated.joined, general.table, by, mostKeys)
      return Promise.resolve({ version: coverageVersion(evaluated.columns, evaluated.geoVersion), ...tally })
    },
  }
}

async function keptGeo(path: string): Promise<GeoSource | undefined> {
  try {
    const file = await readFile(path)
    const { geo, geoName, editions } = openSealedCoverage(new Uint8Array(file))
    return geoSourceOf(geoName, editions, geo)
  } catch {
    // Whoever reads the map itself says what is wrong with it.
    return undefined
  }
}

async function stampOf({ file, format, columns }: GeoFile): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return [mtimeMs, size, ino, format, columns?.join()].join(' ')
  } catch (error) {
    throw new GeoFileError(file, 'it cannot be read', error)
  }
}

function versionOf(editions: readonly GeoEdition[], sourcesVersion: number): string {
  const parts = [...editions.map(({ name, version }) => [name, version]), sourcesVersion]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

function missing(id: string): never {
  throw new Error(`the coverage engine was never told the footprints of ${id}`)
}
