import type { Diagnostic } from '../../fci/advertisement.ts'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import type { NamedDocument } from '../../fci/named/named-footprint.ts'
import { buildNamedRegistry, type NamedRegistry } from '../../fci/named/named-registry.ts'
import { parseNamedDocumentText } from '../../fci/named/read-named-document.ts'
import { resourceUrisIn } from '../../federation/resource-footprints.ts'
import type { GuardedAnswer, Validators } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { neededFootprints } from './needed-footprints.ts'

/** A document as it was fetched. Times in milliseconds since the epoch. */
export interface KeptDocument {
  readonly url: string
  readonly text: string
  readonly fetchedAt: number
  /** End of the freshness that HTTP gave, if it gave one. */
  readonly freshUntil?: number
  readonly validators: Validators
}

export interface NamedFootprintCacheDeps {
  /** The document with all namespaces; absent: footprints are fetched one by one. */
  readonly setUrl?: string
  readonly combination: 'and' | 'or'
  /** How long a footprint is used after it has expired while it cannot be fetched. */
  readonly graceMs: number
  /** The same URL is not asked more often than this. */
  readonly minIntervalMs: number
  readonly maxBytes: number
  /** Throws `OutboundError`. */
  readonly fetch: (url: string, held: Validators) => Promise<GuardedAnswer>
  /** Whether a changed registry may be used. */
  readonly admits: (registry: NamedRegistry) => Promise<boolean>
  readonly now: () => number
  readonly random: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

interface Held extends KeptDocument {
  readonly document: NamedDocument
}

interface Attempt {
  readonly nextAt: number
  readonly failures: number
  readonly error?: string
}

/** So many due footprints are had with one request for all of them. */
const SET_INSTEAD_OF = 20
const EARLY = 0.1
const LONGEST_PAUSE_MS = 3_600_000

/**
 * The named footprints of one provider ([NF] 4.1): the whole set once, then only what its capabilities refer to, each by
 * its own URI shortly before it expires. A failure keeps what there is; what has expired is used for the grace.
 */
export class NamedFootprintCache {
  readonly #deps: NamedFootprintCacheDeps
  readonly #attempts = new Map<string, Attempt>()
  readonly #dueAt = new Map<string, number>()
  #documents: ReadonlyMap<string, Held> = new Map()
  #registry: NamedRegistry = new Map()

  constructor(deps: NamedFootprintCacheDeps) {
    this.#deps = deps
  }

  get registry(): NamedRegistry {
    return this.#registry
  }

