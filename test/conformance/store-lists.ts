import { describe, expect, it } from 'vitest'
import type { StoreUnderTest } from './store.ts'
import { ids, listAll, put, remove } from './store-changes.ts'

const BYTE_ORDER = ['!', '0', 'A', 'Z', 'a', 'a!', 'aa', 'b', 'é', 'ｚ', '😀']

/** Order, pages, cursors. */
export function storeLists(underTest: () => StoreUnderTest): void {
  describe('a list', () => {
    it('is in byte order of the ids, either way', async () => {
      const { store } = underTest()
      await store.commit(BYTE_ORDER.toReversed().map((id) => put(id, id)))
      expect(ids(await store.list('scopes', { limit: 99 }))).toEqual(BYTE_ORDER)
      expect(ids(await store.list('scopes', { limit: 99, descending: true }))).toEqual(BYTE_ORDER.toReversed())
    })

    it('gives whole records, of its collection only', async () => {
      const { store } = underTest()
      await store.commit([put('a', '1'), put('b', '1', 'any', 'keys'), put('c', '1', 'any', 'open-operations')])
      await store.commit([put('a', '2')])
      expect(await store.list('scopes', { limit: 9 })).toEqual([{ id: 'a', revision: 2, value: '2' }])
      expect(ids(await store.list('operations', { limit: 9 }))).toEqual([])
    })

    it('gives no more than asked for, and goes on after the last id', async () => {
      const { store } = underTest()
      await store.commit(BYTE_ORDER.map((id) => put(id, id)))
      for (const descending of [false, true]) {
        const order = descending ? BYTE_ORDER.toReversed() : BYTE_ORDER
        expect(await store.list('scopes', { limit: 0, descending })).toEqual([])
        const first = ids(await store.list('scopes', { limit: 4, descending }))
        const second = ids(await store.list('scopes', { limit: 4, descending, after: first[3] ?? '' }))
        const third = ids(await store.list('scopes', { limit: 4, descending, after: second[3] ?? '' }))
        expect([first, second, third]).toEqual([order.slice(0, 4), order.slice(4, 8), order.slice(8)])
        expect(await store.list('scopes', { limit: 4, descending, after: order.at(-1) ?? '' })).toEqual([])
      }
    })

    it('goes on in place when the record at the cursor is deleted and others come and go', async () => {
      const { store } = underTest()
      await store.commit(['b', 'd', 'f', 'h'].map((id) => put(id, id)))
      const first = ids(await store.list('scopes', { limit: 2 }))
      expect(first).toEqual(['b', 'd'])
      await store.commit([remove('d'), put('c', 'before the cursor'), put('e', 'after the cursor'), remove('h')])
      expect(ids(await store.list('scopes', { limit: 9, after: 'd' }))).toEqual(['e', 'f'])
      expect(ids(await store.list('scopes', { limit: 9, after: 'd', descending: true }))).toEqual(['c', 'b'])
    })

    it('holds every record once while others are put and deleted between its pages', async () => {
      const { store } = underTest()
      const stable = Array.from({ length: 30 }, (_, n) => `stable-${String(n).padStart(2, '0')}`)
      await store.commit(stable.map((id) => put(id, id)))
      const seen: string[] = []
      for (let turn = 0; ; turn += 1) {
        const after = seen.at(-1)
        const page = ids(await store.list('scopes', { limit: 3, ...(after !== undefined && { after }) }))
        seen.push(...page)
        if (page.length < 3) break
        await store.commit([put(`${page.at(-1)}-new-${turn}`, ''), put(`a-${turn}`, ''), remove(page[0] ?? '')])
      }
      expect(seen.filter((id) => !id.includes('new'))).toEqual(stable)
    })

    it('is as good over many pages', async () => {
      const { store } = underTest()
      const many = Array.from({ length: 700 }, (_, n) => `id-${String(n).padStart(4, '0')}`)
      await store.commit(many.map((id) => put(id, id)))
      expect(ids(await listAll(store, 'scopes', 64))).toEqual(many)
    })
  })
}
