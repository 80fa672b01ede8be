import { z } from '@hono/zod-openapi'
import { IdSchema, ReasonSchema, TimeSchema } from '../wire-fields.ts'

/** Checked by hand, so that every finding is told with its code. */
const DocumentSchema = z
  .record(z.string(), z.unknown())
  .openapi('PolicyDocument', { description: 'The policy file; docs/routing.md, section 8.' })

const FindingSchema = z
  .object({
    severity: z.enum(['error', 'warning']),
    code: z.string(),
    message: z.string(),
    pointer: z.string().openapi({ description: 'RFC 6901 pointer into the document.' }),
  })
  .openapi('PolicyFinding')

export const FindingsSchema = z
  .object({
    valid: z.boolean().openapi({ description: 'Whether it would be taken: there is no error.' }),
    findings: z.array(FindingSchema).readonly(),
  })
  .openapi('PolicyFindings')

export const PolicySchema = z
  .object({
    revision: z.string().openapi({
      description:
        '`config` while there is no policy, `config-` and a digest while the policy file of the configuration holds.',
    }),
    document: DocumentSchema,
    candidate: z
      .object({
        revision: z.string(),
        share: z.number().openapi({ description: 'Of client neighbourhoods (/24 or /48), 0 to 1.' }),
        document: DocumentSchema,
      })
      .optional(),
    earlier: z.array(z.string()).readonly().openapi({ description: 'Can be gone back to, the latest last.' }),
    events: z
      .array(
        z.object({
          action: z.enum(['put', 'rollout', 'promote', 'rollback', 'discard']),
          revision: z.string(),
          share: z.number().optional(),
          at: TimeSchema,
          by: z.string(),
          reason: z.string().optional(),
        }),
      )
      .readonly(),
    findings: z.array(FindingSchema).readonly(),
    file: z
      .object({
        path: z.string(),
        revision: z.string().openapi({ description: 'Of its last good content; in use while it is `revision` above.' }),
        in_use: z.boolean(),
        read_at: TimeSchema.optional().openapi({
          description: 'Absent: it could not be used since the start, so what was kept of it before is.',
        }),
        refused: z
          .object({ since: TimeSchema, because: z.string(), findings: z.array(FindingSchema).readonly() })
          .optional()
          .openapi({ description: 'Why the file as it is now is not used; its last good content stays.' }),
      })
      .optional()
      .openapi({ description: '`routing.policy_file`, if one is configured.' }),
  })
  .openapi('Policy')

const SharesSchema = z
  .array(z.object({ provider: z.string(), before: z.number(), after: z.number() }))
  .readonly()
  .openapi({ description: 'Shares of those for whom the provider is first; `nobody` for those without a candidate.' })

export const EffectSchema = z
  .object({
    findings: z.array(FindingSchema).readonly(),
    space: z
      .array(
        z.object({
          ip_version: z.union([z.literal(4), z.literal(6)]),
          served_before: z.number().openapi({ description: 'Share of the whole address space.' }),
          served_after: z.number(),
          moved: z.number().openapi({ description: 'Share of the served space that gets another first provider.' }),
          providers: SharesSchema,
          moves: z
            .array(
              z.object({
                first: z.string(),
                last: z.string(),
                before: z.array(z.string()).readonly(),
                after: z.array(z.string()).readonly(),
                moved: z.number(),
              }),
            )
            .readonly()
            .openapi({ description: 'The largest ranges that move.' }),
        }),
      )
      .readonly()
      .optional()
      .openapi({ description: 'Absent while there is no coverage map to read it off.' }),
    traffic: z
      .object({ decisions: z.int(), moved: z.number(), providers: SharesSchema })
      .optional()
      .openapi({ description: 'Of the decisions that this process recorded lately; absent if there are none.' }),
  })
  .openapi('PolicyEffect')

export const LintBodySchema = z.strictObject({ document: z.unknown() }).openapi('PolicyLint')
export const DryRunBodySchema = z
  .strictObject({ document: z.unknown(), scope: IdSchema.optional() })
  .openapi('PolicyDryRun')
export const PutBodySchema = z
  .strictObject({ document: z.unknown(), reason: ReasonSchema.optional() })
  .openapi('PolicyChange')
export const RolloutBodySchema = z
  .strictObject({
    document: z.unknown().optional().openapi({ description: 'Default: the one that is on trial.' }),
    share: z.number().min(0).max(1).openapi({ description: '1 makes it the policy.' }),
    reason: ReasonSchema.optional(),
  })
  .openapi('PolicyRollout')
export const RollbackBodySchema = z
  .strictObject({
    revision: z.string().max(20).optional().openapi({
      description: 'Default: a trial is ended, or the revision before comes back.',
      example: 'r3',
    }),
    reason: ReasonSchema.optional(),
  })
  .openapi('PolicyRollback')
