import { readFile } from 'node:fs/promises'
import type { Agent } from 'undici'
import { z } from 'zod'
import { AdvertisementError } from '../../fci/advertisement-error.ts'
import { versionOf } from '../../fci/advertisement-version.ts'
import { parseAdvertisementText } from '../../fci/parse-advertisement.ts'
import type { HeldAdvertisement } from '../../routing/decision.ts'
import type { ProviderConfig } from '../config/config-schema.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import { type Store, StoreError } from '../store/store.ts'
import { AdvertisementFetchError, fetchAdvertisement } from './advertisement-fetch.ts'

/** The last good advertisement of each provider, with its age; kept in the store so that a restart can answer at once. */
export interface AdvertisementBoard {
  get(provider: string): HeldAdvertisement | undefined
  /** Why the last fetch failed, or `undefined`. */
  error(provider: string): string | undefined
  /** Brings back what was kept. */
  restore(): Promise<void>
  /** Fetches one provider's anew. Never throws: a failure keeps the last good one. */
  refresh(provider: string): Promise<void>
  /** When the next refresh is due, milliseconds since the epoch. */
  dueAt(provider: string): number
}

export interface AdvertisementBoardDeps {
  readonly store: Store
  readonly agent: Agent
  readonly providers: readonly ProviderConfig[]
  readonly tokens: ReadonlyMap<string, string>
  readonly now: () => number
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

interface Held {
  model: HeldAdvertisement['model']
  version: string
  fetchedAt: number
  confirmedAt: number
  etag?: string
}

const KeptSchema = z.object({
  v: z.literal(1),
  text: z.string(),
  fetchedAt: z.number(),
  confirmedAt: z.number(),
  etag: z.string().optional(),
})
const FILE_POLL_SECONDS = 10
const JITTER = 0.1
/** A confirmation alone is written at most this often: it only serves the age after a restart. */
const CONFIRMATION_WRITE_MS = 60_000

export function createAdvertisementBoard(deps: AdvertisementBoardDeps): AdvertisementBoard {
  const configs = new Map(deps.providers.map((config) => [config.id, config]))
  const held = new Map<string, Held>()
  const errors = new Map<string, string>()
  const due = new Map<string, number>()
  const keptAt = new Map<string, number>()

  function read(config: ProviderConfig, text: string): HeldAdvertisement['model'] {
    return parseAdvertisementText(text, { combination: config.fci?.footprint_combination ?? 'and' })
  }

  async function keep(provider: string, text: string | undefined, entry: Held): Promise<void> {
    const now = deps.now()
    if (text === undefined && now - (keptAt.get(provider) ?? 0) < CONFIRMATION_WRITE_MS) return
    const kept = text ?? (await keptText(provider))
    if (kept === undefined) return
    keptAt.set(provider, now)
    const value = {
      v: 1,
      text: kept,
      fetchedAt: entry.fetchedAt,
      confirmedAt: entry.confirmedAt,
      ...(entry.etag === undefined ? {} : { etag: entry.etag }),
    }
    await deps.store.commit([putRecord('advertisements', provider, value, 'any')])
  }

  async function keptText(provider: string): Promise<string | undefined> {
    const record = await deps.store.get('advertisements', provider)
    return record === undefined ? undefined : decodeRecord(KeptSchema, 'advertisements', provider, record.value).text
  }

  async function load(config: ProviderConfig): Promise<{ readonly text: string; readonly etag?: string } | undefined> {
    if (config.fci_file !== undefined)
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(config.fci_file)) }
    if (config.fci === undefined) return undefined
    const token = deps.tokens.get(config.id)
    const etag = held.get(config.id)?.etag
    const outcome = await fetchAdvertisement(deps.agent, {
      url: config.fci.url,
      timeoutMs: config.fci.timeout_ms,
      maxBytes: config.fci.max_bytes,
      signal: deps.signal,
      ...(token === undefined ? {} : { token }),
      ...(etag === undefined ? {} : { etag }),
    })
    return outcome.kind === 'fetched' ? outcome : undefined
  }

  async function refresh(config: ProviderConfig): Promise<void> {
    const { id } = config
    const loaded = await load(config)
    const now = deps.now()
    const known = held.get(id)
    if (loaded === undefined) {
      if (known !== undefined) {
        known.confirmedAt = now
        await keep(id, undefined, known)
      }
      return
    }
    const model = read(config, loaded.text)
    const version = versionOf(model)
    const entry: Held = {
      model,
      version,
      fetchedAt: known !== undefined && known.version === version ? known.fetchedAt : now,
      confirmedAt: now,
      ...(loaded.etag === undefined ? {} : { etag: loaded.etag }),
    }
    if (known?.version !== version) {
      deps.log('advertisement.changed', {
        provider: id,
        version,
        capabilities: model.capabilities.length,
        diagnostics: model.diagnostics.length,
      })
    }
    held.set(id, entry)
    await keep(id, known?.version === version ? undefined : loaded.text, entry)
  }

  return {
    get(provider) {
      const entry = held.get(provider)
      const config = configs.get(provider)
      if (entry === undefined || config === undefined) return undefined
      const ageSeconds = (deps.now() - entry.confirmedAt) / 1000
      const limits = config.fci ?? {
        stale_after_seconds: Number.POSITIVE_INFINITY,
        expire_after_seconds: Number.POSITIVE_INFINITY,
      }
      return {
        model: entry.model,
        version: entry.version,
        fetchedAt: entry.fetchedAt,
        confirmedAt: entry.confirmedAt,
        stale: ageSeconds > limits.stale_after_seconds,
        expired: ageSeconds > limits.expire_after_seconds,
      }
    },
    error(provider) {
      return errors.get(provider)
    },
    async restore() {
      for (const config of deps.providers) {
        const record = await deps.store.get('advertisements', config.id)
        if (record === undefined) continue
        try {
          const kept = decodeRecord(KeptSchema, 'advertisements', config.id, record.value)
          const model = read(config, kept.text)
          held.set(config.id, {
            model,
            version: versionOf(model),
            fetchedAt: kept.fetchedAt,
            confirmedAt: kept.confirmedAt,
            ...(kept.etag === undefined ? {} : { etag: kept.etag }),
          })
        } catch (error) {
          if (!(error instanceof AdvertisementError)) throw error
          deps.log('advertisement.kept_unreadable', { provider: config.id, error: error.message })
        }
      }
    },
    async refresh(provider) {
      const config = configs.get(provider)
      if (config === undefined) return
      const seconds = config.fci?.poll_seconds ?? FILE_POLL_SECONDS
      due.set(provider, deps.now() + seconds * 1000 * (1 + JITTER * (deps.random() * 2 - 1)))
      try {
        await refresh(config)
        errors.delete(provider)
      } catch (error) {
        const reason = whyNot(error)
        if (errors.get(provider) !== reason) deps.log('advertisement.failed', { provider, error: reason })
        errors.set(provider, reason)
      }
    },
    dueAt(provider) {
      return due.get(provider) ?? 0
    },
  }
}

function whyNot(error: unknown): string {
  if (error instanceof AdvertisementFetchError || error instanceof AdvertisementError) return error.message
  if (error instanceof StoreError) return `the store could not keep it (${error.code})`
  if (error instanceof TypeError) return 'its file is not UTF-8'
  if (error instanceof Error && 'code' in error) return `its file cannot be read (${String(error.code)})`
  return 'an unexpected error; see the log'
}
