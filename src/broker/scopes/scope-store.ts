import type { z } from 'zod'
import { type Change, type Collection, type Expectation, type Store, StoreError } from '../store/store.ts'
import { type Operation, OperationSchema } from './operation.ts'
import { type ScopeRecord, ScopeRecordSchema } from './scope-record.ts'

/** A typed record with the revision at which it was read. */
export interface Versioned<T> {
  readonly revision: number
  readonly value: T
}

export function decodeRecord<T>(schema: z.ZodType<T>, collection: Collection, id: string, text: string): T {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new StoreError('corrupt', `${collection}/${id} is not JSON`, { cause })
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new StoreError(
      'corrupt',
      `${collection}/${id} is not of the expected form (at "${where}"); was it written by a newer version?`,
    )
  }
  return parsed.data
}

export async function readScope(store: Pick<Store, 'get'>, id: string): Promise<Versioned<ScopeRecord> | undefined> {
  const record = await store.get('scopes', id)
  return record === undefined
    ? undefined
    : { revision: record.revision, value: decodeRecord(ScopeRecordSchema, 'scopes', id, record.value) }
}

export async function readOperation(store: Store, id: string): Promise<Versioned<Operation> | undefined> {
  const record = await store.get('operations', id)
  return record === undefined
    ? undefined
    : { revision: record.revision, value: decodeRecord(OperationSchema, 'operations', id, record.value) }
}

export function putRecord(
  collection: Collection,
  id: string,
  value: unknown,
  expect: Expectation,
  ttlMs?: number,
): Change {
  const base = { kind: 'put', collection, id, value: JSON.stringify(value), expect } as const
  return ttlMs === undefined ? base : { ...base, ttlMs }
}

/** The stream that holds a scope's history. */
export function scopeStream(id: string): string {
  return `scope:${id}`
}
