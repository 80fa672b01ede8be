import type { Footprint } from '../../fci/footprint.ts'
import { CoverageFileError } from '../../routing/coverage/coverage-file.ts'
import type { CoverageColumn, CoverageMap } from '../../routing/coverage/coverage-map.ts'
import type { CoverageParts } from '../../routing/coverage/create-coverage-map.ts'
import { createCoverageMap } from '../../routing/coverage/create-coverage-map.ts'
import type { CoverageTally, TallyKey } from '../../routing/coverage/tally-coverage.ts'
import type { GeoSource } from '../../routing/geo-source.ts'
import { geoSourceOf, NO_GEO } from '../../routing/geo-source.ts'
import type { SourceTables } from '../../routing/geo-table.ts'
import type { GeoFile } from '../../routing/load-geo-file.ts'
import type { Log } from '../log.ts'
import type { CoverageEngine, EngineColumn } from './coverage-engine.ts'
import type { CoverageProgress, CoverageRefusal } from './coverage-state.ts'
import { readKept } from './kept-coverage.ts'
import { packFootprints } from './packed-footprints.ts'
import { watchSharedGarbage } from './shared-garbage.ts'

/** A map and the geo data that it was made of. Read both at once: they belong together. */
export interface HeldCoverage {
  readonly map: CoverageMap | undefined
  readonly geo: GeoSource
  /** Absent while there is no map. */
  readonly made?: {
    /** Milliseconds since the epoch. */
    readonly at: number
    readonly seconds: number
    /** Whether it was kept from before the last start and not made since. */
    readonly kept: boolean
    /** Since when the map has had each of its columns in this version; milliseconds since the epoch. */
    readonly columns: ReadonlyMap<string, number>
    /** Columns that could not be compiled, and why. */
    readonly skipped: ReadonlyMap<string, string>
  }
}

/** Keeps a map that fits the advertisements, the policy and the geo data; the last good one stays until then. */
export interface CoverageService extends AsyncDisposable {
  readonly current: () => HeldCoverage
  /** Makes a new map soon; changes that come together are one. */
  readonly changed: () => void
  /** Resolves when no change is waiting to be compiled, whether it could be or not. */
  readonly settled: () => Promise<void>
  /** Looks at the geo files, and compiles if they have changed. Never throws. */
  readonly reloadGeo: () => Promise<void>
  /** What the map would be with these columns besides; the one in use stays. */
  readonly compileWith: (extra: readonly CoverageColumn[]) => Promise<CoverageMap>
  /** Address space by country or AS number, and the map whose classes it names; undefined while there is none. */
  readonly tally: (by: TallyKey, mostKeys: number) => Promise<TalliedCoverage | undefined>
  /** Called after every swap; the result stops it. Listeners must not throw. */
  readonly onSwap: (listener: () => void) => () => void
  readonly progress: () => CoverageProgress
}

/** A tally, and the map whose classes its cells name. */
export interface TalliedCoverage extends CoverageTally {
  readonly map: CoverageMap
}

export interface CoverageServiceDeps {
  readonly engine: CoverageEngine & { readonly generation: () => number }
  /** What is to be compiled; one object of footprints for as long as they are the same. */
  readonly columns: () => readonly CoverageColumn[]
  readonly sources: () => SourceTables
  readonly geoFiles: readonly GeoFile[]
  readonly maxShrink: number
  /** Where the map is kept over restarts, if it is. */
  readonly keepAt?: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Lets others have a turn. */
  readonly pause: () => Promise<void>
  readonly log: Log
}

