import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Compiled, CompileOrder, EngineColumn } from '../../src/broker/coverage/coverage-engine.ts'
import { startCoverage } from '../../src/broker/coverage/coverage-service.ts'
import type { CoverageThread } from '../../src/broker/coverage/coverage-thread.ts'
import { startCoverageThread } from '../../src/broker/coverage/coverage-thread.ts'
import { packFootprints } from '../../src/broker/coverage/packed-footprints.ts'
import { openSealedCoverage } from '../../src/routing/coverage/coverage-file.ts'
import { createCoverageMap } from '../../src/routing/coverage/create-coverage-map.ts'
import { eventually } from '../support/eventually.ts'

const ENTRY = new URL('../../bench/coverage-worker.mjs', import.meta.url)

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coverage-thread-'))
  await writeFile(geoFile(), 'ip_prefix,country\n192.0.2.0/24,de\n198.51.100.0/24,fr\n')
})

afterEach(() => rm(folder, { recursive: true }))

const geoFile = (): string => join(folder, 'geo.csv')

/** A thread that ends at its first order to compile; the one after it finds its mark and lives. */
async function startDyingThread(): Promise<CoverageThread> {
  const entry = join(folder, 'dying.mjs')
  const mark = join(folder, 'mark')
  await writeFile(
    entry,
    `import { existsSync, writeFileSync } from 'node:fs'
    import { parentPort } from 'node:worker_threads'
    await import(${JSON.stringify(ENTRY)})
    // Work begins only after all listeners have been told.
    if (!existsSync(${JSON.stringify(mark)})) parentPort.on('message', ({ method }) => {
      if (method !== 'compile') return
      writeFileSync(${JSON.stringify(mark)}, '')
      process.exit(3)
    })`,
  )
  return startCoverageThread(pathToFileURL(entry))
}

async function loadGeo(thread: CoverageThread): Promise<void> {
  await thread.loadGeo({ files: [{ file: geoFile(), format: 'csv' }], maxShrink: 0.5 })
}

async function columnOf(id: string, country: string): Promise<EngineColumn> {
  const footprints = await packFootprints([{ kind: 'some', anyOf: [{ countries: [country] }] }], () => setImmediate())
  return { id, version: country, footprints }
}

async function orderOf(country: string, trial = false): Promise<CompileOrder> {
  return { columns: [await columnOf('a', country)], trial }
}

function holds({ parts }: Compiled, text: string): boolean {
  const map = createCoverageMap(parts)
  return (map.outcome(map.classOfText(text), 'a')?.matches.length ?? 0) > 0
}

describe('a coverage thread', () => {
  test('loads its code when it is warmed, before it is asked', async () => {
    const entry = join(folder, 'marking.mjs')
    const mark = join(folder, 'mark')
    await writeFile(entry, `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, 'loaded')`)
    await using thread = startCoverageThread(pathToFileURL(entry))
    thread.warm()
    await eventually('the code is loaded', async () => (await readFile(mark, 'utf8')) === 'loaded')
  })

  test('answers orders given at once, each with its own map, in memory that both sides share', async () => {
    await using thread = startCoverageThread(ENTRY)
    await loadGeo(thread)
    const orders = await Promise.all([orderOf('de'), orderOf('fr'), orderOf('de', true)])
    const [german, french, trial] = await Promise.all(orders.map((order) => thread.compile(order)))
    if (german === undefined || french === undefined || trial === undefined) throw new Error('too few answers')
    expect([german, french, trial].map((compiled) => holds(compiled, '192.0.2.1'))).toEqual([true, false, true])
    expect([german, french, trial].map((compiled) => holds(compiled, '198.51.100.1'))).toEqual([false, true, false])
    const { joined, tables } = french.parts
    for (const { buffer } of [joined.v4.starts, joined.outcomes, tables.v4.words]) {
      expect(buffer).toBeInstanceOf(SharedArrayBuffer)
    }
  })

  test('tells the geo data once, to whom says that he has it', async () => {
    await using thread = startCoverageThread(ENTRY)
    await loadGeo(thread)
    const first = await thread.compile(await orderOf('de'))
    expect(first.geo?.editions.map(({ entries }) => entries)).toEqual([2])
    const second = await thread.compile({ ...(await orderOf('fr')), heldGeo: first.geoNumber })
    expect([second.geo, second.geoNumber]).toEqual([undefined, first.geoNumber])
  })

  test('writes the map it compiled last while it compiles the next one', async () => {
    await using thread = startCoverageThread(ENTRY)
    await loadGeo(thread)
    const compiled = await thread.compile(await orderOf('de'))
    const file = join(folder, 'kept')
    const [, next] = await Promise.all([thread.keep({ file, compiledAt: 5 }), thread.compile(await orderOf('fr'))])
    const kept = openSealedCoverage(new Uint8Array(await readFile(file)))
    expect([kept.compiledAt, kept.parts.columns.map(({ version }) => version)]).toEqual([5, ['de']])
    expect(kept.parts.joined).toEqual(compiled.parts.joined)
    expect(holds(next, '198.51.100.1')).toBe(true)
  })

  test('that dies fails what waits for it, with the reason; the next one knows nothing', async () => {
    await using thread = await startDyingThread()
    await loadGeo(thread)
    const waiting = [thread.compile(await orderOf('de')), thread.tally({ columns: [], by: 'asn', mostKeys: 1 })]
    const results = await Promise.allSettled(waiting)
    const reasons = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'answered'))
    expect(reasons).toEqual(Array(2).fill('Error: the coverage thread has ended: exit code 3'))
    expect(thread.generation()).toBe(1)
    await expect(thread.compile({ columns: [{ id: 'a', version: 'de' }], trial: false })).rejects.toThrow(
      'the coverage engine was never told the footprints of a',
    )
  })

  test('that dies at work leaves the work to the next one, which is told everything again', async () => {
    await using thread = await startDyingThread()
    const logged: string[] = []
    await using service = await startCoverage({
      engine: thread,
      columns: () => [{ id: 'a', version: '1', footprints: [{ kind: 'some', anyOf: [{ countries: ['de'] }] }] }],
      sources: () => new Map(),
      geoFiles: [{ file: geoFile(), format: 'csv' }],
      maxShrink: 0.5,
      now: () => 0,
      pause: () => setImmediate(),
      log: (event) => logged.push(event),
    })
    const { map } = service.current()
    expect(map?.outcome(map.classOfText('192.0.2.1'), 'a')?.matches).toHaveLength(1)
    expect(thread.generation()).toBe(1)
    expect(logged).toContain('coverage.compiled')
  })

  test('closed at work ends at once and fails what waits', async () => {
    const thread = startCoverageThread(ENTRY)
    await loadGeo(thread)
    const waiting = thread.compile(await orderOf('de'))
    const outcome = waiting.then(
      () => 'answered',
      (error: unknown) => String(error),
    )
    await thread[Symbol.asyncDispose]()
    expect(await outcome).toMatch('the coverage thread has ended')
  })
})
