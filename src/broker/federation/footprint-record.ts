import { z } from 'zod'
import type { JsonValue } from '../../fci/canonical-json.ts'
import { toJsonValue } from '../../fci/canonical-json.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import type { Change, Expectation, Store } from '../store/store.ts'

const JsonSchema = z.unknown().transform((value, context): JsonValue => {
  const json = toJsonValue(value, MAX_DEPTH)
  if (json !== undefined) return json
  context.addIssue('it is nested too deep')
  return z.NEVER
})

/** A Footprint object of the wire, kept as it is sent. */
const DefinitionSchema = z.object({ 'footprint-type': z.string(), 'footprint-value': JsonSchema })

/**
 * A namespace with all its footprints: one record, because whether a footprint may be there depends on those beside,
 * above and below it.
 */
const NamespaceRecordSchema = z.object({
  v: z.literal(1),
  name: z.string(),
  type: z.enum(['coverage', 'resource']),
  ttlSeconds: z.number(),
  /** Peers that may see it; absent: all. */
  peers: z.array(z.string()).readonly().optional(),
  footprints: z
    .array(z.object({ name: z.string(), parent: z.string().optional(), definition: DefinitionSchema }))
    .readonly(),
  changedAt: z.number(),
  changedBy: z.string(),
})
export type NamespaceRecord = z.infer<typeof NamespaceRecordSchema>
export type FootprintRecord = NamespaceRecord['footprints'][number]

const COLLECTION = 'fci-footprints'
const PAGE = 100
const MAX_DEPTH = 34

export interface HeldNamespace {
  readonly record: NamespaceRecord
  readonly revision: number
}

export function putNamespaceRecord(record: NamespaceRecord, expect: Expectation): Change {
  return putRecord(COLLECTION, record.name, record, expect)
}

export function deleteNamespaceRecord({ record, revision }: HeldNamespace): Change {
  return { kind: 'delete', collection: COLLECTION, id: record.name, expect: { revision } }
}

export async function readNamespaceRecord(store: Store, name: string): Promise<HeldNamespace | undefined> {
  const stored = await store.get(COLLECTION, name)
  if (stored === undefined) return undefined
  return { record: decodeRecord(NamespaceRecordSchema, COLLECTION, name, stored.value), revision: stored.revision }
}

export async function listNamespaceRecords(store: Store): Promise<readonly HeldNamespace[]> {
  const all: HeldNamespace[] = []
  let after: string | undefined
  do {
    const page = await store.list(COLLECTION, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    for (const { id, revision, value } of page) {
      all.push({ record: decodeRecord(NamespaceRecordSchema, COLLECTION, id, value), revision })
    }
    after = page.length === PAGE ? page.at(-1)?.id : undefined
  } while (after !== undefined)
  return all
}
