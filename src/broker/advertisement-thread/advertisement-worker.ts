import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { z } from 'zod'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { versionOfAlto } from '../advertisements/alto-document.ts'
import { compareInWords } from '../advertisements/compare-in-words.ts'
import { readNotification } from '../advertisements/notification-document.ts'
import { readAdvertisement } from '../advertisements/read-advertisement.ts'
import { shownAdvertisement } from '../advertisements/shown-advertisement.ts'
import { altoPatchText, altoTextOf } from '../federation/alto-documents.ts'
import { printEdition } from '../federation/edition.ts'
import { patchText } from '../federation/edition-changes.ts'
import { advertisementCallSchema } from './advertisement-calls.ts'
import { packAdvertisement, unpackAdvertisement } from './packed-advertisement.ts'

// The thread of `createAdvertisementThread`: takes calls one after the other and answers each.

/** A quarter to a third of a processor that look-ups want, too. On Linux the priority is that of the calling thread alone. */
const NICENESS = 5
if (process.platform === 'linux') setPriority(NICENESS)

/** Nobody else wants a turn here. */
const pause = (): Promise<void> => Promise.resolve()
const port = parentPort
let turn = Promise.resolve()

type Call = z.output<typeof advertisementCallSchema>

port?.on('message', (message: unknown) => {
  const call = advertisementCallSchema.parse(message)
  turn = turn.then(() => answer(call))
})

async function answer(call: Call): Promise<void> {
  const { id } = call
  try {
    const { value, lists = [] } = await work(call)
    port?.postMessage({ id, value }, buffersOf(lists))
  } catch (error) {
    port?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, [])
  }
}

interface Answer {
  readonly value: unknown
  /** Handed over instead of copied. */
  readonly lists?: readonly Uint32Array[]
}

async function work(call: Call): Promise<Answer> {
  switch (call.method) {
    case 'read':
      return refusing(async () => {
        const { model, version } = readAdvertisement(call.text, call.reading)
        const packed = await packAdvertisement(model, pause, true)
        return { value: { packed, version }, lists: [packed.lists, packed.v4, packed.v6] }
      })
    case 'compare': {
      const before = await unpackAdvertisement(call.before, pause)
      const after = await unpackAdvertisement(call.after, pause)
      return { value: compareInWords(before, after) }
    }
    case 'openNotification':
      return refusing(() => {
        const text = readNotification(call.text, call.maxLength)
        return Promise.resolve({ value: text === undefined ? {} : { text } })
      })
    case 'show':
      return { value: JSON.stringify(shownAdvertisement(await unpackAdvertisement(call.packed, pause))) }
    case 'resourceIdOf':
      return { value: versionOfAlto(JSON.parse(call.text)).resourceId }
    case 'print':
      return { value: printEdition(await unpackAdvertisement(call.packed, pause)) }
    case 'patch':
      return { value: patchText(call.form, call.before, call.after) }
    case 'alto': {
      const { edition, before, asked } = call
      return { value: before === undefined ? altoTextOf(edition, asked) : altoPatchText(before, edition, asked) }
    }
  }
}

/** That a document is none is an answer. */
async function refusing(read: () => Promise<Answer>): Promise<Answer> {
  try {
    const { value, lists = [] } = await read()
    return { value: { given: value }, lists }
  } catch (error) {
    if (!(error instanceof AdvertisementError)) throw error
    const { fault, pointer, why } = error
    return { value: { refused: { fault, pointer, why } } }
  }
}

function buffersOf(lists: readonly Uint32Array[]): ArrayBuffer[] {
  return lists.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))
}
