import { z } from 'zod'
import type { GeoTable } from '../../routing/geo-table.ts'
import type {
  Compiled,
  CompileOrder,
  GeoLoaded,
  GeoLoading,
  KeepOrder,
  Tallied,
  TallyOrder,
} from './coverage-engine.ts'

/** What is asked of the engine across threads. */
export type EngineCall =
  | { readonly method: 'loadGeo'; readonly argument: GeoLoading }
  | { readonly method: 'setSources'; readonly argument: readonly (readonly [string, GeoTable])[] }
  | { readonly method: 'compile'; readonly argument: CompileOrder }
  | { readonly method: 'keep'; readonly argument: KeepOrder }
  | { readonly method: 'tally'; readonly argument: TallyOrder }

const words = z.instanceof(Uint32Array)
const partition = z.strictObject({
  version: z.literal([4, 6]),
  count: z.int(),
  starts: words,
  labels: words,
})
/** A table that comes from another thread. */
export const geoTableSchema = z.strictObject({
  v4: partition,
  v6: partition,
  facts: z.strictObject({
    asns: z.instanceof(Float64Array),
    placeOf: words,
    places: z.array(
      z.strictObject({
        country: z.string().exactOptional(),
        subdivision: z.string().exactOptional(),
        source: z.string(),
      }),
    ),
  }),
})
/** What the data of such a table are. */
export const editionSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  builtAt: z.number(),
  entries: z.number(),
  warnings: z.array(z.string()),
})

const orderedColumns = z.array(
  z.strictObject({
    id: z.string(),
    version: z.string(),
    footprints: z.strictObject({ text: z.string(), v4: words, v6: words }).exactOptional(),
  }),
)

/** Messages come as `unknown`, also from our own threads. */
export const engineCallSchema = z.discriminatedUnion('method', [
  z.strictObject({
    id: z.int(),
    method: z.literal('loadGeo'),
    argument: z.strictObject({
      files: z.array(
        z.strictObject({
          file: z.string(),
          format: z.enum(['mmdb', 'csv', 'geofeed', 'ranges']),
          columns: z.array(z.enum(['start', 'end', 'asn', 'country', 'subdivision', 'ignore'])).optional(),
        }),
      ),
      maxShrink: z.number(),
      keptAt: z.string().exactOptional(),
    }),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('setSources'),
    argument: z.array(z.tuple([z.string(), geoTableSchema])),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('compile'),
    argument: z.strictObject({
      columns: orderedColumns,
      trial: z.boolean(),
      heldGeo: z.int().exactOptional(),
    }),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('keep'),
    argument: z.strictObject({ file: z.string(), compiledAt: z.number() }),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('tally'),
    argument: z.strictObject({ columns: orderedColumns, by: z.enum(['country', 'asn']), mostKeys: z.number() }),
  }),
])

const loadedSchema = z.strictObject({
  changed: z.boolean(),
  editions: z.array(editionSchema),
  refused: z.string().exactOptional(),
})

const tableSchema = z.strictObject({ rootBits: z.int(), words: z.instanceof(Int32Array) })
const compiledSchema = z.strictObject({
  parts: z.strictObject({
    columns: z.array(
      z.strictObject({
        id: z.string(),
        version: z.string(),
        outcomes: z.strictObject({ offsets: words, footprints: words, hows: words, values: z.array(z.string()) }),
      }),
    ),
    joined: z.strictObject({ v4: partition, v6: partition, classCount: z.int(), outcomes: words }),
    tables: z.strictObject({ v4: tableSchema, v6: tableSchema }),
    skipped: z.array(z.strictObject({ id: z.string(), why: z.string() })),
    geoVersion: z.string(),
  }),
  seconds: z.number(),
  geoNumber: z.int(),
  geo: z.strictObject({ name: z.string(), editions: z.array(editionSchema), table: geoTableSchema }).exactOptional(),
})

const talliedSchema = z.strictObject({
  version: z.string(),
  cells: z.array(
    z.strictObject({
      key: z.string(),
      classId: z.int(),
      v4Addresses: z.number(),
      v6Prefixes48: z.number(),
      sample: z.strictObject({ version: z.literal([4, 6]), value: z.bigint() }),
    }),
  ),
  keysLeftOut: z.int(),
})

/** Reads answers of the engine. */
export const reviveReply = {
  loadGeo: (value: unknown): GeoLoaded => loadedSchema.parse(value),
  compile: (value: unknown): Compiled => compiledSchema.parse(value),
  tally: (value: unknown): Tallied => talliedSchema.parse(value),
}
