import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AdvertisementThreadOptions,
  createAdvertisementThread,
} from '../../src/broker/advertisement-thread/advertisement-thread.ts'
import { createThreadReader } from '../../src/broker/advertisement-thread/thread-reader.ts'
import { type AdvertisementReader, plainReader } from '../../src/broker/advertisements/advertisement-reader.ts'
import type { Advertisement } from '../../src/fci/advertisement.ts'
import { AdvertisementError } from '../../src/fci/advertisement-error.ts'
import { canonicalCapabilities } from '../../src/fci/canonical-advertisement.ts'
import { printAdvertisement } from '../../src/fci/print-advertisement.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { anyAdvertisement } from '../support/fci-arbitraries.ts'

const ENTRY = new URL('../../bench/advertisement-worker.mjs', import.meta.url)
/** Each run is a message there and one back. */
const LONG = { timeout: 120_000 }
const READING = { combination: 'and' } as const
/** A document that every thread below dies of. */
const DEADLY = '{"capabilities":[],"deadly":true}'

let folder: string
let stopping: AbortController

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thread-reader-'))
  stopping = new AbortController()
})

afterEach(() => rm(folder, { recursive: true }))

/** Everything goes through the thread, however small. */
function startReader(entry = ENTRY, limits: Pick<AdvertisementThreadOptions, 'timeoutMs' | 'maxHeapMib'> = {}) {
  const thread = createAdvertisementThread({ entry, signal: stopping.signal, ...limits })
  const reader = createThreadReader(thread, { minLength: 0, minValues: 0 })
  return { ...reader, [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose]() }
}

/** A thread that looks at every call first. `look` is the body of a function of `call`. */
async function entryThat(look: string): Promise<URL> {
  const entry = join(folder, 'entry.mjs')
  await writeFile(
    entry,
    `import { existsSync, writeFileSync } from 'node:fs'
    import { parentPort } from 'node:worker_threads'
    const mark = ${JSON.stringify(join(folder, 'mark'))}
    await import(${JSON.stringify(ENTRY)})
    // Work begins only after all listeners have been told.
    parentPort.on('message', (call) => { ${look} })`,
  )
  return pathToFileURL(entry)
}

function indexingIn(outcome: unknown): unknown {
  const read = z.object({ model: z.custom<Advertisement>() }).safeParse(outcome)
  return read.success ? indexFootprints(read.data.model) : undefined
}

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AdvertisementError) return { fault: error.fault, pointer: error.pointer, why: error.message }
    throw error
  }
}

const wholeText = anyAdvertisement.map((model) => JSON.stringify(printAdvertisement(model)))
/** Whole documents, and such with a piece cut out, doubled or replaced. */
const anyText = fc.oneof(
  wholeText,
  fc
    .tuple(wholeText, fc.nat(), fc.nat(40), fc.constantFrom('', '"', '}', '],', 'null', '"a":1,"a":2,', '\u0000'))
    .map(([text, at, length, piece]) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + piece + text.slice(from + length)
    }),
  fc.string(),
)

