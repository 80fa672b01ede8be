import { z } from 'zod'
import type { DrillReport, DrillVerdict } from '../drills/drill-service.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { printable } from './printable-text.ts'

const Verdict = z.enum(['succeeded', 'failed', 'interrupted', 'blocked', 'invalid'])
const Milliseconds = z.number().optional()

export const DrillAnswer = z.object({
  drill_id: z.string(),
  provider: z.string(),
  method: z.enum(['drain', 'fault']),
  scope: z.string(),
  hypothesis: z.string(),
  state: z.enum(['running', 'ended']),
  verdict: Verdict.optional(),
  because: z.string().optional(),
  requested_by: z.string(),
  started_at: z.string(),
  ended_at: z.string().optional(),
  measured: z.object({
    detect_ms: Milliseconds,
    decide_ms: Milliseconds,
    first_answer_ms: Milliseconds,
    first_object_ms: Milliseconds,
    restore_ms: Milliseconds,
    objects_before: z.number(),
    objects_during: z.number(),
    objects_lost: z.number(),
    longest_gap_ms: z.number(),
    probes_before: z.number(),
    probes_during: z.number(),
  }),
  timeline: z.array(z.object({ at: z.string(), event: z.string(), detail: z.string() })),
})
export type DrillAnswer = z.infer<typeof DrillAnswer>

export const DrillPageAnswer = z.object({ drills: z.array(DrillAnswer), next_cursor: z.string().optional() })

/** The report as the drills room knows it, its texts made safe for a terminal. */
export function reportOf(answer: DrillAnswer): DrillReport {
  const { measured } = answer
  return {
    id: printable(answer.drill_id),
    provider: printable(answer.provider),
    method: answer.method,
    scope: printable(answer.scope),
    hypothesis: printable(answer.hypothesis),
    state: answer.state,
    ...(answer.verdict === undefined ? {} : { verdict: answer.verdict }),
    ...(answer.because === undefined ? {} : { because: printable(answer.because) }),
    requestedBy: answer.requested_by,
    startedAt: Date.parse(answer.started_at),
    ...(answer.ended_at === undefined ? {} : { endedAt: Date.parse(answer.ended_at) }),
    measured: {
      ...(measured.detect_ms === undefined ? {} : { detectMs: measured.detect_ms }),
      ...(measured.decide_ms === undefined ? {} : { decideMs: measured.decide_ms }),
      ...(measured.first_answer_ms === undefined ? {} : { firstAnswerMs: measured.first_answer_ms }),
      ...(measured.first_object_ms === undefined ? {} : { firstObjectMs: measured.first_object_ms }),
      ...(measured.restore_ms === undefined ? {} : { restoreMs: measured.restore_ms }),
      objectsBefore: measured.objects_before,
      objectsDuring: measured.objects_during,
      objectsLost: measured.objects_lost,
      longestGapMs: measured.longest_gap_ms,
      probesBefore: measured.probes_before,
      probesDuring: measured.probes_during,
    },
    timeline: answer.timeline.map(({ at, event, detail }) => ({
      at: Date.parse(at),
      event: printable(event),
      detail: printable(detail),
    })),
  }
}

export function exitCodeOfVerdict(verdict: DrillVerdict | undefined): ExitCode {
  switch (verdict) {
    case 'succeeded':
      return EXIT.ok
    case 'failed':
      return EXIT.drillFailed
    case 'invalid':
    case 'blocked':
    case 'interrupted':
      return EXIT.drillUnproven
    case undefined:
      return EXIT.failure
  }
}
