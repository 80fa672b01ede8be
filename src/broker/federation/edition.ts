import { hash } from 'node:crypto'
import { canonicalJson } from '../../fci/canonical-json.ts'
import type { WireAdvertisement } from '../../fci/print-advertisement.ts'
import { printAdvertisement } from '../../fci/print-advertisement.ts'
import type { Composition, Withheld } from '../../federation/compose-advertisement.ts'

/** What one audience is told, from one moment on. */
export interface Edition {
  /** Digest of the text, base64url: equal texts have equal versions, at every replica and after every start. */
  readonly version: string
  /** Canonical JSON (RFC 8785) of the document, as it is sent. */
  readonly text: string
  readonly document: WireAdvertisement
  /** Milliseconds since the epoch. */
  readonly publishedAt: number
  readonly withheld: readonly Withheld[]
}

export function editionOf({ advertisement, withheld }: Composition, publishedAt: number): Edition {
  const document = printAdvertisement(advertisement)
  const text = canonicalJson(document)
  return { version: hash('sha256', text, 'base64url'), text, document, publishedAt, withheld }
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
