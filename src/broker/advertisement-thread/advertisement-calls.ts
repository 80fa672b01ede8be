import { z } from 'zod'
import { ADVERTISEMENT_FAULTS, type AdvertisementFault } from '../../fci/advertisement-error.ts'
import type { JsonValue } from '../../fci/canonical-json.ts'
import type { AskedCapability } from '../../federation/filter-advertisement.ts'
import type { AdvertisementReading } from '../advertisements/read-advertisement.ts'
import type { EditionText } from '../federation/edition.ts'
import type { PackedAdvertisement } from './packed-advertisement.ts'

/** What is asked of the thread that reads and prints advertisements. */
export type AdvertisementCall =
  | { readonly method: 'read'; readonly text: string; readonly reading: AdvertisementReading }
  | { readonly method: 'compare'; readonly before: PackedAdvertisement; readonly after: PackedAdvertisement }
  | { readonly method: 'openNotification'; readonly text: string; readonly maxLength: number }
  | { readonly method: 'show'; readonly packed: PackedAdvertisement }
  | { readonly method: 'resourceIdOf'; readonly text: string }
  | { readonly method: 'print'; readonly packed: PackedAdvertisement }
  | { readonly method: 'patch'; readonly form: 'json' | 'merge'; readonly before: string; readonly after: string }
  | {
      readonly method: 'alto'
      readonly edition: EditionText
      /** Wanted is what leads from here. */
      readonly before?: EditionText
      readonly asked?: readonly AskedCapability[]
    }

const words = z.instanceof(Uint32Array)
const packedSchema = z.strictObject({
  /** Looked at one by one, when they are unpacked. */
  capabilities: z.array(z.unknown()),
  diagnostics: z.array(
    z.strictObject({
      severity: z.enum(['error', 'warning']),
      code: z.string(),
      message: z.string(),
      pointer: z.string(),
    }),
  ),
  lists: words,
  v4: words,
  v6: words,
  indexing: z
    .strictObject({
      ofCapability: z.array(z.int()),
      moq: z.int().exactOptional(),
      delivery: z.int().exactOptional(),
      further: z.array(z.unknown()),
    })
    .exactOptional(),
})

const editionTextSchema = z.strictObject({ text: z.string(), version: z.string() })

/** Messages come as `unknown`, also from our own threads. */
export const advertisementCallSchema = z.discriminatedUnion('method', [
  z.strictObject({
    id: z.int(),
    method: z.literal('read'),
    text: z.string(),
    reading: z.strictObject({ combination: z.enum(['and', 'or']), ownId: z.string().exactOptional() }),
  }),
  z.strictObject({ id: z.int(), method: z.literal('compare'), before: packedSchema, after: packedSchema }),
  z.strictObject({ id: z.int(), method: z.literal('openNotification'), text: z.string(), maxLength: z.number() }),
  z.strictObject({ id: z.int(), method: z.literal('show'), packed: packedSchema }),
  z.strictObject({ id: z.int(), method: z.literal('resourceIdOf'), text: z.string() }),
  z.strictObject({ id: z.int(), method: z.literal('print'), packed: packedSchema }),
  z.strictObject({
    id: z.int(),
    method: z.literal('patch'),
    form: z.enum(['json', 'merge']),
    before: z.string(),
    after: z.string(),
  }),
  z.strictObject({
    id: z.int(),
    method: z.literal('alto'),
    edition: editionTextSchema,
    before: editionTextSchema.exactOptional(),
    asked: z.array(z.strictObject({ type: z.string(), value: z.custom<JsonValue>() })).exactOptional(),
  }),
])

/** An answer, or what was thrown because the document is none. */
export type Refusable<T> =
  | { readonly given: T }
  | { readonly refused: { readonly fault: AdvertisementFault; readonly pointer: string; readonly why: string } }

function refusable<T extends z.ZodType>(given: T) {
  const refused = z.strictObject({ fault: z.enum(ADVERTISEMENT_FAULTS), pointer: z.string(), why: z.string() })
  return z.union([z.strictObject({ given }), z.strictObject({ refused })])
}

export const readReplySchema = refusable(z.strictObject({ packed: packedSchema, version: z.string() }))
export const compareReplySchema = z.strictObject({ lostShare: z.number(), differences: z.array(z.string()) })
export const notificationReplySchema = refusable(z.strictObject({ text: z.string().exactOptional() }))
export const printReplySchema = z.strictObject({
  version: z.string(),
  text: z.string(),
  capabilities: z.int(),
  references: z.array(z.string()),
})
