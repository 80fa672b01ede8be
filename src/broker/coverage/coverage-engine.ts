import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { CoverageCompiler } from '../../routing/coverage/compile-coverage.ts'
import { encodeCoverage, openSealedCoverage } from '../../routing/coverage/coverage-file.ts'
import type { CoverageColumn } from '../../routing/coverage/coverage-map.ts'
import type { CoverageParts } from '../../routing/coverage/create-coverage-map.ts'
import { createCoverageMap } from '../../routing/coverage/create-coverage-map.ts'
import type { CoverageTally, TallyKey } from '../../routing/coverage/tally-coverage.ts'
import { tallyCoverage } from '../../routing/coverage/tally-coverage.ts'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import { whyShrunk } from '../../routing/geo-shrinkage.ts'
import type { GeoEdition, GeoSource } from '../../routing/geo-source.ts'
import { geoSourceOf, stackGeoSources } from '../../routing/geo-source.ts'
import type { GeoTable } from '../../routing/geo-table.ts'
import type { GeoFile } from '../../routing/load-geo-file.ts'
import { loadGeoFile } from '../../routing/load-geo-file.ts'
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
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether this is a trial that nothing remembers. */
  readonly trial: boolean
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
  /** Answers an encoded snapshot (`decodeCoverage`). */
  compile(order: CompileOrder): Promise<Uint8Array<ArrayBuffer>>
  /** Lays the map of these columns over the geo data. */
  tally(order: TallyOrder): Promise<Tallied>
}

/** Holds what the next compilation can use again: geo tables by file, footprints and compiled columns. */
export function createCoverageEngine(monotonic: () => number): CoverageEngine {
  const loaded = new Map<string, { readonly stamp: string; readonly source: GeoSource }>()
  const footprints = new Map<string, CoverageColumn['footprints']>()
  let compiler = new CoverageCompiler()
  let geo: GeoSource | undefined
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

  function build(columns: readonly EngineColumn[], general: GeoSource, trial: boolean): CoverageParts {
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
    const parts = using.compile({
      columns: wanted,
      geo: { general: general.table, sources },
      geoVersion: versionOf(general.editions, sourcesVersion),
    })
    if (!trial) {
      footprints.clear()
      for (const column of wanted) footprints.set(column.id, column.footprints)
      compiler = using
    }
    return parts
  }

  return {
    async loadGeo(loading) {
      if (geo === undefined && loading.keptAt !== undefined) geo = await keptGeo(loading.keptAt)
      const before = geo
      try {
        geo = await readFiles(loading)
      } catch (error) {
        if (geo === undefined || !(error instanceof GeoFileError)) throw error
        return { changed: false, editions: geo.editions, refused: error.message }
      }
      return { changed: geo !== before, editions: geo.editions }
    },

    setSources(tables) {
      sources = new Map(tables)
      sourcesVersion++
      return Promise.resolve()
    },

    async compile({ columns, now, trial }) {
      const started = monotonic()
      const general = geo ?? stackGeoSources([])
      const parts = build(columns, general, trial)
      return encodeCoverage({
        parts,
        geo: general.table,
        geoName: general.name,
        editions: general.editions,
        compiledAt: now,
        compileSeconds: (monotonic() - started) / 1000,
      })
    },

    tally({ columns, by, mostKeys }) {
      const general = geo ?? stackGeoSources([])
      const parts = build(columns, general, true)
      const tally = tallyCoverage(parts.joined, general.table, by, mostKeys)
      return Promise.resolve({ version: createCoverageMap(parts).version, ...tally })
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
