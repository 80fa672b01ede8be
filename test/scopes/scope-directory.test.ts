import { beforeEach, describe, expect, it } from 'vitest'
import { createScopeDirectory, type ScopeDirectory } from '../../src/broker/scopes/scope-directory.ts'
import type { ScopeRecord } from '../../src/broker/scopes/scope-record.ts'
import { type Collection, type Store, type StoredRecord, StoreError } from '../../src/broker/store/store.ts'

const MAX_AGE_MS = 1_000

function scope(id: string, name: string): ScopeRecord {
  return {
    v: 1,
    id,
    name,
    owner: 'test',
    primary: 'cdn-a',
    primaryPinned: false,
    providers: ['cdn-a'],
    placements: [],
    deleting: false,
    createdAt: 0,
    updatedAt: 0,
  }
}

/** What a directory asks a store for. */
class ReadableStore {
  readonly records = new Map<string, StoredRecord>()
  reads = 0
  answering: 'at once' | 'never' | 'with an error' = 'at once'

  put(record: ScopeRecord): void {
    const revision = (this.records.get(record.id)?.revision ?? 0) + 1
    this.records.set(record.id, { id: record.id, revision, value: JSON.stringify(record) })
  }

  async get(_collection: Collection, id: string): Promise<StoredRecord | undefined> {
    this.reads += 1
    if (this.answering === 'never') return new Promise(() => {})
    if (this.answering === 'with an error') throw new StoreError('unavailable', 'away')
    return this.records.get(id)
  }
}

describe('the scopes in memory', () => {
  let store: ReadableStore
  let directory: ScopeDirectory
  let time: number

  beforeEach(() => {
    store = new ReadableStore()
    time = 0
    const readable: Pick<Store, 'get'> = store
    directory = createScopeDirectory({ store: readable, now: () => time, maxAgeMs: MAX_AGE_MS, capacity: 3 })
  })

  const nameOf = async (id: string): Promise<string | undefined> => (await directory.get(id))?.record.name

  it('are read once by many look-ups at the same time', async () => {
    store.put(scope('s', 'one'))
    expect(await Promise.all(['s', 's', 's'].map(nameOf))).toEqual(['one', 'one', 'one'])
    expect(store.reads).toBe(1)
  })

  it('are answered with a change of another replica, however long nobody asked', async () => {
    store.put(scope('s', 'old'))
    await nameOf('s')
    store.put(scope('s', 'new'))
    time += 3_600_000
    expect(await nameOf('s')).toBe('new')
    store.records.delete('s')
    time += 3_600_000
    expect(await nameOf('s')).toBeUndefined()
  })

  it('are renewed behind the answer while they are asked for', async () => {
    store.put(scope('s', 'old'))
    await nameOf('s')
    store.put(scope('s', 'new'))
    time += MAX_AGE_MS + 1
    expect(await nameOf('s')).toBe('old')
    await Promise.resolve()
    expect(await nameOf('s')).toBe('new')
  })

  it('are answered from memory while the store fails, and at once after its first failure', async () => {
    store.put(scope('s', 'kept'))
    await nameOf('s')
    time += 3_600_000
    store.answering = 'with an error'
    expect(await nameOf('s')).toBe('kept')
    store.answering = 'never'
    expect(await nameOf('s')).toBe('kept')
  })

  it('are answered from memory soon when the store is silent, and at once from then on', async () => {
    for (const id of ['s', 't']) store.put(scope(id, `kept ${id}`))
    await Promise.all([nameOf('s'), nameOf('t')])
    time += 3_600_000
    store.answering = 'never'
    expect(await nameOf('s')).toBe('kept s')
    const before = performance.now()
    expect(await nameOf('t')).toBe('kept t')
    expect(performance.now() - before).toBeLessThan(240)
  })

  it('are what this process wrote last, even when an older read ends later', async () => {
    store.put(scope('s', 'read'))
    const reading = nameOf('s')
    directory.note('s', { revision: 2, record: scope('s', 'written') })
    expect(await reading).toBe('written')
    expect(await nameOf('s')).toBe('written')
  })

  it('stay gone when they are deleted during a read', async () => {
    store.put(scope('s', 'read'))
    const reading = nameOf('s')
    directory.note('s', undefined)
    expect(await reading).toBeUndefined()
    expect(await nameOf('s')).toBeUndefined()
  })

  it('are not pushed out by look-ups of ids that nobody ever gave', async () => {
    store.put(scope('s', 'kept'))
    await nameOf('s')
    for (let guess = 0; guess < 50; guess += 1) await nameOf(`guess-${guess}`)
    store.answering = 'with an error'
    expect(await nameOf('s')).toBe('kept')
  })

  it('are held up to the capacity, the oldest going first', async () => {
    for (const id of ['a', 'b', 'c', 'd']) {
      store.put(scope(id, id))
      await nameOf(id)
    }
    store.answering = 'with an error'
    await expect(nameOf('a')).rejects.toThrow('away')
    expect(await nameOf('b')).toBe('b')
  })
})
