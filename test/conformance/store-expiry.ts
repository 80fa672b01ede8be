import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/broker/store/store.ts'
import type { StoreUnderTest } from './store.ts'
import { ids, put, remove } from './store-changes.ts'

/** So long that it never passes during a test. */
const LONG_MS = 600_000
const SHORT_MS = 80

function putFor(ttlMs: number, id: string, value: string): Change {
  return { kind: 'put', collection: 'idempotency', id, value, expect: 'any', ttlMs }
}

/** Records that vanish by themselves. */
export function storeExpiry(underTest: () => StoreUnderTest): void {
  describe('a record with a time to live', () => {
    it('is there, though not listed, until the time has passed', async () => {
      const { store, elapse } = underTest()
      await store.commit([
        putFor(LONG_MS, 'long', '1'),
        putFor(SHORT_MS, 'short', '1'),
        put('x', '1', 'any', 'idempotency'),
      ])
      expect(await store.get('idempotency', 'long')).toEqual({ id: 'long', revision: 1, value: '1' })
      expect(ids(await store.list('idempotency', { limit: 9 }))).toEqual(['x'])
      await elapse(SHORT_MS)
      expect(await store.get('idempotency', 'short')).toBeUndefined()
      expect((await store.getMany('idempotency', ['short', 'long'])).map((record) => record?.id)).toEqual([
        undefined,
        'long',
      ])
      expect(ids(await store.list('idempotency', { limit: 9, descending: true }))).toEqual(['x'])
    })

    it('counts as absent once it has vanished, and starts at revision 1 again', async () => {
      const { store, elapse } = underTest()
      await store.commit([putFor(LONG_MS, 'a', '1')])
      expect(await store.commit([putFor(SHORT_MS, 'a', '2')])).toEqual([2])
      await elapse(SHORT_MS)
      expect(await store.commit([put('a', '3', 'absent', 'idempotency')])).toEqual([1])
    })

    it('stays and is listed when it is put again without one', async () => {
      const { store, elapse } = underTest()
      await store.commit([putFor(SHORT_MS, 'a', '1'), put('a', '2', 'any', 'idempotency')])
      await elapse(SHORT_MS)
      expect(await store.list('idempotency', { limit: 9 })).toEqual([{ id: 'a', revision: 2, value: '2' }])
    })

    it('is no longer listed when it had none before', async () => {
      const { store } = underTest()
      await store.commit([put('a', '1', 'any', 'idempotency')])
      await store.commit([putFor(LONG_MS, 'a', '2')])
      expect(await store.list('idempotency', { limit: 9 })).toEqual([])
      expect((await store.get('idempotency', 'a'))?.revision).toBe(2)
      await store.commit([remove('a', { revision: 2 }, 'idempotency')])
      expect(await store.get('idempotency', 'a')).toBeUndefined()
    })

    it('takes a fraction of a millisecond for a whole one', async () => {
      const { store, elapse } = underTest()
      await store.commit([putFor(0.4, 'a', '1')])
      await elapse(2)
      expect(await store.get('idempotency', 'a')).toBeUndefined()
    })
  })
}