/** Starts with the kept map, if there is one, or waits for the first. Throws where there is no usable geo data. */
export async function startCoverage(deps: CoverageServiceDeps): Promise<CoverageService> {
  const { engine, keepAt, log } = deps
  const listeners = new Set<() => void>()
  let held: HeldCoverage = { map: undefined, geo: NO_GEO }
  let told = new Map<string, readonly Footprint[]>()
  let toldSources: SourceTables | undefined
  let generation = -1
  let isWaiting = false
  let work: Promise<void> = Promise.resolve()
  const watchGarbage = watchSharedGarbage()
  let heldGeo: number | undefined
  let keeping: Promise<void> = Promise.resolve()
  let geoRefused: CoverageRefusal | undefined
  let refused: CoverageRefusal | undefined
  let runs = 0

  function install(parts: CoverageParts, geo: GeoSource, made: { at: number; seconds: number; kept: boolean }): void {
    const former = new Map(held.map?.columns.map(({ id, version }) => [id, version]))
    const since = held.made?.columns
    const map = createCoverageMap(parts)
    watchGarbage(map, map.byteCount)
    held = {
      map,
      geo,
      made: {
        ...made,
        columns: new Map(
          map.columns.map(({ id, version }) => [
            id,
            (former.get(id) === version ? since?.get(id) : undefined) ?? made.at,
          ]),
        ),
        skipped: new Map(parts.skipped.map(({ id, why }) => [id, why])),
      },
    }
    for (const listener of listeners) listener()
  }

  async function restore(): Promise<void> {
    const kept = keepAt === undefined ? undefined : await readKept(keepAt)
    if (kept === undefined) return
    if (kept instanceof CoverageFileError) {
      log('coverage.refused', { reason: kept.message })
      return
    }
    const { parts, geoName, editions, geo, compiledAt, compileSeconds } = kept
    install(parts, geoSourceOf(geoName, editions, geo), { at: compiledAt, seconds: compileSeconds, kept: true })
    log('coverage.restored', {
      version: held.map?.version ?? '',
      ageSeconds: Math.max(0, Math.round((deps.now() - compiledAt) / 1000)),
    })
  }

  /** Tells each reason once. */
  function refuseGeo(reason: string | undefined): void {
    if (reason !== undefined && reason !== geoRefused?.because) log('geo.refused', { reason })
    geoRefused = reason === undefined ? undefined : refusal(reason, geoRefused)
  }

  function refusal(reason: string, before: CoverageRefusal | undefined): CoverageRefusal {
    return before?.because === reason ? before : { since: deps.now(), because: reason }
  }

  /** Tells the engine what a new thread cannot know. */
  async function prepare(): Promise<boolean> {
    const isNew = engine.generation() !== generation
    generation = engine.generation()
    if (isNew) {
      told = new Map()
      toldSources = undefined
      heldGeo = undefined
    }
    const { geoFiles: files, maxShrink } = deps
    const loaded = await engine.loadGeo({ files, maxShrink, ...(keepAt !== undefined && { keptAt: keepAt }) })
    refuseGeo(loaded.refused)
    if (loaded.refused === undefined && loaded.changed) {
      for (const { name, version, entries, warnings } of loaded.editions) {
        log('geo.loaded', { source: name, version, entries, warnings: warnings.length })
      }
    }
    return loaded.changed || isNew
  }

  async function pack(columns: readonly CoverageColumn[]): Promise<readonly EngineColumn[]> {
    const packed: EngineColumn[] = []
    for (const { id, version, footprints } of columns) {
      packed.push(
        told.get(id) === footprints
          ? { id, version }
          : { id, version, footprints: await packFootprints(footprints, deps.pause) },
      )
    }
    return packed
  }

  async function tellSources(): Promise<void> {
    const sources = deps.sources()
    if (sources === toldSources) return
    await engine.setSources([...sources])
    toldSources = sources
  }

  async function compile(): Promise<void> {
    await tellSources()
    const columns = deps.columns()
    const packed = await pack(columns)
    if (engine.generation() !== generation) throw new Error('the coverage thread has ended')
    const order = { columns: packed, trial: false, ...(heldGeo !== undefined && { heldGeo }) }
    const { parts, seconds, geoNumber, geo } = await engine.compile(order)
    told = new Map(columns.map(({ id, footprints }) => [id, footprints]))
    heldGeo = geoNumber
    const at = deps.now()
    const source = geo === undefined ? held.geo : geoSourceOf(geo.name, geo.editions, geo.table)
    install(parts, source, { at, seconds, kept: false })
    for (const { id, why } of parts.skipped) log('coverage.skipped', { column: id, reason: why })
    keep(at)
    log('coverage.compiled', {
      version: held.map?.version ?? '',
      classes: held.map?.classCount ?? 0,
      ranges: held.map?.rangeCount ?? 0,
      seconds: held.made?.seconds ?? 0,
    })
  }

  /** Writes the map that is newest by then; one write at a time. A full disk must not stop look-ups. */
  function keep(compiledAt: number): void {
    if (keepAt === undefined) return
    const { map } = held
    keeping = keeping.then(async () => {
      if (held.map !== map) return
      try {
        await engine.keep({ file: keepAt, compiledAt })
      } catch (error) {
        log('coverage.not-kept', { file: keepAt, reason: messageOf(error) })
      }
    })
  }

  async function run(isAgain = false): Promise<void> {
    isWaiting = false
    try {
      if (engine.generation() !== generation) await prepare()
      await compile()
      refused = undefined
    } catch (error) {
      // A thread that has died leaves the work to the next one, which need not fail as well.
      if (engine.generation() !== generation && !isAgain) return run(true)
      const reason = messageOf(error)
      if (reason !== refused?.because) log('coverage.failed', { reason })
      refused = refusal(reason, refused)
    }
    runs--
  }

  function changed(): void {
    if (isWaiting) return
    isWaiting = true
    runs++
    work = work.then(() => run())
  }

  await restore()
  await prepare()
  changed()
  if (held.map === undefined) await work

  return {
    current: () => held,
    changed,
    settled: () => work,
    async reloadGeo() {
      try {
        if (await prepare()) changed()
      } catch (error) {
        refuseGeo(messageOf(error))
      }
    },
    async compileWith(extra) {
      const columns = [...deps.columns(), ...extra]
      const map = createCoverageMap((await engine.compile({ columns: await pack(columns), trial: true })).parts)
      watchGarbage(map, map.byteCount)
      return map
    },
    async tally(by, mostKeys) {
      const { map } = held
      if (map === undefined) return undefined
      const columns = await pack(deps.columns())
      const { version, ...tally } = await engine.tally({ columns, by, mostKeys })
      // A compilation came between: its map is about to be installed.
      if (version !== map.version) await work
      const fitting = version === map.version ? map : held.map
      if (fitting?.version !== version) throw new Error('the coverage map changes faster than it can be tallied')
      return { map: fitting, ...tally }
    },
    onSwap: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    progress: () => ({
      compiling: runs > 0,
      ...(refused === undefined ? {} : { refused }),
      ...(geoRefused === undefined ? {} : { geoRefused }),
    }),
    async [Symbol.asyncDispose]() {
      await work
      await keeping
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
