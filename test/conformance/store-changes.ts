import type { Change, Collection, Expectation, Store, StoredRecord } from '../../src/broker/store/store.ts'

export function put(id: string, value: string, expect: Expectation = 'any', collection: Collection = 'scopes'): Change {
  return { kind: 'put', collection, id, value, expect }
}

export function remove(
  id: string,
  expect: Exclude<Expectation, 'absent'> = 'any',
  collection: Collection = 'scopes',
): Change {
  return { kind: 'delete', collection, id, expect }
}

export function event(stream: string, value: string): Change {
  return { kind: 'event', stream, value }
}

export function ids(records: readonly StoredRecord[]): string[] {
  return records.map(({ id }) => id)
}

/** The whole collection, page by page. */
export async function listAll(store: Store, collection: Collection, limit = 500): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (;;) {
    const after = records.at(-1)?.id
    const page = await store.list(collection, { limit, ...(after !== undefined && { after }) })
    records.push(...page)
    if (page.length < limit) return records
  }
}
