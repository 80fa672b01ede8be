import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { FamilySize } from '../../../routing/coverage/coverage-map.ts'
import type { ColumnState, CoverageRefusal, CoverageState } from '../../coverage/coverage-state.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { COMMON_PROBLEMS, jsonAnswer, TimeSchema, toTime } from '../wire-fields.ts'
import { EditionSchema, editionToWire } from './geo.ts'

const FamilySchema = z
  .object({ ranges: z.int(), classes: z.int(), bytes: z.int() })
  .openapi('CoverageFamily', { description: 'A class may hold addresses of both families.' })

const RefusalSchema = z.object({ since: TimeSchema, because: z.string() })

const ColumnSchema = z.object({
  provider: z.string(),
  state: z.enum(['current', 'behind', 'missing', 'skipped', 'unused']).openapi({
    description:
      '`current`: the map answers for it; `behind`, `missing`, `skipped`: the advertisement is read plainly; `unused`: there is none that may be used.',
  }),
  column: z.object({ version: z.string(), made_at: TimeSchema, age_seconds: z.number() }).optional(),
  advertisement: z
    .object({ version: z.string(), fetched_at: TimeSchema, age_seconds: z.number() })
    .optional()
    .openapi({ description: 'The one in use; its age counts from when it was last confirmed.' }),
  because: z.string().optional().openapi({ description: 'Why it was skipped.' }),
})

const CoverageMapSchema = z
  .object({
    state: z.enum(['none', 'refused', 'compiling', 'kept', 'fresh']).openapi({
      description:
        '`none`: no map yet; `refused`: the last compilation failed, the map before it is in use; `compiling`: a change is being ' +
        'compiled; `kept`: the map of before the last start; `fresh`: made of what is in use.',
    }),
    compiling: z.boolean(),
    refused: RefusalSchema.optional().openapi({ description: 'Why the last compilation failed.' }),
    map: z
      .object({
        version: z.string(),
        made_at: TimeSchema,
        age_seconds: z.number(),
        compile_seconds: z.number(),
        kept: z.boolean().openapi({ description: 'Kept from before the last start, and not made since.' }),
        classes: z.int(),
        bytes: z
          .int()
          .openapi({ description: 'Of the ranges and tables of both families and the outcomes of all classes.' }),
        v4: FamilySchema,
        v6: FamilySchema,
      })
      .optional(),
    columns: z.array(ColumnSchema).readonly().openapi({ description: 'One per provider.' }),
    policies: z
      .array(z.object({ revision: z.string(), made_at: TimeSchema, age_seconds: z.number() }))
      .readonly()
      .openapi({ description: 'Policies whose footprints are in the map.' }),
    geo: z.object({ databases: z.array(EditionSchema).readonly(), refused: RefusalSchema.optional() }),
  })
  .openapi('CoverageMap')
type CoverageMapWire = z.infer<typeof CoverageMapSchema>

/** `/coverage/map`: the map itself, what it is made of, and whether it follows. */
export function addCoverageMapRoute(
  app: OpenAPIHono<AppEnv>,
  { coverage, keys, now }: Pick<HttpDeps, 'coverage' | 'keys' | 'now'>,
): void {
  const route = createRoute({
    method: 'get',
    path: '/coverage/map',
    operationId: 'get-coverage-map',
    tags: ['Routing'],
    summary: 'The coverage map in use: versions, ages, sizes, and why a newer one was not taken',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    responses: { 200: jsonAnswer('The map.', CoverageMapSchema), ...COMMON_PROBLEMS },
  })
  app.openapi(route, (c) => c.json(stateToWire(coverage.state(), now()), 200))
}

function stateToWire({ standing, compiling, refused, map, ...state }: CoverageState, now: number): CoverageMapWire {
  return {
    state: standing,
    compiling,
    refused: refused && refusalToWire(refused),
    map: map && {
      version: map.version,
      made_at: toTime(map.madeAt),
      age_seconds: age(map.madeAt, now),
      compile_seconds: map.seconds,
      kept: map.kept,
      classes: map.classes,
      bytes: map.bytes,
      v4: familyToWire(map.v4),
      v6: familyToWire(map.v6),
    },
    columns: state.columns.map((column) => columnToWire(column, now)),
    policies: state.policies.map(({ revision, since }) => {
      return { revision, made_at: toTime(since), age_seconds: age(since, now) }
    }),
    geo: {
      databases: state.geo.map((edition) => editionToWire(edition, now)),
      refused: state.geoRefused && refusalToWire(state.geoRefused),
    },
  }
}

function columnToWire(
  { provider, standing, column, advertisement, because }: ColumnState,
  now: number,
): CoverageMapWire['columns'][number] {
  return {
    provider,
    state: standing,
    column: column && {
      version: column.version,
      made_at: toTime(column.since),
      age_seconds: age(column.since, now),
    },
    advertisement: advertisement && {
      version: advertisement.version,
      fetched_at: toTime(advertisement.fetchedAt),
      age_seconds: age(advertisement.confirmedAt, now),
    },
    because,
  }
}

function refusalToWire({ since, because }: CoverageRefusal): z.infer<typeof RefusalSchema> {
  return { since: toTime(since), because }
}

function familyToWire({ ranges, classes, bytes }: FamilySize): z.infer<typeof FamilySchema> {
  return { ranges, classes, bytes }
}

function age(at: number, now: number): number {
  return Math.max(0, Math.round((now - at) / 1000))
}
