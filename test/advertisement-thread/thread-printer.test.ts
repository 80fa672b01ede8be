import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AdvertisementThread,
  createAdvertisementThread,
} from '../../src/broker/advertisement-thread/advertisement-thread.ts'
import { createThreadPrinter } from '../../src/broker/advertisement-thread/thread-printer.ts'
import { type AdvertisementPrinter, plainPrinter } from '../../src/broker/federation/advertisement-printer.ts'
import { canonicalCapabilities } from '../../src/fci/canonical-advertisement.ts'
import { anyAdvertisement } from '../support/fci-arbitraries.ts'

const ENTRY = new URL('../../bench/advertisement-worker.mjs', import.meta.url)
/** Each run is a message there and one back. */
const LONG = { timeout: 120_000 }

const canonical = anyAdvertisement.map((drawn) => ({
  ...drawn,
  capabilities: canonicalCapabilities(drawn.capabilities),
}))
const asked = fc.option(
  fc.constantFrom(
    [],
    [{ type: 'FCI.DeliveryProtocol', value: {} }],
    [{ type: 'FCI.DeliveryProtocol', value: { 'delivery-protocols': ['https/1.1'] } }],
  ),
  { nil: undefined },
)

describe('a printer with a thread', () => {
  let thread: AdvertisementThread
  let printer: AdvertisementPrinter
  let calls = 0

  beforeAll(() => {
    thread = createAdvertisementThread({ entry: ENTRY, signal: new AbortController().signal })
    const counting: AdvertisementThread = {
      ...thread,
      ask: (call) => {
        calls++
        return thread.ask(call)
      },
    }
    printer = createThreadPrinter(counting, { minLength: 0, minValues: 0 })
  })

  afterAll(() => thread[Symbol.asyncDispose]())

  test('prints every advertisement as the plain printer does', LONG, async () => {
    await fc.assert(
      fc.asyncProperty(canonical, async (model) => {
        expect(await printer.print(model)).toEqual(await plainPrinter.print(model))
      }),
    )
  })

  test('finds the same patches, and the same forms for ALTO', LONG, async () => {
    await fc.assert(
      fc.asyncProperty(canonical, canonical, asked, async (first, second, filter) => {
        const [before, after] = [await plainPrinter.print(first), await plainPrinter.print(second)]
        const answersOf = (one: AdvertisementPrinter): Promise<readonly string[]> =>
          Promise.all([
            one.patch('json', before, after),
            one.patch('merge', before, after),
            one.alto(after, filter),
            one.altoPatch(before, after, filter),
          ])
        expect(await answersOf(printer)).toEqual(await answersOf(plainPrinter))
      }),
    )
  })

  test('makes a patch once that several want at once or later', async () => {
    const [before, after] = [edition('{"capabilities":[]}'), edition('{"capabilities":[{"a":1}]}')]
    calls = 0
    const patches = await Promise.all([1, 2, 3].map(() => printer.patch('json', before, after)))
    expect([...patches, await printer.patch('json', before, after)]).toEqual(
      Array(4).fill('[{"op":"add","path":"/capabilities/0","value":{"a":1}}]'),
    )
    expect(calls).toBe(1)
    await printer.patch('merge', before, after)
    expect(calls).toBe(2)
  })
})

function edition(text: string) {
  return { text, version: text }
}
