import { z } from 'zod'

/** What the policy commands show of the API's answers. */

const FindingAnswer = z.object({ severity: z.string(), code: z.string(), message: z.string(), pointer: z.string() })
export type FindingAnswer = z.infer<typeof FindingAnswer>

export const FindingsAnswer = z.object({ valid: z.boolean(), findings: z.array(FindingAnswer) })

export const PolicyAnswer = z.object({
  revision: z.string(),
  document: z.unknown(),
  candidate: z.object({ revision: z.string(), share: z.number() }).optional(),
  earlier: z.array(z.string()),
  events: z.array(
    z.object({
      action: z.string(),
      revision: z.string(),
      share: z.number().optional(),
      at: z.string(),
      by: z.string(),
      reason: z.string().optional(),
    }),
  ),
  findings: z.array(FindingAnswer),
  file: z
    .object({
      path: z.string(),
      revision: z.string(),
      in_use: z.boolean(),
      refused: z.object({ since: z.string(), because: z.string() }).optional(),
    })
    .optional(),
})
export type PolicyAnswer = z.infer<typeof PolicyAnswer>

const SharesAnswer = z.array(z.object({ provider: z.string(), before: z.number(), after: z.number() })).readonly()

export const TrafficAnswer = z.object({ decisions: z.number(), moved: z.number(), providers: SharesAnswer })
export type TrafficAnswer = z.infer<typeof TrafficAnswer>

export const EffectAnswer = z.object({
  findings: z.array(FindingAnswer),
  space: z
    .array(
      z.object({
        ip_version: z.number(),
        served_before: z.number(),
        served_after: z.number(),
        moved: z.number(),
        providers: SharesAnswer,
        moves: z.array(
          z.object({
            first: z.string(),
            last: z.string(),
            before: z.array(z.string()),
            after: z.array(z.string()),
            moved: z.number(),
          }),
        ),
      }),
    )
    .optional(),
  traffic: TrafficAnswer.optional(),
})
export type EffectAnswer = z.infer<typeof EffectAnswer>
