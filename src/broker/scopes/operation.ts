import { z } from 'zod'

export const OperationKindSchema = z.enum(['create', 'update', 'failover', 'delete', 'repair'])
export type OperationKind = z.infer<typeof OperationKindSchema>

/** One call to one provider: written before it is sent, and again when its outcome is known. */
export const StepSchema = z.object({
  id: z.number(),
  provider: z.string(),
  action: z.enum(['create', 'adopt', 'wire', 'delete']),
  /** What the action aims at, in words without secrets. */
  aim: z.string(),
  label: z.string().optional(),
  scopeId: z.string().optional(),
  state: z.enum(['started', 'done', 'failed', 'interrupted']),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  error: z.object({ code: z.string(), detail: z.string() }).optional(),
})
export type Step = z.infer<typeof StepSchema>

/**
 * A change of one scope, from its acceptance to a stated end. The record's revision is the fence: whoever takes a
 * crashed runner's operation over writes it anew, so the old runner's next write fails.
 */
export const OperationSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  kind: OperationKindSchema,
  scope: z.string(),
  reason: z.string().optional(),
  /** API key id, or `broker` for its own repairs and failovers. */
  requestedBy: z.string(),
  /** - `succeeded`: everything wanted is there.
   *  - `degraded`: the scope works; some providers failed and are being retried.
   *  - `failed`: the change did not take place; what there was before stands. */
  state: z.enum(['running', 'succeeded', 'degraded', 'failed']),
  steps: z.array(StepSchema).readonly(),
  runner: z.object({ instance: z.string(), until: z.number() }),
  /** For a failover: where from and to. */
  failover: z.object({ from: z.string(), to: z.string() }).optional(),
  /** Where the answer of an idempotent request is kept. */
  idempotency: z.string().optional(),
  outcome: z.object({ code: z.string(), detail: z.string() }).optional(),
  createdAt: z.number(),
  endedAt: z.number().optional(),
})
export type Operation = z.infer<typeof OperationSchema>

/** A scope that may exist at a provider without belonging to any record: listed, never guessed away. */
export const OrphanSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  provider: z.string(),
  scope: z.string(),
  label: z.string(),
  scopeId: z.string().optional(),
  /** `suspected`: a creation's answer was lost. `abandoned`: it exists and the provider cannot delete. */
  kind: z.enum(['suspected', 'abandoned']),
  detail: z.string(),
  since: z.number(),
})
export type Orphan = z.infer<typeof OrphanSchema>
