import { z } from 'zod'
import { decodeRecord, putRecord, type Versioned } from '../scopes/scope-store.ts'
import type { Change, Store } from '../store/store.ts'
import type { DrillReport } from './drill-service.ts'

const MeasuredSchema = z.object({
  detectMs: z.number().exactOptional(),
  decideMs: z.number().exactOptional(),
  firstAnswerMs: z.number().exactOptional(),
  firstObjectMs: z.number().exactOptional(),
  restoreMs: z.number().exactOptional(),
  objectsBefore: z.number(),
  objectsDuring: z.number(),
  objectsLost: z.number(),
  longestGapMs: z.number(),
  probesBefore: z.number(),
  probesDuring: z.number(),
})

const ReportSchema: z.ZodType<DrillReport> = z.object({
  id: z.string(),
  provider: z.string(),
  method: z.enum(['drain', 'fault']),
  scope: z.string(),
  hypothesis: z.string(),
  state: z.enum(['running', 'ended']),
  verdict: z.enum(['succeeded', 'failed', 'interrupted', 'blocked', 'invalid']).exactOptional(),
  because: z.string().exactOptional(),
  requestedBy: z.string(),
  startedAt: z.number(),
  endedAt: z.number().exactOptional(),
  measured: MeasuredSchema,
  timeline: z.array(z.object({ at: z.number(), event: z.string(), detail: z.string() })).readonly(),
  signature: z.string().exactOptional(),
})

const StoredDrillSchema = z.object({
  v: z.literal(1),
  report: ReportSchema,
  /** Written before the provider is taken out, so that whoever finds a dead drill can undo it. */
  undo: z
    .object({
      /** Scopes whose primary was the drilled provider and goes back there. */
      scopes: z.array(z.string()).readonly(),
    })
    .exactOptional(),
})
export type StoredDrill = z.infer<typeof StoredDrillSchema>
export type DrillUndo = NonNullable<StoredDrill['undo']>

/** Held by whoever runs or recovers a drill: there is one at a time over all replicas. */
export const DRILL_LEASE = 'drill'

/** The one drill under way over all replicas: `meta/drill-running`. It stays behind when its broker dies. */
const RUNNING_ID = 'drill-running'
const ABORT_ID = 'drill-abort'
const ABORT_TTL_MS = 60_000

const RunningSchema = z.object({ v: z.literal(1), drill: z.string() })
const AbortSchema = z.object({ v: z.literal(1), drill: z.string(), reason: z.string(), by: z.string() })

export function putDrill(stored: StoredDrill): Change {
  return putRecord('drills', stored.report.id, stored, 'any')
}

export function putRunning(drill: string): Change {
  return putRecord('meta', RUNNING_ID, { v: 1, drill }, 'absent')
}

export function deleteRunning(): Change {
  return { kind: 'delete', collection: 'meta', id: RUNNING_ID, expect: 'any' }
}

/** Asks whichever replica runs the drill to end it. */
export function putAbort(drill: string, reason: string, by: string): Change {
  return putRecord('meta', ABORT_ID, { v: 1, drill, reason, by }, 'any', ABORT_TTL_MS)
}

export async function readDrill(store: Pick<Store, 'get'>, id: string): Promise<Versioned<StoredDrill> | undefined> {
  const record = await store.get('drills', id)
  return record === undefined
    ? undefined
    : { revision: record.revision, value: decodeRecord(StoredDrillSchema, 'drills', id, record.value) }
}

/** Newest first. */
export async function listDrills(
  store: Pick<Store, 'list'>,
  options: { readonly limit: number; readonly after?: string },
): Promise<readonly DrillReport[]> {
  const records = await store.list('drills', { ...options, descending: true })
  return records.map(({ id, value }) => decodeRecord(StoredDrillSchema, 'drills', id, value).report)
}

export async function readRunning(store: Pick<Store, 'get'>): Promise<string | undefined> {
  const record = await store.get('meta', RUNNING_ID)
  return record === undefined ? undefined : decodeRecord(RunningSchema, 'meta', RUNNING_ID, record.value).drill
}

export async function readAbort(
  store: Pick<Store, 'get'>,
  drill: string,
): Promise<{ readonly reason: string; readonly by: string } | undefined> {
  const record = await store.get('meta', ABORT_ID)
  if (record === undefined) return undefined
  const abort = decodeRecord(AbortSchema, 'meta', ABORT_ID, record.value)
  return abort.drill === drill ? { reason: abort.reason, by: abort.by } : undefined
}