  get documents(): readonly KeptDocument[] {
    return [...this.#documents.values()].map(({ url, text, fetchedAt, freshUntil, validators }) => ({
      url,
      text,
      fetchedAt,
      ...(freshUntil === undefined ? {} : { freshUntil }),
      validators,
    }))
  }

  /** URIs of footprints that say where surrogates are, as far as their namespace is held. */
  get resourceUris(): ReadonlySet<string> {
    return resourceUrisIn([...this.#documents.values()].map(({ document }) => document))
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.#documents.values()].flatMap(({ document }) => document.diagnostics)
  }

  /** Why what is needed could not be fetched, by URL. */
  get errors(): ReadonlyMap<string, string> {
    return new Map([...this.#attempts].flatMap(([url, { error }]) => (error === undefined ? [] : [[url, error]])))
  }

  restore(kept: readonly KeptDocument[]): void {
    const documents = new Map<string, Held>()
    for (const one of kept) {
      const held = this.#read(one)
      if (held !== undefined) documents.set(one.url, held)
    }
    this.#install(documents)
  }

  /** Whatever was asked for lately may be asked for again. */
  hurry(): void {
    this.#attempts.clear()
    this.#dueAt.clear()
  }

  /**
   * Fetches what is due of what these references lead to, with at most `limit` requests, one after the other. True if
   * the registry or its freshness is another one. Never throws.
   */
  async refresh(references: readonly string[], limit: number): Promise<boolean> {
    if (references.length === 0) return false
    const needed = neededFootprints(references, this.#registry)
    const due = this.#dueUrls(needed)
    let changed = false
    for (const url of due.slice(0, limit)) if (await this.#fetch(url, needed)) changed = true
    return changed
  }

  #dueUrls(needed: ReadonlySet<string>): readonly string[] {
    const now = this.#deps.now()
    const { setUrl } = this.#deps
    const mayAsk = (url: string): boolean => (this.#attempts.get(url)?.nextAt ?? 0) <= now
    const dueAt = (uri: string): number => this.#dueAt.get(uri) ?? 0
    const due = [...needed].filter((uri) => dueAt(uri) <= now).sort((a, b) => dueAt(a) - dueAt(b))
    const isUnknown = due.some((uri) => !this.#registry.has(uri))
    const wantsSet = !this.#documents.has(setUrl ?? '') || isUnknown || due.length > SET_INSTEAD_OF
    if (setUrl !== undefined && due.length > 0 && wantsSet && mayAsk(setUrl)) return [setUrl]
    return due.filter(mayAsk)
  }

  async #fetch(url: string, needed: ReadonlySet<string>): Promise<boolean> {
    const { fetch, now, random, minIntervalMs, log } = this.#deps
    const known = this.#documents.get(url)
    const failures = this.#attempts.get(url)?.failures ?? 0
    try {
      const answer = await fetch(url, known?.validators ?? {})
      const next = this.#take(url, known, answer)
      this.#attempts.set(url, { nextAt: now() + minIntervalMs, failures: 0 })
      return await this.#replace(next, needed)
    } catch (error) {
      if (!(error instanceof OutboundError) && !(error instanceof AdvertisementError)) throw error
      const pause = Math.min(LONGEST_PAUSE_MS, minIntervalMs * 2 ** Math.min(failures + 1, 20))
      this.#attempts.set(url, {
        nextAt: now() + pause * (0.5 + random() / 2),
        failures: failures + 1,
        error: error.message,
      })
      if (failures === 0) log('footprint.failed', { error: error.message })
      return false
    }
  }

  #take(url: string, known: Held | undefined, answer: GuardedAnswer): Held {
    const fetchedAt = this.#deps.now()
    const fresh = answer.freshness.freshSeconds
    const times = { fetchedAt, ...(fresh === undefined ? {} : { freshUntil: fetchedAt + fresh * 1000 }) }
    if (answer.kind === 'unchanged') {
      if (known === undefined) throw new OutboundError('status', 'a document was told unchanged that is not held')
      return { url, text: known.text, validators: known.validators, document: known.document, ...times }
    }
    const document = this.#parse(answer.text)
    if (url !== this.#deps.setUrl && (document.kind !== 'footprint' || document.footprint.uri !== url)) {
      throw new OutboundError('content_type', 'the address of a named footprint does not answer that footprint')
    }
    return { url, text: answer.text, validators: answer.validators, document, ...times }
  }

  async #replace(next: Held, needed: ReadonlySet<string>): Promise<boolean> {
    const isSame = this.#documents.get(next.url)?.text === next.text
    const registry = buildNamedRegistry([...this.#with(next, needed).values()], this.#deps.graceMs)
    if (!isSame && !(await this.#deps.admits(registry))) return false
    // Another may have come meanwhile.
    this.#install(this.#with(next, needed))
    return true
  }

  #with(next: Held, needed: ReadonlySet<string>): ReadonlyMap<string, Held> {
    const { setUrl } = this.#deps
    const documents = new Map<string, Held>()
    for (const [url, held] of this.#documents) {
      // A whole set says everything of its origin; what nobody needs is not kept.
      const isSaidAnew = next.url === setUrl && isOfOrigin(url, setUrl)
      if (url === setUrl || (needed.has(url) && !isSaidAnew)) documents.set(url, held)
    }
    documents.set(next.url, next)
    return documents
  }

  #install(documents: ReadonlyMap<string, Held>): void {
    const { graceMs, random } = this.#deps
    this.#documents = documents
    this.#registry = buildNamedRegistry([...documents.values()], graceMs)
    this.#dueAt.clear()
    for (const [uri, { fetchedAt, freshUntil }] of this.#registry) {
      // Early and at random, or all that was published together would be asked for together.
      this.#dueAt.set(uri, freshUntil - Math.max(0, freshUntil - fetchedAt) * EARLY * random())
    }
  }

  #read(kept: KeptDocument): Held | undefined {
    try {
      return { ...kept, document: this.#parse(kept.text) }
    } catch (error) {
      if (!(error instanceof AdvertisementError)) throw error
      this.#deps.log('footprint.kept_unreadable', { error: error.message })
      return undefined
    }
  }

  #parse(text: string): NamedDocument {
    return parseNamedDocumentText(text, { combination: this.#deps.combination, maxLength: this.#deps.maxBytes })
  }
}

function isOfOrigin(url: string, other: string): boolean {
  return URL.canParse(url) && new URL(url).origin === new URL(other).origin
}
