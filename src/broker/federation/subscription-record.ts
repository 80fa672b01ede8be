import { z } from 'zod'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Change, Expectation, Store, StoredRecord } from '../store/store.ts'

/** A subscription of a peer to changes of what it is told (SVTA Open Caching, FCI). */
const SubscriptionRecordSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  peer: z.string(),
  /** Keyed digest of where updates are sent. The URL itself may hold a secret of the peer's, so the vault has it. */
  targetDigest: z.string(),
  createdAt: z.number(),
  /** The version that was taken last; absent: none yet. */
  delivered: z.string().optional(),
  deliveredAt: z.number().optional(),
})
export type SubscriptionRecord = z.infer<typeof SubscriptionRecordSchema>

const COLLECTION = 'fci-subscriptions'
const PAGE = 200

/** Under which id the vault holds the URL. */
export function targetId(subscription: string): string {
  return `fci-subscription-${subscription}`
}

export interface HeldSubscription {
  readonly record: SubscriptionRecord
  readonly revision: number
}

export function putSubscription(record: SubscriptionRecord, expect: Expectation): Change {
  return putRecord(COLLECTION, record.id, record, expect)
}

export function deleteSubscription({ record, revision }: HeldSubscription): Change {
  return { kind: 'delete', collection: COLLECTION, id: record.id, expect: { revision } }
}

export async function readSubscription(store: Store, id: string): Promise<HeldSubscription | undefined> {
  const stored = await store.get(COLLECTION, id)
  return stored === undefined ? undefined : held(stored)
}

export async function listSubscriptions(store: Store): Promise<readonly HeldSubscription[]> {
  const all: HeldSubscription[] = []
  let after: string | undefined
  do {
    const page = await store.list(COLLECTION, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    all.push(...page.map(held))
    after = page.length === PAGE ? page.at(-1)?.id : undefined
  } while (after !== undefined)
  return all
}

function held({ id, revision, value }: StoredRecord): HeldSubscription {
  return { record: decodeRecord(SubscriptionRecordSchema, COLLECTION, id, value), revision }
}
