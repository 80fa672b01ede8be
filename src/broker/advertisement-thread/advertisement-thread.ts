import { setImmediate } from 'node:timers/promises'
import type { Advertisement } from '../../fci/advertisement.ts'
import { createCallThread, ThreadError } from '../call-thread.ts'
import { programFile } from '../program-file.ts'
import type { AdvertisementCall } from './advertisement-calls.ts'
import { type PackedAdvertisement, packAdvertisement, unpackAdvertisement } from './packed-advertisement.ts'

/** The thread in which large advertisements are read, compared and printed. */
export interface AdvertisementThread extends AsyncDisposable {
  /**
   * One call is at work at a time, so a document that breaks the thread breaks it for itself alone; it gets a second
   * thread, since the first may have died of something else. Throws `ThreadError`, or Error for a call that fails.
   */
  ask(call: AdvertisementCall): Promise<unknown>
  /** Packs in slices what was not packed yet. */
  pack(model: Advertisement): Promise<PackedAdvertisement>
  /** The model, made in slices. */
  unpack(packed: PackedAdvertisement): Promise<Advertisement>
}

export interface AdvertisementThreadOptions {
  /** The program of the thread; it must be JavaScript, or be loaded by such. */
  readonly entry?: URL
  /** Ends the waiting, and nothing is begun any more. */
  readonly signal: AbortSignal
  /** Of one call. */
  readonly timeoutMs?: number
  readonly maxHeapMib?: number
}

const MAX_HEAP_MIB = 2048
/** A million prefixes take seconds. */
const TIMEOUT_MS = 120_000

/** Starts nothing before the first call. */
export function createAdvertisementThread(options: AdvertisementThreadOptions): AdvertisementThread {
  const {
    entry = programFile('broker/advertisement-thread/advertisement-worker'),
    signal,
    timeoutMs = TIMEOUT_MS,
    maxHeapMib = MAX_HEAP_MIB,
  } = options
  const thread = createCallThread({ entry, name: 'advertisement', maxHeapMib })
  const packedForms = new WeakMap<Advertisement, PackedAdvertisement>()
  const pause = (): Promise<void> => setImmediate()
  let turn: Promise<unknown> = Promise.resolve()

  async function askNow(call: AdvertisementCall): Promise<unknown> {
    try {
      return await thread.ask(call, { timeoutMs, signal })
    } catch (error) {
      if (!(error instanceof ThreadError) || error.kind !== 'ended') throw error
      return thread.ask(call, { timeoutMs, signal })
    }
  }

  return {
    ask(call) {
      const asked = turn.then(() => askNow(call))
      turn = asked.catch(() => undefined)
      return asked
    },
    async pack(model) {
      const known = packedForms.get(model)
      if (known !== undefined) return known
      const packed = await packAdvertisement(model, pause)
      packedForms.set(model, packed)
      return packed
    },
    async unpack(packed) {
      const model = await unpackAdvertisement(packed, pause)
      packedForms.set(model, packed)
      return model
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  }
}
