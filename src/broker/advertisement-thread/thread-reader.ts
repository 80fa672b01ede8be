import { z } from 'zod'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { type AdvertisementReader, plainReader } from '../advertisements/advertisement-reader.ts'
import { compareReplySchema, notificationReplySchema, type Refusable, readReplySchema } from './advertisement-calls.ts'
import type { AdvertisementThread } from './advertisement-thread.ts'
import { countValues, MIN_LENGTH, MIN_VALUES } from './thread-limits.ts'

export interface ReaderLimits {
  /** Texts shorter than this are read at once. */
  readonly minLength?: number
  /** Advertisements of fewer values together are compared at once. */
  readonly minValues?: number
}

/** A reader that reads what is large in the thread. */
export function createThreadReader(thread: AdvertisementThread, limits: ReaderLimits = {}): AdvertisementReader {
  const { minLength = MIN_LENGTH, minValues = MIN_VALUES } = limits
  return {
    async read(text, reading) {
      if (text.length < minLength) return plainReader.read(text, reading)
      const reply = await thread.ask({ method: 'read', text, reading })
      const { packed, version } = accept(readReplySchema.parse(reply))
      return { model: await thread.unpack(packed), version }
    },
    async compare(before, after) {
      if (countValues(before) + countValues(after) < minValues) return plainReader.compare(before, after)
      const sides = { before: await thread.pack(before), after: await thread.pack(after) }
      return compareReplySchema.parse(await thread.ask({ method: 'compare', ...sides }))
    },
    async show(model) {
      if (countValues(model) < minValues) return plainReader.show(model)
      return { text: z.string().parse(await thread.ask({ method: 'show', packed: await thread.pack(model) })) }
    },
    async resourceIdOf(text) {
      if (text.length < minLength) return plainReader.resourceIdOf(text)
      return z
        .string()
        .optional()
        .parse(await thread.ask({ method: 'resourceIdOf', text }))
    },
    async openNotification(text, maxLength) {
      if (text.length < minLength) return plainReader.openNotification(text, maxLength)
      const reply = await thread.ask({ method: 'openNotification', text, maxLength })
      return accept(notificationReplySchema.parse(reply)).text
    },
  }
}

/** Throws what the thread would have thrown. */
function accept<T>(reply: Refusable<T>): T {
  if ('given' in reply) return reply.given
  const { fault, pointer, why } = reply.refused
  throw new AdvertisementError(fault, pointer, why)
}
