import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCoverageEngine } from '../../src/broker/coverage/coverage-engine.ts'
import type { CoverageService, CoverageServiceDeps } from '../../src/broker/coverage/coverage-service.ts'
import { startCoverage } from '../../src/broker/coverage/coverage-service.ts'
import type { Footprint } from '../../src/fci/footprint.ts'
import { parseAddress } from '../../src/fci/prefix.ts'
import type { CoverageColumn } from '../../src/routing/coverage/coverage-map.ts'

const pause = (): Promise<void> => Promise.resolve()
const NOW = 1_700_000_000_000

interface Logged {
  readonly event: string
  readonly [field: string]: unknown
}

let folder: string
let logged: Logged[]
let columns: readonly CoverageColumn[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coverage-'))
  logged = []
  columns = [column('a', '1', [{ kind: 'some', anyOf: [{ countries: ['de'] }] }])]
  await writeFile(geoFile(), 'ip_prefix,country\n192.0.2.0/24,de\n198.51.100.0/24,fr\n')
})

afterEach(() => rm(folder, { recursive: true }))

const geoFile = (): string => join(folder, 'geo.csv')
const keptFile = (): string => join(folder, 'broker.coverage')

function column(id: string, version: string, footprints: readonly Footprint[]): CoverageColumn {
  return { id, version, footprints }
}

function start(changes: Partial<CoverageServiceDeps> = {}): Promise<CoverageService> {
  let time = 0
  return startCoverage({
    engine: { ...createCoverageEngine(() => time++, pause), generation: () => 0 },
    columns: () => columns,
    sources: () => new Map(),
    geoFiles: [{ file: geoFile(), format: 'csv' }],
    maxShrink: 0.5,
    keepAt: keptFile(),
    now: () => NOW,
    pause: () => Promise.resolve(),
    log: (event, fields) => logged.push({ event, ...fields }),
    ...changes,
  })
}

/** Ids of the columns that hold the address. */
function holding(service: CoverageService, text: string): readonly string[] {
  const { map } = service.current()
  if (map === undefined) return ['no map']
  const classId = map.classOfText(text)
  return map.columns.flatMap(({ id }) => ((map.outcome(classId, id)?.matches.length ?? 0) > 0 ? [id] : []))
}

