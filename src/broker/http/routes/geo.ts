import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { GeoEdition } from '../../../routing/geo-source.ts'
import type { SourceState } from '../../footprint-sources/footprint-sources.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { COMMON_PROBLEMS, jsonAnswer, TimeSchema, toTime } from '../wire-fields.ts'

export const EditionSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    built_at: TimeSchema.openapi({ description: 'When it was made, or written, or fetched.' }),
    age_seconds: z.number(),
    entries: z.int(),
    warnings: z.array(z.string()).readonly().openapi({ description: 'Lines that were left out, some of them.' }),
  })
  .openapi('GeoEdition')

const GeoSchema = z
  .object({
    databases: z.array(EditionSchema).readonly(),
    footprint_sources: z
      .array(
        z.object({
          type: z.enum(['rfc8805', 'private']),
          uri: z.string(),
          providers: z.array(z.string()).readonly().openapi({ description: 'Whose footprints name it.' }),
          edition: EditionSchema.optional().openapi({ description: 'Absent: none, so those footprints hold nobody.' }),
          fetched_at: TimeSchema.optional(),
          due_at: TimeSchema.optional(),
          error: z.string().optional().openapi({ description: 'Why newer data could not be had; the last good stay.' }),
        }),
      )
      .readonly(),
  })
  .openapi('Geo')

/** `/geo`: by which data clients are located, and how old they are. */
export function addGeoRoute(
  app: OpenAPIHono<AppEnv>,
  { geo, keys, now }: Pick<HttpDeps, 'geo' | 'keys' | 'now'>,
): void {
  const route = createRoute({
    method: 'get',
    path: '/geo',
    operationId: 'get-geo',
    tags: ['Routing'],
    summary: 'The data by which clients are located',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    responses: { 200: jsonAnswer('In the order of trust.', GeoSchema), ...COMMON_PROBLEMS },
  })
  app.openapi(route, (c) =>
    c.json(
      {
        databases: geo.databases().map((edition) => editionToWire(edition, now())),
        footprint_sources: geo.sources().map((source) => sourceToWire(source, now())),
      },
      200,
    ),
  )
}

function sourceToWire(
  { type, uri, providers, edition, fetchedAt, dueAt, error }: SourceState,
  now: number,
): z.infer<typeof GeoSchema>['footprint_sources'][number] {
  return {
    type,
    uri,
    providers,
    edition: edition === undefined ? undefined : editionToWire(edition, now),
    fetched_at: fetchedAt === undefined ? undefined : toTime(fetchedAt),
    due_at: dueAt === undefined ? undefined : toTime(dueAt),
    error,
  }
}

export function editionToWire(
  { name, version, builtAt, entries, warnings }: GeoEdition,
  now: number,
): z.infer<typeof EditionSchema> {
  return {
    name,
    version,
    built_at: toTime(builtAt),
    age_seconds: Math.max(0, Math.round((now - builtAt) / 1000)),
    entries,
    warnings,
  }
}
