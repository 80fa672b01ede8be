import { describe, expect, it } from 'vitest'
import type { StoreUnderTest } from './store.ts'
import { event, put } from './store-changes.ts'

/** Streams of events. */
export function storeEvents(underTest: () => StoreUnderTest): void {
  describe('a stream', () => {
    it('is numbered from 1 on, in the order of the commits and of their changes', async () => {
      const { store } = underTest()
      expect(await store.readEvents('log', { limit: 9 })).toEqual([])
      expect(await store.commit([event('log', 'a'), put('x', '1'), event('log', 'b')])).toEqual([1])
      await store.commit([event('log', 'c')])
      expect(await store.readEvents('log', { limit: 9 })).toEqual([
        { sequence: 1, value: 'a' },
        { sequence: 2, value: 'b' },
        { sequence: 3, value: 'c' },
      ])
    })

    it('is read from any place and in any amount', async () => {
      const { store } = underTest()
      await store.commit(Array.from({ length: 25 }, (_, n) => event('log', `e${n + 1}`)))
      const sequences = async (after: number, limit: number): Promise<number[]> =>
        (await store.readEvents('log', { after, limit })).map(({ sequence }) => sequence)
      expect(await sequences(0, 3)).toEqual([1, 2, 3])
      expect(await sequences(9, 3)).toEqual([10, 11, 12])
      expect(await sequences(23, 10)).toEqual([24, 25])
      expect(await sequences(25, 10)).toEqual([])
      expect(await sequences(99, 10)).toEqual([])
      expect(await sequences(0, 0)).toEqual([])
    })

    it('is apart from streams whose names begin alike', async () => {
      const { store } = underTest()
      const names = ['a', 'a!', 'a!0000000000000001', 'ab', 'a:b', 'é', '']
      await store.commit(names.map((name) => event(name, name)))
      for (const name of names)
        expect(await store.readEvents(name, { limit: 9 })).toEqual([{ sequence: 1, value: name }])
    })

    it('has no gap and no double when many append at once', async () => {
      const { store } = underTest()
      await Promise.all(Array.from({ length: 60 }, (_, n) => store.commit([event('log', String(n))])))
      const events = await store.readEvents('log', { limit: 99 })
      expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
      expect(new Set(events.map(({ value }) => value)).size).toBe(60)
    })

    it('goes on where it was when the store is opened again', async () => {
      await underTest().store.commit([event('log', 'a'), event('log', 'b')])
      const store = await underTest().reopen()
      await store.commit([event('log', 'c')])
      expect(await store.readEvents('log', { after: 1, limit: 9 })).toEqual([
        { sequence: 2, value: 'b' },
        { sequence: 3, value: 'c' },
      ])
    })
  })
}
