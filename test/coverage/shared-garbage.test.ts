import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { watchSharedGarbage } from '../../src/broker/coverage/shared-garbage.ts'

const MAPS = 40
const MAP_BYTES = 32 * 1024 * 1024

/** Makes maps that nobody holds, and counts those still in memory at the end. */
async function leftOf(told: (map: object, bytes: number) => void): Promise<number> {
  const maps: WeakRef<object>[] = []
  for (let i = 0; i < MAPS; i++) {
    const map = { words: new SharedArrayBuffer(MAP_BYTES) }
    maps.push(new WeakRef(map))
    told(map, MAP_BYTES)
    // The collector marks beside the event loop, and weak references hold until it turns.
    for (let turn = 0; turn < 20; turn++) await setImmediate()
  }
  return maps.filter((map) => map.deref() !== undefined).length
}

it('maps in shared memory that nobody holds are collected, though V8 does not count them', async () => {
  expect(await leftOf(watchSharedGarbage())).toBeLessThan(MAPS / 2)
})
