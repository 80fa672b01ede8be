import { z } from '@hono/zod-openapi'
import { TimeSchema } from '../wire-fields.ts'
import { DiagnosticSchema, HeldBackSchema } from './provider-schemas.ts'

const CapabilitySchema = z.looseObject({
  'capability-type': z.string(),
  'capability-value': z.unknown(),
  footprints: z.array(z.unknown()).readonly().optional().openapi({ description: 'Absent: for everybody.' }),
})

export const AdvertisementSchema = z
  .object({
    provider: z.string(),
    profile: z.enum(['http', 'svta', 'alto', 'file']),
    version: z.string(),
    fetched_at: TimeSchema,
    confirmed_at: TimeSchema,
    age_seconds: z.number(),
    stale: z.boolean(),
    expired: z.boolean(),
    stale_after_seconds: z.number().optional().openapi({ description: 'Absent: never.' }),
    expire_after_seconds: z.number().optional().openapi({ description: 'Absent: never.' }),
    following: z.enum(['on', 'off']).optional().openapi({
      description: 'Whether changes come by themselves, by a subscription or an update stream; absent: not asked for.',
    }),
    error: z.string().optional().openapi({ description: 'Why the last fetch failed.' }),
    held_back: HeldBackSchema.optional(),
    diagnostics: z.array(DiagnosticSchema).readonly(),
    unresolved: z
      .array(z.object({ uri: z.string(), why: z.enum(['unknown', 'expired', 'cyclic', 'too-deep', 'too-complex']) }))
      .readonly()
      .openapi({ description: 'References to named footprints that hold nobody now.' }),
    footprint_error: z.string().optional().openapi({ description: 'Why a named footprint could not be fetched.' }),
    advertisement: z
      .looseObject({ capabilities: z.array(CapabilitySchema).readonly() })
      .openapi({ description: 'In canonical form (RFC 8008 5), without secrets.' }),
  })
  .openapi('ProviderAdvertisement')

export const AdvertisementHistorySchema = z
  .object({
    changes: z
      .array(
        z.object({
          at: TimeSchema,
          kind: z.enum(['accepted', 'held_back', 'confirmed', 'taken_back']),
          version: z.string(),
          previous_version: z.string().optional(),
          via: z.enum(['poll', 'notification', 'stream', 'file', 'operator', 'time']),
          by: z.string().optional(),
          lost_share: z.number(),
          because: z.string().optional(),
          differences: z.array(z.string()).readonly(),
        }),
      )
      .readonly(),
  })
  .openapi('ProviderAdvertisementHistory')

export const ConfirmationSchema = z
  .strictObject({ version: z.string().min(1).max(128).optional() })
  .openapi('AdvertisementConfirmation')
