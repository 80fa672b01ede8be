import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/broker/store/store.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import type { StoreUnderTest } from './store.ts'
import { event, ids, put, remove } from './store-changes.ts'

const WRITERS = 8
const INCREMENTS = 25

/** Adds one to a number until nobody else did at the same time. */
async function increment(store: Store, id: string): Promise<void> {
  for (;;) {
    const record = await store.get('scopes', id)
    const value = String(Number(record?.value ?? 0) + 1)
    const expected = record === undefined ? 'absent' : { revision: record.revision }
    try {
      await store.commit([put(id, value, expected)])
      return
    } catch {
      // Another writer was faster.
    }
  }
}

/** Records, revisions, expectations, atomicity. */
export function storeCommits(underTest: () => StoreUnderTest): void {
  describe('records', () => {
    it('are absent before they are put and after they are deleted', async () => {
      const { store } = underTest()
      expect(await store.get('scopes', 'a')).toBeUndefined()
      await store.commit([put('a', '{"n":1}')])
      expect(await store.get('scopes', 'a')).toEqual({ id: 'a', revision: 1, value: '{"n":1}' })
      await store.commit([remove('a')])
      expect(await store.get('scopes', 'a')).toBeUndefined()
    })

    it('lie in their own collection', async () => {
      const { store } = underTest()
      await store.commit([put('a', '1', 'absent', 'scopes'), put('a', '2', 'absent', 'open-operations')])
      expect((await store.get('scopes', 'a'))?.value).toBe('1')
      expect((await store.get('open-operations', 'a'))?.value).toBe('2')
      expect(await store.get('operations', 'a')).toBeUndefined()
    })

    it('grow by one revision with every put and start at 1 again after a deletion', async () => {
      const { store } = underTest()
      expect(await store.commit([put('a', '1'), put('b', '1')])).toEqual([1, 1])
      expect(await store.commit([put('a', '2')])).toEqual([2])
      expect(await store.commit([remove('a')])).toEqual([])
      expect(await store.commit([put('a', '3')])).toEqual([1])
    })

    it('are given in the order asked for, with gaps where there is none', async () => {
      const { store } = underTest()
      await store.commit([put('a', '1'), put('b', '2')])
      const found = await store.getMany('scopes', ['b', 'missing', 'a', 'b'])
      expect(found.map((record) => record?.value)).toEqual(['2', undefined, '1', '2'])
      expect(await store.getMany('scopes', [])).toEqual([])
    })

    it('hold 256 KiB and any text, and so do ids', async () => {
      const { store } = underTest()
      const large = JSON.stringify({ text: 'ä€😀\u0000"\\'.repeat(20_000) })
      const names = ['é', '😀', 'a\u0000b', '\u0001', '!"#', '{x}', 'a:b:1', '..', '%', 'ｚ', '\uffff', ' ']
      expect(Buffer.byteLength(large)).toBeGreaterThan(256 * 1024)
      await store.commit(names.map((id) => put(id, large, 'absent')))
      for (const id of names) expect((await store.get('scopes', id))?.value === large, id).toBe(true)
      await store.commit(names.slice(1).map((id) => remove(id, { revision: 1 })))
      expect(ids(await store.list('scopes', { limit: 20 }))).toEqual(names.slice(0, 1))
    })

    it('are still there when the store is opened again', async () => {
      await underTest().store.commit([put('a', '1'), put('b', '1')])
      await underTest().store.commit([put('a', '2'), remove('b')])
      const store = await underTest().reopen()
      expect(await store.get('scopes', 'a')).toEqual({ id: 'a', revision: 2, value: '2' })
      expect(await store.get('scopes', 'b')).toBeUndefined()
      expect(await store.commit([put('a', '3', { revision: 2 })])).toEqual([3])
    })
  })

  describe('a commit', () => {
    it.each([
      ['absent', 'absent', [] as string[], 'written'],
      ['absent', 'absent', ['1'], 'refused'],
      ['any', 'any', [], 'written'],
      ['any', 'any', ['1'], 'written'],
      ['the revision there is', { revision: 2 }, ['1', '2'], 'written'],
      ['an older revision', { revision: 1 }, ['1', '2'], 'refused'],
      ['a newer revision', { revision: 3 }, ['1', '2'], 'refused'],
      ['a revision of what is not there', { revision: 1 }, [], 'refused'],
    ] as const)('that puts and expects %s (%j) over %j is %s', async (_, expectation, before, outcome) => {
      const { store } = underTest()
      for (const value of before) await store.commit([put('id-1', value)])
      const commit = store.commit([put('id-1', 'new', expectation)])
      if (outcome === 'written') {
        expect(await commit).toEqual([before.length + 1])
        expect((await store.get('scopes', 'id-1'))?.value).toBe('new')
        return
      }
      const error = await storeErrorOf(commit)
      expect(error.code).toBe('conflict')
      expect(error.message).toContain('scopes/id-1')
      expect((await store.get('scopes', 'id-1'))?.value).toBe(before.at(-1))
    })

    it('that deletes goes by its expectation, too', async () => {
      const { store } = underTest()
      await store.commit([put('a', '1'), put('b', '1')])
      expect((await storeErrorOf(store.commit([remove('a', { revision: 2 })]))).code).toBe('conflict')
      expect((await storeErrorOf(store.commit([remove('none', { revision: 1 })]))).code).toBe('conflict')
      await store.commit([remove('a', { revision: 1 }), remove('none')])
      expect(ids(await store.list('scopes', { limit: 9 }))).toEqual(['b'])
    })

    it('of which one expectation fails writes no record, no deletion, no event and lists nothing new', async () => {
      const { store } = underTest()
      await store.commit([put('kept', '1'), put('changed', '1'), event('log', 'first')])
      const refused = store.commit([
        event('log', 'second'),
        put('new', '1', 'absent'),
        remove('kept'),
        put('changed', '2', { revision: 1 }),
        put('kept', '2', { revision: 7 }),
      ])
      expect((await storeErrorOf(refused)).code).toBe('conflict')
      expect(await store.list('scopes', { limit: 9 })).toEqual([
        { id: 'changed', revision: 1, value: '1' },
        { id: 'kept', revision: 1, value: '1' },
      ])
      expect(await store.get('scopes', 'new')).toBeUndefined()
      expect(await store.readEvents('log', { limit: 9 })).toEqual([{ sequence: 1, value: 'first' }])
    })

    it('sees its own earlier changes', async () => {
      const { store } = underTest()
      const revisions = await store.commit([
        put('a', '1', 'absent'),
        put('a', '2', { revision: 1 }),
        remove('a', { revision: 2 }),
        put('a', '3', 'absent'),
      ])
      expect(revisions).toEqual([1, 2, 1])
      expect(await store.get('scopes', 'a')).toEqual({ id: 'a', revision: 1, value: '3' })
    })

    it('of nothing does nothing', async () => {
      expect(await underTest().store.commit([])).toEqual([])
    })

    it('refused beside others leaves the others alone', async () => {
      const { store } = underTest()
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) => store.commit([put(`id-${n % 20}`, String(n), 'absent')])),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(
        Array.from({ length: 40 }, (_, n) => (n < 20 ? 'fulfilled' : 'rejected')),
      )
      expect(ids(await store.list('scopes', { limit: 99 }))).toHaveLength(20)
    })

    it('of concurrent writers loses no update', async () => {
      const { store } = underTest()
      const writer = async (): Promise<void> => {
        for (let n = 0; n < INCREMENTS; n += 1) await increment(store, 'counter')
      }
      await Promise.all(Array.from({ length: WRITERS }, writer))
      const total = WRITERS * INCREMENTS
      expect(await store.get('scopes', 'counter')).toEqual({ id: 'counter', revision: total, value: String(total) })
    })
  })

  it('answers a ping', async () => {
    await expect(underTest().store.ping()).resolves.toBeUndefined()
  })

  it('says that it is closed when it is', async () => {
    const { store, close } = underTest()
    await close()
    const calls = [store.get('scopes', 'a'), store.commit([put('a', '1')]), store.ping()]
    for (const error of await Promise.all(calls.map(storeErrorOf))) {
      expect(error.code).toBe('unavailable')
      expect(error.message).toContain('closed')
    }
  })
}
