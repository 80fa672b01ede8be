import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCoverageEngine } from '../../src/broker/coverage/coverage-engine.ts'
import { registerCoverageMetrics } from '../../src/broker/coverage/coverage-metrics.ts'
import type { CoverageService, CoverageServiceDeps } from '../../src/broker/coverage/coverage-service.ts'
import { startCoverage } from '../../src/broker/coverage/coverage-service.ts'
import { type CoverageState, coverageState } from '../../src/broker/coverage/coverage-state.ts'
import { policyColumnId, revisionOfColumn } from '../../src/broker/routing/route-plans.ts'
import type { CoverageColumn } from '../../src/routing/coverage/coverage-map.ts'
import type { HeldAdvertisement } from '../../src/routing/decision.ts'
import { providerFrom } from '../support/routing-facts.ts'

const pause = (): Promise<void> => Promise.resolve()
const NOW = 1_700_000_000_000

let folder: string
let now: number
let columns: readonly CoverageColumn[]
let advertisements: ReadonlyMap<string, HeldAdvertisement>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coverage-state-'))
  now = NOW
  advertisements = new Map()
  columns = [column('a', '1', 'de'), column(policyColumnId('r3'), 'r3', 'fr')]
  advertise('a', '1')
  await writeFile(join(folder, 'geo.csv'), 'ip_prefix,country\n192.0.2.0/24,de\n198.51.100.0/24,fr\n')
})

afterEach(() => rm(folder, { recursive: true }))

function column(id: string, version: string, country: string): CoverageColumn {
  return { id, version, footprints: [{ kind: 'some', anyOf: [{ countries: [country] }] }] }
}

function advertise(provider: string, version: string): void {
  const { advertisement } = providerFrom({ id: provider })
  if (advertisement !== undefined) advertisements = new Map(advertisements).set(provider, { ...advertisement, version })
}

function start(changes: Partial<CoverageServiceDeps> = {}): Promise<CoverageService> {
  return startCoverage({
    engine: { ...createCoverageEngine(() => 0, pause), generation: () => 0 },
    columns: () => columns,
    sources: () => new Map(),
    geoFiles: [{ file: join(folder, 'geo.csv'), format: 'csv' }],
    maxShrink: 0.5,
    keepAt: join(folder, 'broker.coverage'),
    now: () => now,
    pause: () => Promise.resolve(),
    log: () => {},
    ...changes,
  })
}

function stateOf(service: CoverageService): CoverageState {
  return coverageState(
    {
      held: service.current(),
      progress: service.progress(),
      providers: ['a', 'b'],
      advertisement: (provider) => advertisements.get(provider),
    },
    revisionOfColumn,
  )
}

const standings = ({ columns: all }: CoverageState) => all.map(({ standing }) => standing)

describe('the state of the coverage map', () => {
  test('is fresh when the map is made of what is in use', async () => {
    await using service = await start()
    await service.settled()
    const state = stateOf(service)
    expect(state).toMatchObject({
      standing: 'fresh',
      compiling: false,
      map: { madeAt: NOW, kept: false, v4: { ranges: 5, classes: 3 }, v6: { ranges: 1, classes: 1 } },
      columns: [{ provider: 'a', standing: 'current', column: { version: '1', since: NOW } }, { standing: 'unused' }],
      policies: [{ revision: 'r3', since: NOW }],
      geo: [{ name: 'geo.csv', entries: 2 }],
    })
  })

  test('is compiling while a change is on its way, and tells which columns lag behind', async () => {
    await using service = await start()
    advertise('a', '2')
    advertise('b', '1')
    columns = [column('a', '2', 'fr'), column('b', '1', 'de')]
    now = NOW + 60_000
    service.changed()
    expect(stateOf(service)).toMatchObject({ standing: 'compiling', compiling: true })
    expect(standings(stateOf(service))).toEqual(['behind', 'missing'])
    await service.settled()
    expect(stateOf(service).standing).toBe('fresh')
    expect(standings(stateOf(service))).toEqual(['current', 'current'])
  })

  test('tells since when the map has had each column, over compilations that leave it alone', async () => {
    await using service = await start()
    now = NOW + 60_000
    advertise('b', '1')
    columns = [column('a', '1', 'de'), column('b', '1', 'de')]
    service.changed()
    await service.settled()
    expect(stateOf(service).columns.map(({ column: held }) => held?.since)).toEqual([NOW, NOW + 60_000])
  })

  test('is that of a kept map after a restart, until one has been made', async () => {
    await (await start())[Symbol.asyncDispose]()
    now = NOW + 5_000
    const engine = createCoverageEngine(() => 0, pause)
    let compile: (() => void) | undefined
    const permitted = new Promise<void>((resolve) => {
      compile = resolve
    })
    await using service = await start({
      engine: { ...engine, generation: () => 0, compile: (order) => permitted.then(() => engine.compile(order)) },
    })
    expect(stateOf(service)).toMatchObject({ standing: 'compiling', map: { kept: true, madeAt: NOW } })
    compile?.()
    await service.settled()
    expect(stateOf(service)).toMatchObject({ standing: 'fresh', map: { kept: false, madeAt: NOW + 5_000 } })
  })

  test('says why the last compilation and geo files were refused, and agrees with the metrics', async () => {
    const engine = createCoverageEngine(() => 0, pause)
    let isBroken = false
    await using service = await start({
      engine: {
        ...engine,
        generation: () => 0,
        compile: (order) => (isBroken ? Promise.reject(new Error('out of memory')) : engine.compile(order)),
      },
    })
    const registry = new Registry()
    registerCoverageMetrics(registry, service)
    const valuesOf = async (name: string) =>
      (await registry.getSingleMetric(`moq_broker_coverage_${name}`)?.get())?.values.map(({ value }) => value)
    await service.settled()
    expect(await valuesOf('refused')).toEqual([0, 0])
    isBroken = true
    now = NOW + 1_000
    service.changed()
    await service.settled()
    await writeFile(join(folder, 'geo.csv'), 'nonsense')
    await service.reloadGeo()
    const { map, ...state } = stateOf(service)
    expect(state).toMatchObject({
      standing: 'refused',
      refused: { since: NOW + 1_000, because: 'out of memory' },
      geoRefused: { because: expect.stringContaining('geo.csv') },
    })
    expect(await valuesOf('refused')).toEqual([1, 1])
    expect([await valuesOf('classes'), await valuesOf('bytes')]).toEqual([[map?.classes], [map?.bytes]])
    expect(await valuesOf('ranges')).toEqual([(map?.v4.ranges ?? 0) + (map?.v6.ranges ?? 0)])
    expect(await valuesOf('compiled_timestamp_seconds')).toEqual([(map?.madeAt ?? 0) / 1000])
  })
})
