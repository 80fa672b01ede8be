import { expect, it } from 'vitest'
import { loadAside } from '../../src/broker/footprint-sources/load-in-thread.ts'
import { loadSource } from '../../src/broker/footprint-sources/load-source.ts'

const NAME = 'https://cdn.example/geofeed.csv'

function geofeed(text: string) {
  return { kind: 'geofeed', name: NAME, text, builtAt: 1_700_000_000_000 } as const
}

// In node 20 a thread cannot be started from TypeScript: what is read here was read without one.
it('reads a small geofeed without a thread, to what is read of it anywhere', async () => {
  const input = geofeed('192.0.2.0/24,CL,CL-RM,Santiago,\n')
  const source = await loadAside(input)
  expect(source.editions.map(({ entries }) => entries)).toEqual([1])
  expect(source.table).toEqual((await loadSource(input)).table)
})

it('refuses a small geofeed without a single entry, by its name', async () => {
  await expect(loadAside(geofeed('not a geofeed'))).rejects.toThrow(NAME)
})
