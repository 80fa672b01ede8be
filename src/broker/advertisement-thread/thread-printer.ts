import { z } from 'zod'
import type { Advertisement } from '../../fci/advertisement.ts'
import { type AdvertisementPrinter, plainPrinter } from '../federation/advertisement-printer.ts'
import type { EditionText, PrintedEdition } from '../federation/edition.ts'
import { printReplySchema } from './advertisement-calls.ts'
import type { AdvertisementThread } from './advertisement-thread.ts'
import { countValues, MIN_LENGTH, MIN_VALUES } from './thread-limits.ts'

export interface PrinterLimits {
  /** Texts shorter than this together are worked on at once. */
  readonly minLength?: number
  /** Advertisements of fewer values are printed at once. */
  readonly minValues?: number
}

/** A printer that prints what is large in the thread, and what several peers want once. */
export function createThreadPrinter(thread: AdvertisementThread, limits: PrinterLimits = {}): AdvertisementPrinter {
  const { minLength = MIN_LENGTH, minValues = MIN_VALUES } = limits
  const patches = new WeakMap<EditionText, Map<string, Promise<string>>>()
  const isSmall = (...texts: readonly EditionText[]): boolean =>
    texts.reduce((length, { text }) => length + text.length, 0) < minLength

  return {
    async print(advertisement: Advertisement): Promise<PrintedEdition> {
      if (countValues(advertisement) < minValues) return plainPrinter.print(advertisement)
      const packed = await thread.pack(advertisement)
      return printReplySchema.parse(await thread.ask({ method: 'print', packed }))
    },
    async patch(form, before, after) {
      if (isSmall(before, after)) return plainPrinter.patch(form, before, after)
      const known = patches.get(after) ?? new Map<string, Promise<string>>()
      patches.set(after, known)
      const key = `${form} ${before.version}`
      const made = known.get(key) ?? askPatch(form, before, after)
      known.set(key, made)
      return made.catch((error: unknown) => {
        known.delete(key)
        throw error
      })
    },
    async alto(edition, asked) {
      if (isSmall(edition)) return plainPrinter.alto(edition, asked)
      return askAlto(edition, undefined, asked)
    },
    async altoPatch(before, edition, asked) {
      if (isSmall(before, edition)) return plainPrinter.altoPatch(before, edition, asked)
      return askAlto(edition, before, asked)
    },
  }

  async function askPatch(form: 'json' | 'merge', before: EditionText, after: EditionText): Promise<string> {
    return z.string().parse(await thread.ask({ method: 'patch', form, before: before.text, after: after.text }))
  }

  async function askAlto(
    edition: EditionText,
    before: EditionText | undefined,
    asked: Parameters<AdvertisementPrinter['alto']>[1],
  ): Promise<string> {
    const call = {
      method: 'alto' as const,
      edition: textOf(edition),
      ...(before !== undefined && { before: textOf(before) }),
      ...(asked !== undefined && { asked }),
    }
    return z.string().parse(await thread.ask(call))
  }
}

/** Without what else an edition holds. */
function textOf({ text, version }: EditionText): EditionText {
  return { text, version }
}
