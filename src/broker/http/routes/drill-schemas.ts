import { z } from '@hono/zod-openapi'
import type { DrillReport } from '../../drills/drill-service.ts'
import { IdSchema, printableText, ReasonSchema, TimeSchema, toTime } from '../wire-fields.ts'

const MAX_DURATION_MS = 3_600_000

const MethodSchema = z.enum(['drain', 'fault'])

export const StartDrillSchema = z
  .strictObject({
    provider: IdSchema,
    method: MethodSchema.openapi({
      description: '`drain`: out on paper. `fault`: the lab really takes its relay down; lab providers only.',
    }),
    scope: IdSchema.optional().openapi({ description: 'Default: the canary scope.' }),
    hold_ms: z
      .int()
      .min(0)
      .max(MAX_DURATION_MS)
      .optional()
      .openapi({ description: 'How long the provider stays out.' }),
    budget_ms: z
      .int()
      .min(1)
      .max(MAX_DURATION_MS)
      .optional()
      .openapi({ description: 'Budget for the first object on the new path.' }),
    hypothesis: printableText(500).optional(),
  })
  .openapi('StartDrill')

export const AbortDrillSchema = z.strictObject({ reason: ReasonSchema }).openapi('AbortDrill')

const MeasuredMsSchema = z.number().optional()

export const DrillSchema = z
  .object({
    drill_id: z.string(),
    provider: z.string(),
    method: MethodSchema,
    scope: z.string(),
    hypothesis: z.string(),
    state: z.enum(['running', 'ended']),
    verdict: z.enum(['succeeded', 'failed', 'interrupted', 'blocked', 'invalid']).optional(),
    because: z.string().optional(),
    requested_by: z.string(),
    started_at: TimeSchema,
    ended_at: TimeSchema.optional(),
    measured: z
      .object({
        detect_ms: MeasuredMsSchema,
        decide_ms: MeasuredMsSchema,
        first_answer_ms: MeasuredMsSchema,
        first_object_ms: MeasuredMsSchema,
        restore_ms: MeasuredMsSchema,
        objects_before: z.int(),
        objects_during: z.int(),
        objects_lost: z.int(),
        longest_gap_ms: z.number(),
        probes_before: z.int(),
        probes_during: z.int(),
      })
      .openapi({
        description: 'Milliseconds after injection; `restore_ms` after the end of the fault. Absent: did not happen.',
      }),
    timeline: z.array(z.object({ at: TimeSchema, event: z.string(), detail: z.string() })).readonly(),
    signature: z.string().optional(),
  })
  .openapi('Drill')

export const DrillPageSchema = z
  .object({ drills: z.array(DrillSchema).readonly(), next_cursor: z.string().optional() })
  .openapi('DrillPage')

export function drillToWire(report: DrillReport): z.infer<typeof DrillSchema> {
  const { measured } = report
  return {
    drill_id: report.id,
    provider: report.provider,
    method: report.method,
    scope: report.scope,
    hypothesis: report.hypothesis,
    state: report.state,
    verdict: report.verdict,
    because: report.because,
    requested_by: report.requestedBy,
    started_at: toTime(report.startedAt),
    ended_at: report.endedAt === undefined ? undefined : toTime(report.endedAt),
    measured: {
      detect_ms: measured.detectMs,
      decide_ms: measured.decideMs,
      first_answer_ms: measured.firstAnswerMs,
      first_object_ms: measured.firstObjectMs,
      restore_ms: measured.restoreMs,
      objects_before: measured.objectsBefore,
      objects_during: measured.objectsDuring,
      objects_lost: measured.objectsLost,
      longest_gap_ms: measured.longestGapMs,
      probes_before: measured.probesBefore,
      probes_during: measured.probesDuring,
    },
    timeline: report.timeline.map((entry) => ({ at: toTime(entry.at), event: entry.event, detail: entry.detail })),
    signature: report.signature,
  }
}
