import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Advertisement } from '../../fci/advertisement.ts'
import { canonicalJson, isJsonList, isJsonObject } from '../../fci/canonical-json.ts'
import { namedReferencesIn } from '../../fci/named/named-references.ts'
import type { WireAdvertisement } from '../../fci/print-advertisement.ts'
import { printAdvertisement } from '../../fci/print-advertisement.ts'
import { sortedTexts } from '../../fci/sorted-values.ts'
import type { Withheld } from '../../federation/compose-advertisement.ts'

/** A document as it is sent. */
export interface EditionText {
  /** Digest of the text, base64url: equal texts have equal versions, at every replica and after every start. */
  readonly version: string
  /** Canonical JSON (RFC 8785) of the document. */
  readonly text: string
}

/** An advertisement in print, and what is to be known of it without reading it again. */
export interface PrintedEdition extends EditionText {
  /** How many objects it has. */
  readonly capabilities: number
  /** URIs of named footprints that it refers to, sorted. */
  readonly references: readonly string[]
}

/** What one audience is told, from one moment on. */
export interface Edition extends PrintedEdition {
  /** Read from the text when it is asked for. */
  readonly document: WireAdvertisement
  /** Milliseconds since the epoch. */
  readonly publishedAt: number
  readonly withheld: readonly Withheld[]
}

export function printEdition(advertisement: Advertisement): PrintedEdition {
  const document = printAdvertisement(advertisement)
  const text = canonicalJson(document)
  return {
    version: hash('sha256', text, 'base64url'),
    text,
    capabilities: document.capabilities.length,
    references: sortedTexts(namedReferencesIn(document).map(({ uri }) => uri)),
  }
}

const wireSchema = z.custom<WireAdvertisement>(
  (value) => isJsonObject(value) && isJsonList(value['capabilities']),
  'an advertisement has capabilities',
)

export function editionOf(printed: PrintedEdition, publishedAt: number, withheld: readonly Withheld[]): Edition {
  let document: WireAdvertisement | undefined
  return {
    ...printed,
    publishedAt,
    withheld,
    get document() {
      document ??= documentOf(printed)
      return document
    },
  }
}

/** The document of an edition, read again from its text. */
export function documentOf({ text }: EditionText): WireAdvertisement {
  return wireSchema.parse(JSON.parse(text))
}

/** Former editions, the newest last, bounded in number and in size. */
export class EditionHistory {
  readonly #maxEditions: number
  readonly #maxLength: number
  readonly #editions: Edition[] = []
  #length = 0

  /** @param maxLength - of all texts together, in UTF-16 code units. */
  constructor(maxEditions: number, maxLength: number) {
    this.#maxEditions = maxEditions
    this.#maxLength = maxLength
  }

  add(edition: Edition): void {
    this.#editions.push(edition)
    this.#length += edition.text.length
    while (this.#editions.length > this.#maxEditions || this.#length > this.#maxLength) {
      this.#length -= this.#editions.shift()?.text.length ?? 0
    }
  }

  /** The edition of a version; undefined if it is not known any more, or never was. */
  find(version: string): Edition | undefined {
    return this.#editions.findLast((edition) => edition.version === version)
  }
}
