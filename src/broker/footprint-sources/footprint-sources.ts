import { createHash } from 'node:crypto'
import { z } from 'zod'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import type { GeoEdition, GeoSource } from '../../routing/geo-source.ts'
import { type SourceTables, sourceKey } from '../../routing/geo-table.ts'
import type { FootprintSourcesConfig, GeofeedsConfig } from '../config/footprint-sources-schema.ts'
import type { GuardedAnswer, GuardedFetcher, Validators } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import { type Store, StoreError } from '../store/store.ts'
import { fileStamp, refuseShrunken, type SourceInput } from './load-source.ts'
import type { NeededSource } from './needed-sources.ts'

/** What is known of one source. Times in milliseconds since the epoch. */
export interface SourceState {
  readonly type: 'rfc8805' | 'private'
  readonly uri: string
  /** Providers whose footprints name it. */
  readonly providers: readonly string[]
  /** Absent: there are no data, and what depends on it holds for nobody. */
  readonly edition?: GeoEdition
  readonly fetchedAt?: number
  readonly dueAt?: number
  /** Why the last attempt to get newer data failed. */
  readonly error?: string
}

export interface FootprintSourcesDeps {
  readonly store: Store
  readonly fetcher: GuardedFetcher
  /** Reads and checks data. Throws `GeoFileError`. */
  readonly load: (input: SourceInput) => Promise<GeoSource>
  readonly files: FootprintSourcesConfig
  readonly geofeeds: GeofeedsConfig
  /** What footprints in use name, now. */
  readonly needed: () => ReadonlyMap<string, NeededSource>
  /** Where documents of a provider may come from. */
  readonly originsOf: (provider: string) => readonly string[]
  readonly now: () => number
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

/** The data sources that providers' footprints name ([NF] 3.2). */
export interface FootprintSources {
  /** What there is, by `sourceKey`: another object whenever it changes. */
  tables(): SourceTables
  states(): readonly SourceState[]
  onChange(listener: () => void): () => void
  /** Brings back what was kept of what is needed now, and reads its files, so that the first answers are right. */
  restore(): Promise<void>
  /** Brings back, reads and fetches what is due; at most one fetch. To be called every few seconds. Never throws. */
  tend(): Promise<void>
}

const KeptSchema = z.object({
  v: z.literal(1),
  uri: z.string(),
  text: z.string(),
  fetchedAt: z.number(),
  freshUntil: z.number(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
})
type Kept = Omit<z.infer<typeof KeptSchema>, 'v'>

interface Held {
  source?: GeoSource
  fetchedAt?: number
  validators: Validators
  dueAt: number
  failures: number
  error?: string
  /** Of a file, when it was read last. */
  stamp?: string
}

const MAX_SOURCES = 200
const FILE_CHECK_MS = 30_000
const MIN_REFRESH_MS = 60_000
const LONGEST_PAUSE_MS = 21_600_000
const JITTER = 0.1

export function createFootprintSources(deps: FootprintSourcesDeps): FootprintSources {
  const held = new Map<string, Held>()
  const files = new Map(deps.files.map((file) => [sourceKey({ type: 'private', uri: file.uri }), file]))
  const listeners = new Set<() => void>()
  let tables: SourceTables = new Map()
  let told = ''

  function publish(): void {
    const versions = [...held].map(([key, { source }]) => [key, source?.editions[0]?.version])
    const now = JSON.stringify(versions)
    if (now === told) return
    told = now
    tables = new Map([...held].flatMap(([key, { source }]) => (source === undefined ? [] : [[key, source.table]])))
    for (const listener of listeners) listener()
  }

  function use(key: string, one: Held, source: GeoSource): void {
    refuseShrunken(one.source?.editions[0], source.editions[0], deps.geofeeds.max_lost_share)
    one.source = source
    const edition = source.editions[0]
    deps.log('footprint_source.loaded', {
      source: key,
      version: edition?.version ?? '',
      entries: edition?.entries ?? 0,
      warnings: edition?.warnings.length ?? 0,
    })
  }

  async function begin(key: string, { source }: NeededSource): Promise<void> {
    const one: Held = { validators: {}, dueAt: 0, failures: 0 }
    held.set(key, one)
    if (source.type === 'private') return
    const record = await deps.store.get('advertisements', recordId(source.uri))
    if (record === undefined) return
    const kept = decodeRecord(KeptSchema, 'advertisements', record.id, record.value)
    use(key, one, await deps.load({ kind: 'geofeed', name: source.uri, text: kept.text, builtAt: kept.fetchedAt }))
    one.fetchedAt = kept.fetchedAt
    one.validators = validatorsOf(kept)
    one.dueAt = kept.freshUntil
  }

  async function readFile(key: string, one: Held): Promise<void> {
    one.dueAt = deps.now() + FILE_CHECK_MS
    const file = files.get(key)
    if (file === undefined) throw new GeoFileError(key, 'no file is configured for it; see footprint_sources')
    const stamp = await fileStamp(file.file)
    if (stamp !== undefined && stamp === one.stamp) return
    use(key, one, await deps.load({ kind: 'file', name: file.uri, file: file.file, format: file.format }))
    one.fetchedAt = deps.now()
    if (stamp !== undefined) one.stamp = stamp
  }

  async function fetchFeed(key: string, one: Held, { source, providers }: NeededSource): Promise<void> {
    const { geofeeds, now, random } = deps
    const answer = await deps.fetcher.fetch({
      url: source.uri,
      allowedOrigins: [...geofeeds.allowed_origins, ...providers.flatMap(deps.originsOf)],
      what: 'a geofeed',
      headers: { accept: 'text/csv, text/plain;q=0.9, */*;q=0.1' },
      timeoutMs: geofeeds.timeout_ms,
      maxBytes: geofeeds.max_bytes,
      signal: deps.signal,
      ...one.validators,
    })
    const at = now()
    const freshMs = Math.max(MIN_REFRESH_MS, (answer.freshness.freshSeconds ?? geofeeds.refresh_seconds) * 1000)
    const dueAt = at + Math.min(freshMs, geofeeds.refresh_seconds * 1000) * (1 - JITTER * random())
    if (answer.kind === 'document') {
      use(key, one, await deps.load({ kind: 'geofeed', name: source.uri, text: answer.text, builtAt: at }))
      one.validators = answer.validators
      await keep(source.uri, answer, at, dueAt)
    }
    one.fetchedAt = at
    one.dueAt = dueAt
  }

  async function keep(
    uri: string,
    answer: Extract<GuardedAnswer, { readonly kind: 'document' }>,
    fetchedAt: number,
    freshUntil: number,
  ): Promise<void> {
    const kept: Kept = { uri, text: answer.text, fetchedAt, freshUntil, ...answer.validators }
    await deps.store.commit([putRecord('advertisements', recordId(uri), { v: 1, ...kept }, 'any')])
  }

  async function attempt(key: string, one: Held, task: () => Promise<void>): Promise<boolean> {
    try {
      await task()
      one.failures = 0
      delete one.error
      return true
    } catch (error) {
      const reason = reasonOf(error)
      if (one.error !== reason) deps.log('footprint_source.failed', { source: key, error: reason })
      one.error = reason
      one.failures++
      const pause = Math.min(LONGEST_PAUSE_MS, MIN_REFRESH_MS * 2 ** Math.min(one.failures - 1, 20))
      one.dueAt = Math.max(one.dueAt, deps.now() + pause * (0.5 + deps.random() / 2))
      return false
    }
  }

  return {
    tables: () => tables,
    states: () =>
      [...deps.needed()].map(([key, { source, providers }]) => {
        const one = held.get(key)
        const edition = one?.source?.editions[0]
        return {
          type: source.type,
          uri: source.uri,
          providers,
          ...(edition === undefined ? {} : { edition }),
          ...(one?.fetchedAt === undefined ? {} : { fetchedAt: one.fetchedAt }),
          ...(one === undefined || source.type === 'private' ? {} : { dueAt: one.dueAt }),
          ...(one?.error === undefined ? {} : { error: one.error }),
        }
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async restore() {
      for (const [key, source] of [...deps.needed()].slice(0, MAX_SOURCES)) {
        const one = await attempted(key, source)
        if (one !== undefined && source.source.type === 'private') await attempt(key, one, () => readFile(key, one))
      }
      publish()
    },
    async tend() {
      const needed = new Map([...deps.needed()].slice(0, MAX_SOURCES))
      for (const key of held.keys()) if (!needed.has(key)) held.delete(key)
      let fetched = false
      for (const [key, source] of needed) {
        if (!held.has(key)) {
          const one = await attempted(key, source)
          if (one === undefined) continue
        }
        const one = held.get(key)
        if (one === undefined || one.dueAt > deps.now()) continue
        if (source.source.type === 'private') await attempt(key, one, () => readFile(key, one))
        else if (!fetched) {
          fetched = true
          await attempt(key, one, () => fetchFeed(key, one, source))
        }
      }
      publish()
    },
  }

  /** Undefined while the store cannot tell what was kept: then it is asked again, not the publisher. */
  async function attempted(key: string, source: NeededSource): Promise<Held | undefined> {
    try {
      await begin(key, source)
    } catch (error) {
      if (error instanceof StoreError && error.code !== 'corrupt') {
        held.delete(key)
        return undefined
      }
      deps.log('footprint_source.kept_unreadable', { source: key, error: reasonOf(error) })
    }
    return held.get(key)
  }
}

function validatorsOf({ etag, lastModified }: Kept): Validators {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof OutboundError || error instanceof GeoFileError || error instanceof StoreError)
    return error.message
  throw error
}

function recordId(uri: string): string {
  return `geofeed:${createHash('sha256').update(uri).digest('base64url')}`
}
