import { setImmediate } from 'node:timers/promises'
import type { Advertisement } from '../../fci/advertisement.ts'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import type { Footprint } from '../../fci/footprint.ts'
import { createCallThread, ThreadError } from '../call-thread.ts'
import {
  type AdvertisementCall,
  compareReplySchema,
  notificationReplySchema,
  type Refusable,
  readReplySchema,
} from './advertisement-calls.ts'
import { type AdvertisementReader, plainReader } from './advertisement-reader.ts'
import { type PackedAdvertisement, packAdvertisement, unpackAdvertisement } from './packed-advertisement.ts'

/** A reader that reads what is large in a thread of its own. */
export interface ThreadReader extends AdvertisementReader, AsyncDisposable {}

export interface ThreadReaderOptions {
  /** The program of the thread; it must be JavaScript, or be loaded by such. */
  readonly entry?: URL
  /** Ends the waiting, and nothing is begun any more. */
  readonly signal: AbortSignal
  /** Texts shorter than this are read at once, in less time than a thread takes to be told. */
  readonly minLength?: number
  /** Advertisements of fewer values together are compared at once. */
  readonly minValues?: number
  /** Of one call. */
  readonly timeoutMs?: number
  readonly maxHeapMib?: number
}

/** Reading that takes a millisecond or two. */
const MIN_LENGTH = 16_384
const MIN_VALUES = 256
const MAX_HEAP_MIB = 2048
/** A million prefixes take seconds. */
const TIMEOUT_MS = 120_000

/**
 * Starts its thread at the first large document. One call is at work at a time, so a document that breaks the thread
 * breaks it for itself alone; it gets a second thread, since the first may have died of something else.
 */
export function createThreadReader(options: ThreadReaderOptions): ThreadReader {
  const {
    entry = new URL('./advertisement-worker.js', import.meta.url),
    signal,
    minLength = MIN_LENGTH,
    minValues = MIN_VALUES,
    timeoutMs = TIMEOUT_MS,
    maxHeapMib = MAX_HEAP_MIB,
  } = options
  const thread = createCallThread({ entry, name: 'advertisement', maxHeapMib })
  const packedForms = new WeakMap<Advertisement, PackedAdvertisement>()
  const pause = (): Promise<void> => setImmediate()
  let turn: Promise<unknown> = Promise.resolve()

  function ask(call: AdvertisementCall): Promise<unknown> {
    const asked = turn.then(async () => {
      const again = (error: unknown): Promise<unknown> => {
        if (error instanceof ThreadError && error.kind === 'ended') return thread.ask(call, { timeoutMs, signal })
        throw error
      }
      return thread.ask(call, { timeoutMs, signal }).catch(again)
    })
    turn = asked.catch(() => undefined)
    return asked
  }

  async function packedFormOf(model: Advertisement): Promise<PackedAdvertisement> {
    const known = packedForms.get(model)
    if (known !== undefined) return known
    const packed = await packAdvertisement(model, pause)
    packedForms.set(model, packed)
    return packed
  }

  return {
    async read(text, reading) {
      if (text.length < minLength) return plainReader.read(text, reading)
      const { packed, version } = accept(readReplySchema.parse(await ask({ method: 'read', text, reading })))
      const model = await unpackAdvertisement(packed, pause)
      packedForms.set(model, packed)
      return { model, version }
    },
    async compare(before, after) {
      if (countValues(before) + countValues(after) < minValues) return plainReader.compare(before, after)
      const [packedBefore, packedAfter] = [await packedFormOf(before), await packedFormOf(after)]
      return compareReplySchema.parse(await ask({ method: 'compare', before: packedBefore, after: packedAfter }))
    },
    async openNotification(text, maxLength) {
      if (text.length < minLength) return plainReader.openNotification(text, maxLength)
      const reply = await ask({ method: 'openNotification', text, maxLength })
      return accept(notificationReplySchema.parse(reply)).text
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  }
}

/** Throws what the thread would have thrown. */
function accept<T>(reply: Refusable<T>): T {
  if ('given' in reply) return reply.given
  const { fault, pointer, why } = reply.refused
  throw new AdvertisementError(fault, pointer, why)
}

/** What comparing goes by. */
function countValues({ capabilities }: Advertisement): number {
  let count = 0
  for (const { footprint } of capabilities) count += countIn(footprint)
  return count
}

function countIn(footprint: Footprint): number {
  if (footprint.kind === 'global') return 1
  let count = footprint.anyOf.length
  for (const { prefixes = [], asns = [], countries = [], subdivisions = [], excluded } of footprint.anyOf) {
    count += prefixes.length + asns.length + countries.length + subdivisions.length + (excluded?.prefixes?.length ?? 0)
  }
  return count
}
