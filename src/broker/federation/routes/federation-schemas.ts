import { z } from '@hono/zod-openapi'

/** Footprint object (RFC 8006 4.2.2.2). */
export const FootprintSchema = z
  .looseObject({ 'footprint-type': z.string(), 'footprint-value': z.array(z.unknown()) })
  .openapi('Footprint', { description: 'RFC 8006 4.2.2.2.' })

const ProviderIdSchema = z.string().openapi({ example: 'AS64496:0' })
const PATH_MEMBERS = {
  'cdn-path': z
    .array(ProviderIdSchema)
    .optional()
    .openapi({ description: 'Private: CDN Provider IDs (RFC 7975 4.8) on the way here, the sender last.' }),
  'max-hops': z.int().min(0).optional().openapi({ description: 'Private: most ids that `cdn-path` may hold.' }),
}

/** FCI Base Object (RFC 8008 5.1). */
export const CapabilitySchema = z
  .looseObject({
    'capability-type': z.string(),
    'capability-value': z.looseObject({}),
    footprints: z.array(FootprintSchema).optional().openapi({ description: 'Absent: everywhere. Never empty.' }),
    ...PATH_MEMBERS,
  })
  .openapi('FciCapability', { description: 'RFC 8008 5.1.' })

export const AdvertisementSchema = z
  .looseObject({ capabilities: z.array(CapabilitySchema), ...PATH_MEMBERS })
  .openapi('FciAdvertisement', { description: 'RFC 8008 5. Without capabilities: not ready.' })

/** RFC 6902. */
export const JsonPatchSchema = z
  .array(z.looseObject({ op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']), path: z.string() }))
  .openapi('JsonPatch', { description: 'RFC 6902.' })