describe('a reader with a thread', () => {
  test('reads every document as the plain reader does, broken ones too', LONG, async () => {
    await using reader = startReader()
    const reading = fc.record(
      { combination: fc.constantFrom('and' as const, 'or' as const), ownId: fc.constant('AS64496:0') },
      { requiredKeys: ['combination'] },
    )
    await fc.assert(
      fc.asyncProperty(anyText, reading, async (text, how) => {
        const [threaded, plain] = [
          await outcomeOf(reader.read(text, how)),
          await outcomeOf(plainReader.read(text, how)),
        ]
        expect(threaded).toEqual(plain)
        expect(indexingIn(threaded)).toEqual(indexingIn(plain))
      }),
    )
  })

  test('finds the same differences as the plain reader, of what it read and of what it did not', LONG, async () => {
    await using reader = startReader()
    await fc.assert(
      fc.asyncProperty(wholeText, wholeText, fc.boolean(), async (before, after, isRead) => {
        const [a, b] = [await plainReader.read(before, READING), await plainReader.read(after, READING)]
        const known = isRead ? await reader.read(before, READING) : a
        expect(await reader.compare(known.model, b.model)).toEqual(await plainReader.compare(a.model, b.model))
      }),
    )
  })

  test('opens notifications as the plain reader does', LONG, async () => {
    await using reader = startReader()
    const anyBody = fc.oneof(
      fc.array(wholeText, { maxLength: 3 }).map((texts) => `[${texts.join()}]`),
      anyText,
    )
    await fc.assert(
      fc.asyncProperty(anyBody, fc.constantFrom(10_000_000, 500), async (body, limit) => {
        const threaded = await outcomeOf(reader.openNotification(body, limit))
        expect(threaded).toEqual(await outcomeOf(plainReader.openNotification(body, limit)))
      }),
    )
  })

  test('shows advertisements as the plain reader does, as JSON text', LONG, async () => {
    await using reader = startReader()
    await fc.assert(
      fc.asyncProperty(anyAdvertisement, async (drawn) => {
        const model = { ...drawn, capabilities: canonicalCapabilities(drawn.capabilities) }
        expect(await reader.show(model)).toEqual({ text: JSON.stringify(await plainReader.show(model)) })
      }),
    )
  })

  test('finds the resource id of a document of ALTO as the plain reader does', async () => {
    await using reader = startReader()
    for (const vtag of [{ 'resource-id': 'cdni', tag: '1' }, { tag: '1' }, 7]) {
      const text = JSON.stringify({ meta: { vtag }, 'cdni-advertisement': {} })
      expect(await reader.resourceIdOf(text)).toBe(await plainReader.resourceIdOf(text))
    }
  })

  test('whose thread dies once tries again in another one', async () => {
    const entry = await entryThat(`if (!existsSync(mark)) { writeFileSync(mark, ''); process.exit(3) }`)
    await using reader = startReader(entry)
    const { model } = await reader.read('{"capabilities":[]}', READING)
    expect(model.capabilities).toEqual([])
  })

  test('loses the document that its threads die of, and none of those beside it', async () => {
    const entry = await entryThat(`if (call.text.includes('deadly')) process.exit(4)`)
    await using reader = startReader(entry)
    const texts = ['{"capabilities":[]}', DEADLY, '{"capabilities":[]}', '{}']
    const results = await Promise.allSettled(texts.map((text) => reader.read(text, READING)))
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value.version.length : String(one.reason)))).toEqual([
      43,
      'Error: the advertisement thread has ended: exit code 4',
      43,
      expect.stringMatching(/cannot read the advertisement/),
    ])
  })

  test('does not let one document fill the memory of the process', async () => {
    const entry = await entryThat(
      `if (call.text.includes('deadly')) { const held = []; for (;;) held.push(new Array(1e5).fill(held.length + 0.5)) }`,
    )
    await using reader = startReader(entry, { maxHeapMib: 96 })
    await expect(reader.read(DEADLY, READING)).rejects.toThrow(/the advertisement thread has ended: .*memory/)
    expect((await reader.read('{"capabilities":[]}', READING)).model.capabilities).toEqual([])
  })

  test('gives up a document that takes too long, and goes on with a new thread', LONG, async () => {
    const entry = await entryThat(`if (call.text.includes('deadly')) for (;;);`)
    await using reader = startReader(entry, { timeoutMs: 10_000 })
    await expect(reader.read(DEADLY, READING)).rejects.toThrow('the advertisement thread took longer than 10000 ms')
    expect((await reader.read('{"capabilities":[]}', READING)).model.capabilities).toEqual([])
  })

  test('stops waiting when the broker stops, and begins nothing any more', async () => {
    const entry = await entryThat(`if (call.text.includes('deadly')) for (;;);`)
    await using reader = startReader(entry)
    const waiting = [reader.read(DEADLY, READING), reader.read('{"capabilities":[]}', READING)]
    await setImmediate()
    stopping.abort()
    const results = await Promise.allSettled(waiting)
    expect(results.map((one) => (one.status === 'rejected' ? String(one.reason) : 'read'))).toEqual(
      Array(2).fill('Error: the work of the advertisement thread was ended'),
    )
  })

  test('starts no thread for what is small', async () => {
    const entry = new URL('file:///nowhere.mjs')
    await using thread = createAdvertisementThread({ entry, signal: stopping.signal })
    const reader = createThreadReader(thread)
    const { model } = await reader.read('{"capabilities":[]}', READING)
    expect((await reader.compare(model, model)).differences).toEqual([])
    expect(await reader.openNotification('[{"capabilities":[]}]', 1000)).toBe('{"capabilities":[]}')
    await expect(reader.read(' '.repeat(20_000), READING)).rejects.toThrow(/nowhere/)
  })

  test('holds the event loop up for a small part of what the plain reader does', LONG, async () => {
    await using reader = startReader()
    await reader.read('{"capabilities":[]}', READING)
    const texts = ['198.51.100.0/24', '203.0.113.0/24'].map(manyPrefixes)
    const plain = await longestBlock(() => readAndCompare(plainReader, texts))
    // What others do on this machine holds up one round or another; what the reader does, every one.
    const rounds: number[] = []
    for (let i = 0; i < 5; i++) rounds.push(await longestBlock(() => readAndCompare(reader, texts)))
    expect(Math.min(...rounds)).toBeLessThan(plain / 3)
  })
})

/** An advertisement of 10 000 prefixes, one of them this one. */
function manyPrefixes(one: string): string {
  const others = Array.from({ length: 10_000 }, (_, i) => `10.${(i >> 7) & 255}.${(i & 127) * 2}.0/24`)
  const footprints = [{ 'footprint-type': 'ipv4cidr', 'footprint-value': [...others, one] }]
  const value = { 'delivery-protocols': ['https/1.1'] }
  return JSON.stringify({
    capabilities: [{ 'capability-type': 'FCI.DeliveryProtocol', 'capability-value': value, footprints }],
  })
}

async function readAndCompare(reader: AdvertisementReader, texts: readonly string[]): Promise<void> {
  const [before = '', after = ''] = texts
  const [a, b] = [await reader.read(before, READING), await reader.read(after, READING)]
  expect((await reader.compare(a.model, b.model)).differences.length).toBeGreaterThan(0)
}

/** The longest time in which nothing else had a turn, in milliseconds. */
async function longestBlock(work: () => Promise<void>): Promise<number> {
  const over = new AbortController()
  const watch = async (): Promise<number> => {
    let longest = 0
    let last = performance.now()
    while (!over.signal.aborted) {
      await setImmediate()
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
    return longest
  }
  const watching = watch()
  await work()
  over.abort()
  return watching
}
