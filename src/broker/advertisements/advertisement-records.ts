import { z } from 'zod'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import { type Store, StoreError } from '../store/store.ts'
import { keepText, keptTextFields, textOfKept } from './kept-text.ts'

const FreshnessSchema = z.object({
  freshSeconds: z.number().optional(),
  staleWhileRevalidateSeconds: z.number().optional(),
  staleIfErrorSeconds: z.number().optional(),
})

const KeptSchema = z.object({
  v: z.literal(1),
  ...keptTextFields,
  fetchedAt: z.number(),
  confirmedAt: z.number(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  freshness: FreshnessSchema.optional(),
})

const HeldBackSchema = z.object({
  v: z.literal(1),
  ...keptTextFields,
  since: z.number(),
  lastSeenAt: z.number(),
  lostShare: z.number(),
  because: z.string(),
})

const ChangeSchema = z.object({
  at: z.number(),
  kind: z.enum(['accepted', 'held_back', 'confirmed', 'taken_back']),
  version: z.string(),
  previousVersion: z.string().optional(),
  via: z.enum(['poll', 'notification', 'stream', 'file', 'operator', 'time']),
  by: z.string().optional(),
  lostShare: z.number(),
  because: z.string().optional(),
  differences: z.array(z.string()),
})

const HistorySchema = z.object({ v: z.literal(1), changes: z.array(ChangeSchema) })

type WithText<T> = Omit<T, 'v' | 'text' | 'gzip'> & { readonly text: string }

/** The last good advertisement as it arrived. Times in milliseconds since the epoch. */
export type KeptAdvertisement = WithText<z.infer<typeof KeptSchema>>
/** One that the guard holds back. */
export type KeptHeldBack = WithText<z.infer<typeof HeldBackSchema>>
/** One line of a provider's history: what became of a version, and how it differs from the one before. */
export type AdvertisementChange = Readonly<z.infer<typeof ChangeSchema>>

const COLLECTION = 'advertisements'
const MAX_CHANGES = 100
const MAX_ATTEMPTS = 3

/** What is kept of each provider's advertisements, so that a restart answers at once. Methods throw `StoreError`. */
export interface AdvertisementRecords {
  kept(provider: string): Promise<KeptAdvertisement | undefined>
  keep(provider: string, kept: KeptAdvertisement): Promise<void>
  heldBack(provider: string): Promise<KeptHeldBack | undefined>
  /** `undefined` forgets it. */
  keepHeldBack(provider: string, heldBack: KeptHeldBack | undefined): Promise<void>
  /** Newest first; at most 100. */
  history(provider: string): Promise<readonly AdvertisementChange[]>
  /** Unless the newest line says the same: replicas see the same change. */
  append(provider: string, change: AdvertisementChange): Promise<void>
}

export function createAdvertisementRecords(store: Store): AdvertisementRecords {
  async function read<T>(schema: z.ZodType<T>, id: string): Promise<T | undefined> {
    const record = await store.get(COLLECTION, id)
    return record === undefined ? undefined : decodeRecord(schema, COLLECTION, id, record.value)
  }

  return {
    async kept(provider) {
      const kept = await read(KeptSchema, provider)
      return kept && withText(kept, provider)
    },
    async keep(provider, { text, ...rest }) {
      const kept = { v: 1, ...(await keepText(text)), ...rest }
      await store.commit([putRecord(COLLECTION, provider, kept, 'any')])
    },
    async heldBack(provider) {
      const held = await read(HeldBackSchema, heldBackId(provider))
      return held && withText(held, heldBackId(provider))
    },
    async keepHeldBack(provider, heldBack) {
      const id = heldBackId(provider)
      if (heldBack === undefined) {
        await store.commit([{ kind: 'delete', collection: COLLECTION, id, expect: 'any' }])
        return
      }
      const { text, ...rest } = heldBack
      await store.commit([putRecord(COLLECTION, id, { v: 1, ...(await keepText(text)), ...rest }, 'any')])
    },
    async history(provider) {
      return (await read(HistorySchema, historyId(provider)))?.changes ?? []
    },
    async append(provider, change) {
      const id = historyId(provider)
      for (let attempt = 1; ; attempt++) {
        const record = await store.get(COLLECTION, id)
        const changes = record === undefined ? [] : decodeRecord(HistorySchema, COLLECTION, id, record.value).changes
        const [newest] = changes
        if (newest?.version === change.version && newest.kind === change.kind) return
        const value = { v: 1, changes: [change, ...changes].slice(0, MAX_CHANGES) }
        try {
          await store.commit([
            putRecord(COLLECTION, id, value, record === undefined ? 'absent' : { revision: record.revision }),
            { kind: 'event', stream: `provider:${provider}`, value: JSON.stringify(eventOf(provider, change)) },
          ])
          return
        } catch (error) {
          if (!(error instanceof StoreError) || error.code !== 'conflict' || attempt === MAX_ATTEMPTS) throw error
        }
      }
    },
  }
}

async function withText<T extends z.infer<typeof KeptSchema> | z.infer<typeof HeldBackSchema>>(
  record: T,
  id: string,
): Promise<Omit<T, 'v' | 'text' | 'gzip'> & { readonly text: string }> {
  const { v: _, text, gzip, ...rest } = record
  return { ...rest, text: await textOfKept({ text, gzip }, `${COLLECTION}/${id}`) }
}

function eventOf(provider: string, change: AdvertisementChange): Readonly<Record<string, unknown>> {
  return {
    at: change.at,
    type: `advertisement.${change.kind}`,
    by: change.by ?? 'broker',
    provider,
    detail: change.because ?? `version ${change.version}`,
  }
}

// Ids of providers hold no colon.
function heldBackId(provider: string): string {
  return `held-back:${provider}`
}

function historyId(provider: string): string {
  return `history:${provider}`
}
