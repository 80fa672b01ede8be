import { z } from '@hono/zod-openapi'
import { CapabilitySchema } from './federation-schemas.ts'

/** RFC 9241 3.6, with the version tag of RFC 7285 10.3. */
export const AltoDocumentSchema = z
  .object({
    meta: z.object({ vtag: z.object({ 'resource-id': z.string(), tag: z.string() }) }),
    'cdni-advertisement': z.looseObject({ 'capabilities-with-footprints': z.array(CapabilitySchema) }),
  })
  .openapi('AltoAdvertisement', { description: 'RFC 9241 3.6.' })

/** RFC 9241 5.3. */
export const AltoFilterSchema = z
  .looseObject({
    'cdni-capabilities': z.array(
      z.looseObject({ 'capability-type': z.string(), 'capability-value': z.looseObject({}) }),
    ),
  })
  .openapi('AltoFilter', { description: 'RFC 9241 5.3.' })

/** RFC 8895 6.3. */
export const AltoUpdateStreamSchema = z
  .looseObject({
    add: z.record(
      z.string(),
      z.looseObject({
        'resource-id': z.string(),
        tag: z.string().optional(),
        'incremental-changes': z.boolean().optional(),
        input: AltoFilterSchema.optional(),
      }),
    ),
  })
  .openapi('AltoUpdateStream', { description: 'RFC 8895 6.3.' })

/** RFC 7285 8.5.2. */
export const AltoErrorSchema = z
  .object({
    meta: z.object({
      code: z.enum(['E_SYNTAX', 'E_MISSING_FIELD', 'E_INVALID_FIELD_TYPE', 'E_INVALID_FIELD_VALUE']),
      'syntax-error': z.string().optional(),
      field: z.string().optional(),
      value: z.string().optional(),
    }),
  })
  .openapi('AltoError', { description: 'RFC 7285 8.5.2.' })

/** RFC 7285 9.2.2. */
export const AltoDirectorySchema = z
  .object({
    meta: z.looseObject({}),
    resources: z.record(
      z.string(),
      z.object({
        uri: z.string(),
        'media-type': z.string(),
        accepts: z.string().optional(),
        uses: z.array(z.string()).optional(),
        capabilities: z.looseObject({}).optional(),
      }),
    ),
  })
  .openapi('AltoDirectory', { description: 'RFC 7285 9.2.2.' })
