import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { CoverageService } from '../src/broker/coverage/coverage-service.ts'
import { startCoverage } from '../src/broker/coverage/coverage-service.ts'
import { startCoverageThread } from '../src/broker/coverage/coverage-thread.ts'
import type { CoverageColumn } from '../src/routing/coverage/coverage-map.ts'
import type { GeoTable } from '../src/routing/geo-table.ts'
import type { RunBenchmark } from './benchmark-command.ts'
import { drawColumns, GEO_FILES, loadRealGeo } from './routing-world.ts'
import { median } from './statistics.ts'

const CDNS = 8
const FOOTPRINTS = 25
/** How often the delay of the event loop is looked at; it is part of every delay. */
const RESOLUTION_MS = 1

/**
 * What it costs to make a map of real databases, 8 CDNs and 200 footprints in its thread, beside an idle main thread.
 * `compile_seconds`: from the order to the first answer, everything compiled anew; `compile_max_block_ms`: the longest
 * that the main thread did nothing else meanwhile; `compile_mib`: growth of the process at its peak; `update_seconds`:
 * from one changed advertisement to the first new answer; `geo_load_seconds`: reading the databases.
 */
export const run: RunBenchmark = async ({ quick, signal, log }) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-coverage-'))
  const geo = await loadRealGeo()
  const drawn = [1, 2].map((seed) => drawColumns(geo, CDNS, FOOTPRINTS, { seed }))
  const [first = [], second = []] = drawn
  const sources = new Map<string, GeoTable>()
  let columns: readonly CoverageColumn[] = []
  const thread = startCoverageThread(new URL('./coverage-worker.mjs', import.meta.url))
  try {
    const started = performance.now()
    await using service = await startCoverage({
      engine: thread,
      columns: () => columns,
      sources: () => sources,
      geoFiles: GEO_FILES,
      maxShrink: 0.5,
      keepAt: join(folder, 'coverage'),
      now: Date.now,
      pause: () => setImmediate(),
      log: (event, fields) => {
        if (fields?.['reason'] !== undefined) log(`${event}: ${fields['reason']}`)
      },
    })
    const loadSeconds = (performance.now() - started) / 1000
    const full: Measured[] = []
    const update: Measured[] = []
    for (let round = 0; round < (quick ? 1 : 7); round++) {
      signal.throwIfAborted()
      const base = round % 2 === 0 ? first : second
      columns = base.map((column) => ({ ...column, version: `${round}`, footprints: [...column.footprints] }))
      full.push(await measure(service))
      columns = columns.map((column, i) =>
        i === 0 ? { ...column, version: `${round}+`, footprints: [...(second[i]?.footprints ?? [])] } : column,
      )
      update.push(await measure(service))
    }
    const results = {
      compile_seconds: median(full.map(({ seconds }) => seconds)),
      compile_max_block_ms: median(full.map(({ blockMs }) => blockMs)),
      compile_mib: median(full.map(({ mib }) => mib)),
      update_seconds: median(update.map(({ seconds }) => seconds)),
      geo_load_seconds: loadSeconds,
    }
    for (const [key, value] of Object.entries(results)) log(`${key}: ${value.toFixed(3)}`)
    return results
  } finally {
    await thread[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  }
}

interface Measured {
  readonly seconds: number
  readonly blockMs: number
  readonly mib: number
}

/** One compilation: from the change to the first answer of the new map. */
async function measure(service: CoverageService): Promise<Measured> {
  // What the former round left behind is not counted.
  await setTimeout(300)
  const before = process.memoryUsage.rss()
  let peak = before
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  const former = service.current()
  const started = performance.now()
  service.changed()
  await service.settled()
  const { map } = service.current()
  const answered = map?.outcome(map.classOfText('192.0.2.1'), 'cdn-0')
  const seconds = (performance.now() - started) / 1000
  await setImmediate()
  delays.disable()
  clearInterval(sampler)
  if (answered === undefined || service.current() === former) {
    throw new Error(`there is no new map: ${service.progress().refused?.because ?? 'nothing was compiled'}`)
  }
  return { seconds, blockMs: delays.max / 1e6 - RESOLUTION_MS, mib: (peak - before) / 2 ** 20 }
}
