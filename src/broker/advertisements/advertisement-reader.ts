import type { Advertisement } from '../../fci/advertisement.ts'
import type { WireAdvertisement } from '../../fci/print-advertisement.ts'
import type { AdvertisementText } from './advertisement-service.ts'
import { versionOfAlto } from './alto-document.ts'
import { type AdvertisementComparison, compareInWords } from './compare-in-words.ts'
import { readNotification } from './notification-document.ts'
import { type AdvertisementReading, type ReadAdvertisement, readAdvertisement } from './read-advertisement.ts'
import { shownAdvertisement } from './shown-advertisement.ts'

/**
 * Reads advertisements, and compares them: here, or where it holds nobody up. Every method may throw `ThreadError` when
 * what it was asked to do broke the thread, took too long, or was ended.
 */
export interface AdvertisementReader {
  /** Throws `AdvertisementError` for what is no advertisement. */
  read(text: string, reading: AdvertisementReading): Promise<ReadAdvertisement>
  /** As `compareInWords`. */
  compare(before: Advertisement, after: Advertisement): Promise<AdvertisementComparison>
  /** As `shownAdvertisement`. */
  show(model: Advertisement): Promise<WireAdvertisement | AdvertisementText>
  /** The `resource-id` of a document of ALTO, if it has one. Throws SyntaxError for what is no JSON. */
  resourceIdOf(text: string): Promise<string | undefined>
  /** As `readNotification`. Throws `AdvertisementError`. */
  openNotification(text: string, maxLength: number): Promise<string | undefined>
}

/** Does everything at once, and nothing else meanwhile. */
export const plainReader: AdvertisementReader = {
  read: async (text, reading) => readAdvertisement(text, reading),
  compare: async (before, after) => compareInWords(before, after),
  show: async (model) => shownAdvertisement(model),
  resourceIdOf: async (text) => versionOfAlto(JSON.parse(text)).resourceId,
  openNotification: async (text, maxLength) => readNotification(text, maxLength),
}
