import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAdvertisementRecords } from '../../src/broker/advertisements/advertisement-records.ts'
import { keepText, textOfKept } from '../../src/broker/advertisements/kept-text.ts'
import { StoreError } from '../../src/broker/store/store.ts'
import { AdvertisementWorld } from '../support/advertisement-world.ts'

describe('a document in the store', () => {
  test('comes back as it was, small or large', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme', minLength: 1 }).map((piece) => piece.repeat(Math.ceil(70_000 / piece.length))),
    )
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        expect(await textOfKept(await keepText(one), 'x')).toBe(one)
      }),
    )
  })

  test('is kept as it is where it is small, and in a fraction of its length where it is large', async () => {
    expect(await keepText('{"capabilities":[]}')).toEqual({ text: '{"capabilities":[]}' })
    const large = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`))
    const kept = await keepText(large)
    expect(kept.text).toBeUndefined()
    expect(kept.gzip?.length).toBeLessThan(large.length / 2)
  })

  test('that is damaged or missing is told as such', async () => {
    for (const kept of [{}, { gzip: '' }, { gzip: 'AAAA' }, { gzip: 'H4sIAAAAAAAA' }]) {
      await expect(textOfKept(kept, 'advertisements/cdn-a')).rejects.toThrow(
        new StoreError('corrupt', 'advertisements/cdn-a holds no document that can be read'),
      )
    }
  })

  test('outlasts a restart, in use or held back', async () => {
    await using world = await AdvertisementWorld.start()
    const records = createAdvertisementRecords(world.store)
    const text = 'a large document '.repeat(10_000)
    const kept = { text, fetchedAt: 1, confirmedAt: 2, etag: '"1"', freshness: { freshSeconds: 5 } }
    const held = { text: `${text}!`, since: 1, lastSeenAt: 2, lostShare: 0.7, because: 'it loses 70 %' }
    await records.keep('cdn-a', kept)
    await records.keepHeldBack('cdn-a', held)
    expect((await world.store.get('advertisements', 'cdn-a'))?.value.length).toBeLessThan(text.length / 10)
    const again = createAdvertisementRecords(world.store)
    expect(await again.kept('cdn-a')).toEqual(kept)
    expect(await again.heldBack('cdn-a')).toEqual(held)
    await again.keepHeldBack('cdn-a', undefined)
    expect(await again.heldBack('cdn-a')).toBeUndefined()
  })

  test('that was kept before documents were packed is read', async () => {
    await using world = await AdvertisementWorld.start()
    const value = JSON.stringify({ v: 1, text: 'x'.repeat(100_000), fetchedAt: 1, confirmedAt: 2 })
    await world.store.commit([{ kind: 'put', collection: 'advertisements', id: 'cdn-a', value, expect: 'absent' }])
    expect((await createAdvertisementRecords(world.store).kept('cdn-a'))?.text).toHaveLength(100_000)
  })
})
