import { describe, expect, it } from 'vitest'
import type { Lease, Store } from '../../src/broker/store/store.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import type { StoreUnderTest } from './store.ts'
import { event, put } from './store-changes.ts'

/** So long that it never passes during a test. */
const LONG_MS = 600_000
const SHORT_MS = 80

async function acquire(store: Store, holder: string, ttlMs = LONG_MS): Promise<Lease> {
  const lease = await store.acquireLease('job', holder, ttlMs)
  if (lease === undefined) throw new Error(`${holder} did not get the lease`)
  return lease
}

/** Leases and fencing. */
export function storeLeases(underTest: () => StoreUnderTest): void {
  describe('a lease', () => {
    it('has one holder at a time', async () => {
      const { store } = underTest()
      expect(await acquire(store, 'one')).toEqual({ name: 'job', holder: 'one', token: 1 })
      expect(await store.acquireLease('job', 'two', LONG_MS)).toBeUndefined()
      expect(await store.acquireLease('another job', 'two', LONG_MS)).toEqual({
        name: 'another job',
        holder: 'two',
        token: 1,
      })
    })

    it('goes to exactly one of many who ask at once', async () => {
      const { store } = underTest()
      const asked = Array.from({ length: 20 }, (_, n) => store.acquireLease('job', `holder-${n}`, LONG_MS))
      expect((await Promise.all(asked)).filter((lease) => lease !== undefined)).toHaveLength(1)
    })

    it('is given anew to its holder, whatever its name, with a larger token', async () => {
      const { store } = underTest()
      for (const holder of ['a:b', 'é', '1:a:b', '']) {
        const first = await acquire(store, holder)
        const second = await acquire(store, holder)
        expect(second.token).toBeGreaterThan(first.token)
        expect(await store.renewLease(first, LONG_MS)).toBe(false)
        await store.releaseLease(first)
        expect(await store.acquireLease('job', 'someone else', LONG_MS)).toBeUndefined()
        await store.releaseLease(second)
      }
    })

    it('runs out', async () => {
      const { store, elapse } = underTest()
      const first = await acquire(store, 'one', SHORT_MS)
      await elapse(SHORT_MS)
      expect(await store.renewLease(first, LONG_MS)).toBe(false)
      const second = await acquire(store, 'two')
      expect(second.token).toBeGreaterThan(first.token)
    })

    it('lasts as long as it was last renewed for', async () => {
      const { store, elapse } = underTest()
      const lease = await acquire(store, 'one', LONG_MS)
      expect(await store.renewLease(lease, SHORT_MS)).toBe(true)
      expect(await store.renewLease(lease, LONG_MS)).toBe(true)
      await elapse(SHORT_MS)
      expect(await store.acquireLease('job', 'two', LONG_MS)).toBeUndefined()
      expect(await store.renewLease(lease, SHORT_MS)).toBe(true)
      await elapse(SHORT_MS)
      expect(await store.acquireLease('job', 'two', LONG_MS)).toBeDefined()
    })

    it('that was released goes to the next, and its release is no error when it was lost', async () => {
      const { store } = underTest()
      const first = await acquire(store, 'one')
      await store.releaseLease(first)
      await store.releaseLease(first)
      const second = await acquire(store, 'two')
      await store.releaseLease(first)
      expect(await store.renewLease(second, LONG_MS)).toBe(true)
    })

    it('lets its holder commit, and fences a former holder off', async () => {
      const { store } = underTest()
      const first = await acquire(store, 'one')
      expect(await store.commit([put('a', '1')], { fence: first })).toEqual([1])
      await store.releaseLease(first)
      const second = await acquire(store, 'two')
      const error = await storeErrorOf(store.commit([put('a', '2'), event('log', 'x')], { fence: first }))
      expect(error.code).toBe('fenced')
      expect(error.message).toContain('job')
      expect((await store.get('scopes', 'a'))?.value).toBe('1')
      expect(await store.readEvents('log', { limit: 9 })).toEqual([])
      expect(await store.commit([put('a', '3')], { fence: second })).toEqual([2])
    })

    it('fences off once it was given anew, was released or has run out', async () => {
      const { store, elapse } = underTest()
      const fenced = async (lease: Lease): Promise<void> => {
        expect((await storeErrorOf(store.commit([], { fence: lease }))).code).toBe('fenced')
      }
      const first = await acquire(store, 'one')
      const second = await acquire(store, 'one')
      await fenced(first)
      await store.releaseLease(second)
      await fenced(second)
      const third = await acquire(store, 'one', SHORT_MS)
      await elapse(SHORT_MS)
      await fenced(third)
      await fenced({ name: 'never given', holder: 'one', token: 1 })
    })

    it('is fenced before it is refused for its expectations', async () => {
      const { store } = underTest()
      const lease = await acquire(store, 'one')
      await store.releaseLease(lease)
      expect((await storeErrorOf(store.commit([put('a', '1', { revision: 4 })], { fence: lease }))).code).toBe('fenced')
    })

    it('has larger tokens than ever before when the store is opened again', async () => {
      const before = await acquire(underTest().store, 'one')
      await underTest().store.releaseLease(before)
      const store = await underTest().reopen()
      expect((await storeErrorOf(store.commit([], { fence: before }))).code).toBe('fenced')
      expect((await acquire(store, 'two')).token).toBeGreaterThan(before.token)
    })
  })
}
