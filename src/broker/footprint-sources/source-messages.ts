import { z } from 'zod'
import { editionSchema, geoTableSchema } from '../coverage/coverage-calls.ts'

/** What the thread is given. Messages come as `unknown`, also to and from our own threads. */
export const sourceInputSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    name: z.string(),
    file: z.string(),
    format: z.enum(['mmdb', 'csv', 'geofeed']),
  }),
  z.strictObject({ kind: z.literal('geofeed'), name: z.string(), text: z.string(), builtAt: z.number() }),
])

/** What it answers. */
export const sourceReplySchema = z.union([
  z.strictObject({ name: z.string(), editions: z.array(editionSchema), table: geoTableSchema }),
  z.strictObject({ refused: z.string() }),
])
