import { z } from '@hono/zod-openapi'
import { printableText } from '../../http/wire-fields.ts'
import { FootprintSchema } from './federation-schemas.ts'

const WEEK = 604_800

export const NamespaceParamSchema = z.object({ namespace: printableText(128) })
export const FootprintParamSchema = z.object({ namespace: printableText(128), name: printableText(256) })

const NamedFootprintBase = z.object({
  'footprint-name': z.string(),
  'footprint-uri': z.string(),
  'footprint-expires': z.string().openapi({ format: 'date-time' }),
  'footprint-def': FootprintSchema,
})

/** draft-arolovitch-cdni-named-footprints-01 3.3.1. */
export const NamedFootprintSchema: z.ZodType = NamedFootprintBase.extend({
  subfootprints: z.array(z.looseObject({ 'footprint-name': z.string() })).optional(),
}).openapi('NamedFootprint', { description: 'draft-arolovitch-cdni-named-footprints-01 3.3.1.' })

/** draft-arolovitch-cdni-named-footprints-01 3.3.2. */
export const NamedNamespaceSchema = z
  .object({
    'footprint-namespace': z.string(),
    'footprint-type': z.enum(['coverage', 'resource']),
    footprints: z.array(NamedFootprintSchema),
  })
  .openapi('NamedFootprintNamespace', { description: 'draft-arolovitch-cdni-named-footprints-01 3.3.2.' })

export const NamedNamespacesSchema = z
  .array(NamedNamespaceSchema)
  .openapi('NamedFootprintNamespaces', { description: 'draft-arolovitch-cdni-named-footprints-01 4.2.' })

export const PutNamespaceSchema = z
  .strictObject({
    'footprint-type': z.enum(['coverage', 'resource']).default('coverage'),
    ttl_seconds: z
      .int()
      .min(60)
      .max(4 * WEEK)
      .default(WEEK)
      .openapi({ description: '`footprint-expires` is at least this far away, and at most twice as far.' }),
    peers: z
      .array(z.string().min(1).max(63))
      .max(1000)
      .optional()
      .openapi({ description: 'Peers that may see it. Absent: all.' }),
  })
  .openapi('PutFootprintNamespace')

export const PutFootprintSchema = z
  .strictObject({
    'footprint-def': z
      .looseObject({ 'footprint-type': z.string().min(1), 'footprint-value': z.array(z.unknown()) })
      .openapi({ description: 'One Footprint object (RFC 8006 4.2.2.2); without values it is for nobody.' }),
    parent: printableText(256).optional().openapi({ description: 'The footprint of this namespace that encloses it.' }),
  })
  .openapi('PutNamedFootprint')

export const NamespaceStateSchema = z
  .object({
    namespace: z.string(),
    'footprint-type': z.enum(['coverage', 'resource']),
    ttl_seconds: z.number(),
    peers: z.array(z.string()).optional(),
    footprints: z.int(),
    revision: z.int(),
  })
  .openapi('FootprintNamespaceState')

export const FootprintStateSchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    uri: z.string(),
    parent: z.string().optional(),
    revision: z.int().openapi({ description: 'Of the namespace.' }),
  })
  .openapi('NamedFootprintState')
