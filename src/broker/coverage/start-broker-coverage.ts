import { setImmediate } from 'node:timers/promises'
import type { CoverageColumn } from '../../routing/coverage/coverage-map.ts'
import { indexFootprints } from '../../routing/footprint-indexing.ts'
import type { SourceTables } from '../../routing/geo-table.ts'
import type { AdvertisementBoard } from '../advertisements/advertisement-board.ts'
import type { Config } from '../config/config-schema.ts'
import type { Log } from '../log.ts'
import { repeat } from '../repeat.ts'
import type { CoverageService } from './coverage-service.ts'
import { startCoverage } from './coverage-service.ts'
import type { CoverageThread } from './coverage-thread.ts'

export interface BrokerCoverageDeps {
  /** Stays the caller's to dispose, after the service. */
  readonly engine: CoverageThread
  readonly config: Pick<Config, 'geo' | 'routing' | 'store' | 'providers'>
  readonly advertisements: Pick<AdvertisementBoard, 'get' | 'onChange'>
  readonly sources?: {
    tables(): SourceTables
    onChange(listener: () => void): () => void
  }
  readonly now: () => number
  readonly log: Log
}

/** Columns besides those of the providers, and how to be told of their changes. */
export interface ColumnSource {
  columns(): readonly CoverageColumn[]
  onChange(listener: () => void): () => void
}

export interface BrokerCoverage extends CoverageService {
  readonly include: (source: ColumnSource) => void
}

/** The coverage map of a broker: one column per provider, made in a thread and kept beside an embedded store. */
export async function startBrokerCoverage(deps: BrokerCoverageDeps): Promise<BrokerCoverage> {
  const { engine, config, advertisements, sources, now, log } = deps
  const included: ColumnSource[] = []
  const stopping = new AbortController()
  const keepAt =
    config.routing.coverage_file ?? (config.store.kind === 'embedded' ? `${config.store.path}.coverage` : undefined)
  const noSources: SourceTables = new Map()
  const providerColumns = (): readonly CoverageColumn[] =>
    config.providers.flatMap(({ id }) => {
      const held = advertisements.get(id)
      return held === undefined
        ? []
        : [{ id, version: held.version, footprints: indexFootprints(held.model).footprints }]
    })
  const service = await startCoverage({
    engine,
    columns: () => [...providerColumns(), ...included.flatMap((source) => source.columns())],
    sources: () => sources?.tables() ?? noSources,
    geoFiles: config.geo,
    maxShrink: config.routing.geo_max_shrink,
    ...(keepAt !== undefined && { keepAt }),
    now,
    pause: () => setImmediate(),
    log,
  })
  const stops = [
    advertisements.onChange(service.changed),
    ...(sources === undefined ? [] : [sources.onChange(service.changed)]),
  ]
  const polling = repeat(
    {
      name: 'geo files',
      intervalMs: config.routing.geo_check_ms,
      signal: stopping.signal,
      onError: (name, error) => log('loop.failed', { loop: name, error: String(error) }),
    },
    service.reloadGeo,
  )
  return {
    ...service,
    include(source) {
      included.push(source)
      stops.push(source.onChange(service.changed))
      service.changed()
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop()
      stopping.abort()
      await polling
      await service[Symbol.asyncDispose]()
    },
  }
}
