import { describe, expect, it } from 'vitest'
import { createSharedMeasurements, type SharedMeasurements } from '../../src/broker/routing/shared-measurements.ts'
import { type Store, StoreError } from '../../src/broker/store/store.ts'
import { createMeasurementBoard, type MeasurementBoard } from '../../src/routing/measurements/measurement-board.ts'
import { createUsageBoard, type UsageBoard } from '../../src/routing/measurements/usage-board.ts'
import { clientAt, NOW } from '../support/routing-facts.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import type { StoreUnderTest } from './store.ts'

interface Replica {
  readonly board: MeasurementBoard
  readonly usage: UsageBoard
  readonly shared: SharedMeasurements
  readonly logged: string[]
}

const here = clientAt('192.0.2.7')
const EGRESS = { limitType: 'egress' }

function replica(store: Pick<Store, 'getMany' | 'commit'>): Replica {
  const board = createMeasurementBoard({ halfLifeMs: 600_000, minWeight: 3, maxGroups: 1_000 })
  const usage = createUsageBoard()
  const logged: string[] = []
  const log = (event: string): void => {
    logged.push(event)
  }
  return { board, usage, shared: createSharedMeasurements({ store, board, usage, now: () => NOW, log }), logged }
}

function report({ board, usage }: Replica, { count, bytes }: { readonly count: number; readonly bytes: number }): void {
  for (let i = 0; i < count; i++)
    board.add(here, { provider: 'a', at: NOW, rttMs: 20, throughputKbps: 900, error: true })
  usage.report('a', EGRESS, { value: bytes, at: NOW + bytes })
}

function known({ board, usage }: Replica): unknown {
  const near = board.near(here, 'a', NOW)
  return [
    near?.of,
    near?.weight.toFixed(2),
    Math.round((near?.throughputKbps ?? 0) / 100),
    usage.lookup('a', EGRESS)?.value,
  ]
}

/** Whether the store carries measurements from one process to the next, and to its replicas. */
export function storeMeasurements(underTest: () => StoreUnderTest): void {
  describe('measurements in the store', () => {
    it('outlast the process that took them', async () => {
      const first = replica(underTest().store)
      report(first, { count: 5, bytes: 7 })
      await first.shared.sync()
      const second = replica(await underTest().reopen())
      await second.shared.sync()
      expect(known(second)).toMatchObject(['prefix 192.0.2.0/24', '5.00', 9, 7])
    })

    it('are the sum of what all replicas took, whoever writes first and how often', async () => {
      const replicas = [replica(underTest().store), replica(underTest().store), replica(underTest().store)]
      for (let round = 1; round <= 3; round++) {
        replicas.forEach((one, index) => report(one, { count: index + 1, bytes: 10 * round + index }))
        // At once, so that some are too late and try again.
        await Promise.all(replicas.map(({ shared }) => shared.sync()))
      }
      for (const { shared } of [...replicas, ...replicas, ...replicas]) await shared.sync()
      for (const one of replicas) expect(known(one)).toMatchObject(['prefix 192.0.2.0/24', '18.00', 9, 32])
    })

    it('stay in memory while the store is away, and are stored later', async () => {
      const { store } = underTest()
      let isAway = true
      const gate: Pick<Store, 'getMany' | 'commit'> = {
        getMany: (collection, ids) => store.getMany(collection, ids),
        async commit(changes) {
          if (!isAway) return store.commit(changes)
          throw new StoreError('unavailable', 'the store is away')
        },
      }
      const one = replica(gate)
      report(one, { count: 4, bytes: 1 })
      expect((await storeErrorOf(one.shared.sync())).code).toBe('unavailable')
      expect(known(one)).toMatchObject(['prefix 192.0.2.0/24', '4.00', 9, 1])
      isAway = false
      await one.shared.sync()
      const other = replica(store)
      await other.shared.sync()
      expect(known(other)).toEqual(known(one))
    })

    it('that cannot be read are said so once, and written anew', async () => {
      const { store } = underTest()
      const first = replica(store)
      report(first, { count: 4, bytes: 1 })
      await first.shared.sync()
      const shards = Array.from({ length: 32 }, (_, shard) => `samples-${shard}`)
      const held = (await store.getMany('measurements', [...shards, 'usage'])).flatMap((record) => record ?? [])
      expect(held.length).toBeGreaterThan(1)
      for (const [index, { id }] of held.entries()) {
        const value = index % 2 === 0 ? '{"v":1' : '{"v":1,"groups":[["a",{"at":-1}]],"readings":7}'
        await store.commit([{ kind: 'put', collection: 'measurements', id, value, expect: 'any' }])
      }
      const second = replica(store)
      await second.shared.sync()
      await second.shared.sync()
      expect(second.logged).toEqual(held.map(() => 'measurements.unreadable'))
      report(second, { count: 4, bytes: 2 })
      await second.shared.sync()
      const third = replica(store)
      await third.shared.sync()
      expect(known(third)).toEqual(known(second))
      expect(third.logged).toEqual([])
    })
  })
}