describe('a coverage service', () => {
  test('has a map when it has started, made of the geo files and the columns', async () => {
    await using service = await start()
    expect([holding(service, '192.0.2.1'), holding(service, '198.51.100.1')]).toEqual([['a'], []])
    const address = parseAddress('198.51.100.1')
    expect(address && service.current().geo.lookup(address)?.country).toBe('fr')
    expect(logged.map(({ event }) => event)).toEqual(['geo.loaded', 'coverage.compiled'])
  })

  test('swaps the map whole when a column changes; who holds the old one keeps it', async () => {
    await using service = await start()
    const old = service.current()
    let swaps = 0
    service.onSwap(() => swaps++)
    columns = [column('a', '2', [{ kind: 'some', anyOf: [{ countries: ['fr'] }] }])]
    service.changed()
    service.changed()
    expect(service.current()).toBe(old)
    await service.settled()
    expect([holding(service, '192.0.2.1'), holding(service, '198.51.100.1'), swaps]).toEqual([[], ['a'], 1])
    expect(old.map?.columns).toEqual([{ id: 'a', version: '1' }])
    expect(service.current().map?.version).not.toBe(old.map?.version)
  })

  test('compiles a column anew whose footprints are others under the same version', async () => {
    await using service = await start()
    columns = [column('a', '1', [{ kind: 'global' }])]
    service.changed()
    await service.settled()
    expect(holding(service, '203.0.113.1')).toEqual(['a'])
  })

  test('takes in changed geo files, and what columns were told before', async () => {
    await using service = await start()
    await writeFile(geoFile(), 'ip_prefix,country\n192.0.2.0/24,fr\n198.51.100.0/24,de\n203.0.113.0/24,de\n')
    await service.reloadGeo()
    await service.settled()
    expect([holding(service, '192.0.2.1'), holding(service, '203.0.113.1')]).toEqual([[], ['a']])
  })

  test.each([
    ['that shrank', 'ip_prefix,country\n', 'it has no rows'],
    [
      'that lost most of its rows',
      'ip_prefix,country\n192.0.2.0/24,de\n',
      'it has 1 entries where the one in use has 4',
    ],
    ['that is broken', 'ip_prefix,country\n192.0.2.0/24,Germany\n', 'is not a country code'],
  ])('refuses a geo file %s with the reason, once, and keeps its map', async (_, text, reason) => {
    await writeFile(geoFile(), 'ip_prefix,country\n192.0.2.0/24,de\n1.0.0.0/8,us\n2.0.0.0/8,us\n3.0.0.0/8,us\n')
    await using service = await start()
    const old = service.current()
    await writeFile(geoFile(), text)
    await service.reloadGeo()
    await service.reloadGeo()
    await service.settled()
    expect(service.current()).toBe(old)
    expect(service.progress().geoRefused?.because).toContain(reason)
    expect(logged.filter(({ event }) => event === 'geo.refused')).toHaveLength(1)
    // What the columns say is still followed, by the former data.
    columns = [column('b', '1', [{ kind: 'some', anyOf: [{ countries: ['us'] }] }])]
    service.changed()
    await service.settled()
    expect(holding(service, '2.2.2.2')).toEqual(['b'])
  })

  test('answers after a restart from the kept map before anything is compiled, and says how old that is', async () => {
    await (await start())[Symbol.asyncDispose]()
    logged = []
    columns = []
    const engine = {
      ...createCoverageEngine(() => 0, pause),
      generation: () => 0,
      compile: () => new Promise<never>(() => {}),
    }
    const service = await start({ engine, now: () => NOW + 5_000 })
    expect(holding(service, '192.0.2.1')).toEqual(['a'])
    expect(service.current().made).toMatchObject({ at: NOW, kept: true })
    expect(logged).toContainEqual({
      event: 'coverage.restored',
      version: service.current().map?.version,
      ageSeconds: 5,
    })
  })

  test('goes on after a restart with the kept geo data while a geo file cannot be used', async () => {
    await (await start())[Symbol.asyncDispose]()
    await writeFile(geoFile(), 'nonsense')
    columns = [column('b', '1', [{ kind: 'some', anyOf: [{ countries: ['fr'] }] }])]
    await using service = await start()
    await service.settled()
    expect(holding(service, '198.51.100.1')).toEqual(['b'])
    expect(service.progress().geoRefused?.because).toContain('geo.csv')
  })

  test('does not start without any usable geo data', async () => {
    await writeFile(geoFile(), 'nonsense')
    await expect(start()).rejects.toThrow('cannot use the geo file')
  })

  test('makes a new map where the kept one is corrupt, and says why', async () => {
    await (await start())[Symbol.asyncDispose]()
    const bytes = await readFile(keptFile())
    bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200)
    await writeFile(keptFile(), bytes)
    await using service = await start()
    expect(holding(service, '192.0.2.1')).toEqual(['a'])
    expect(logged.find(({ event }) => event === 'coverage.refused')?.['reason']).toContain('its checksum is wrong')
  })

  test('keeps its map when a compilation fails, says why, and recovers with the next change', async () => {
    const engine = createCoverageEngine(() => 0, pause)
    let isBroken = false
    await using service = await start({
      engine: {
        ...engine,
        generation: () => 0,
        compile: (order) => (isBroken ? Promise.reject(new Error('out of memory')) : engine.compile(order)),
      },
    })
    const old = service.current()
    isBroken = true
    service.changed()
    await service.settled()
    expect(service.current()).toBe(old)
    expect(service.progress()).toEqual({ compiling: false, refused: { since: NOW, because: 'out of memory' } })
    isBroken = false
    service.changed()
    await service.settled()
    expect(service.progress()).toEqual({ compiling: false })
    expect(service.current()).not.toBe(old)
  })

  test('tells a new thread all that the dead one knew', async () => {
    let generation = 0
    let engine = createCoverageEngine(() => 0, pause)
    await using service = await start({
      engine: {
        loadGeo: (loading) => engine.loadGeo(loading),
        setSources: (tables) => engine.setSources(tables),
        compile: (order) => engine.compile(order),
        keep: (order) => engine.keep(order),
        tally: (order) => engine.tally(order),
        generation: () => generation,
      },
    })
    engine = createCoverageEngine(() => 0, pause)
    generation++
    columns = [...columns, column('b', '1', [{ kind: 'global' }])]
    service.changed()
    await service.settled()
    expect([holding(service, '192.0.2.1'), holding(service, '198.51.100.1')]).toEqual([['a', 'b'], ['b']])
  })

  test('tallies the address space of the map in use, by what the geo data says', async () => {
    await using service = await start()
    const tallied = await service.tally('country', 10)
    expect(tallied?.map).toBe(service.current().map)
    const cells = tallied?.cells.map(({ key, classId, v4Addresses }) => [
      key,
      tallied.map.outcome(classId, 'a')?.matches.length,
      v4Addresses,
    ])
    expect(cells).toEqual([
      ['-', 0, 2 ** 32 - 512],
      ['de', 1, 256],
      ['fr', 0, 256],
    ])
  })

  test('waits for the map that a tally was made of', async () => {
    await using service = await start()
    columns = [column('a', '2', [{ kind: 'some', anyOf: [{ countries: ['fr'] }] }])]
    service.changed()
    const tallied = await service.tally('country', 10)
    expect(tallied?.map).toBe(service.current().map)
    expect(service.current().map?.columns).toEqual([{ id: 'a', version: '2' }])
  })

  test('tries further columns without installing them', async () => {
    await using service = await start()
    const old = service.current()
    const tried = await service.compileWith([column('policy', '7', [{ kind: 'global' }])])
    expect(tried.outcome(tried.classOfText('203.0.113.1'), 'policy')?.matches).toHaveLength(1)
    expect(tried.columns.map(({ id }) => id)).toEqual(['a', 'policy'])
    expect(service.current()).toBe(old)
    service.changed()
    await service.settled()
    expect(service.current().map?.columns.map(({ id }) => id)).toEqual(['a'])
  })

  test('is not stopped by a place where the map cannot be kept', async () => {
    const service = await start({ keepAt: join(folder, 'nowhere', 'map') })
    expect(holding(service, '192.0.2.1')).toEqual(['a'])
    await service[Symbol.asyncDispose]()
    expect(logged.map(({ event }) => event)).toContain('coverage.not-kept')
  })
})
