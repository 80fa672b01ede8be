import { z } from 'zod'
import { type PolicyDocument, PolicyDocumentSchema } from '../../routing/policy-file/policy-document.ts'
import { decodeRecord, putRecord, type Versioned } from '../scopes/scope-store.ts'
import type { Change, Store } from '../store/store.ts'

/** One thing that was done to the policy. */
const PolicyEventSchema = z.object({
  action: z.enum(['put', 'rollout', 'promote', 'rollback', 'discard']),
  revision: z.number(),
  share: z.number().optional(),
  at: z.number(),
  by: z.string(),
  reason: z.string().optional(),
})
export type PolicyEvent = z.infer<typeof PolicyEventSchema>

const StateSchema = z.object({
  v: z.literal(1),
  /** 0: none, the configuration's settings hold. */
  current: z.number(),
  /** On trial with this share of client neighbourhoods. */
  candidate: z.object({ revision: z.number(), share: z.number() }).optional(),
  /** The highest number ever given. */
  last: z.number(),
  /** What was current before, the latest last; bounded. */
  earlier: z.array(z.number()).readonly(),
  /** The latest last; bounded. */
  events: z.array(PolicyEventSchema).readonly(),
})
/** Which revision of the policy holds. */
export type PolicyState = z.infer<typeof StateSchema>

export const NO_POLICY: PolicyState = { v: 1, current: 0, last: 0, earlier: [], events: [] }

const META_ID = 'policy'
const MAX_EVENTS = 100
/** Revisions that can be gone back to; older ones are deleted. */
const MAX_EARLIER = 20

export async function readPolicyState(store: Pick<Store, 'get'>): Promise<Versioned<PolicyState> | undefined> {
  const record = await store.get('meta', META_ID)
  return record === undefined
    ? undefined
    : { revision: record.revision, value: decodeRecord(StateSchema, 'meta', META_ID, record.value) }
}

export async function readPolicy(store: Pick<Store, 'get'>, revision: number): Promise<PolicyDocument | undefined> {
  const id = documentId(revision)
  const record = await store.get('policies', id)
  return record === undefined
    ? undefined
    : decodeRecord(z.object({ v: z.literal(1), document: PolicyDocumentSchema }), 'policies', id, record.value).document
}

export function putPolicy(revision: number, document: PolicyDocument): Change {
  return putRecord('policies', documentId(revision), { v: 1, document }, 'absent')
}

/** The changes that make `next` the state, if it still is as it was read. */
export function putPolicyState(before: Versioned<PolicyState> | undefined, next: PolicyState): readonly Change[] {
  const kept = { ...next, earlier: next.earlier.slice(-MAX_EARLIER), events: next.events.slice(-MAX_EVENTS) }
  const needed = new Set([kept.current, kept.candidate?.revision, ...kept.earlier])
  const known = [before?.value.current, before?.value.candidate?.revision, ...(before?.value.earlier ?? [])]
  const dropped = known.filter((revision) => revision !== undefined && revision !== 0 && !needed.has(revision))
  const expect = before === undefined ? 'absent' : { revision: before.revision }
  return [
    putRecord('meta', META_ID, kept, expect),
    ...[...new Set(dropped)].map((revision): Change => {
      return { kind: 'delete', collection: 'policies', id: documentId(revision ?? 0), expect: 'any' }
    }),
  ]
}

/** The name of a revision in answers and records. */
export function revisionName(revision: number): string {
  return revision === 0 ? 'config' : `r${revision}`
}

function documentId(revision: number): string {
  return String(revision).padStart(10, '0')
}
