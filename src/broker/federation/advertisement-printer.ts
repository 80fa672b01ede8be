import type { Advertisement } from '../../fci/advertisement.ts'
import type { AskedCapability } from '../../federation/filter-advertisement.ts'
import { altoPatchText, altoTextOf } from './alto-documents.ts'
import { type EditionText, type PrintedEdition, printEdition } from './edition.ts'
import { patchText } from './edition-changes.ts'

/**
 * Prints advertisements and what leads from one to the next: here, or where it holds nobody up. Every method may throw
 * `ThreadError` when what it was asked to do broke the thread, took too long, or was ended.
 */
export interface AdvertisementPrinter {
  print(advertisement: Advertisement): Promise<PrintedEdition>
  /** As `patchText`. */
  patch(form: 'json' | 'merge', before: EditionText, after: EditionText): Promise<string>
  /** As `altoTextOf`. */
  alto(edition: EditionText, asked?: readonly AskedCapability[]): Promise<string>
  /** As `altoPatchText`. */
  altoPatch(before: EditionText, edition: EditionText, asked?: readonly AskedCapability[]): Promise<string>
}

/** Does everything at once, and nothing else meanwhile. */
export const plainPrinter: AdvertisementPrinter = {
  print: async (advertisement) => printEdition(advertisement),
  patch: async (form, before, after) => patchText(form, before.text, after.text),
  alto: async (edition, asked) => altoTextOf(edition, asked),
  altoPatch: async (before, edition, asked) => altoPatchText(before, edition, asked),
}
