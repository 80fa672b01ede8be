import { type MeasurementBoard, SHARDS } from '../../routing/measurements/measurement-board.ts'
import type { UsageBoard } from '../../routing/measurements/usage-board.ts'
import type { Log } from '../log.ts'
import { type Change, type Store, StoreError } from '../store/store.ts'
import { readShard, readUsage, writeShard, writeUsage } from './measurement-record.ts'

export interface SharedMeasurementsDeps {
  readonly store: Pick<Store, 'getMany' | 'commit'>
  readonly board: MeasurementBoard
  readonly usage: UsageBoard
  readonly now: () => number
  readonly log: Log
}

/** Measurements and usage in the store, so that they outlast this process and its replicas have the same. */
export interface SharedMeasurements {
  /** Takes what others stored and stores what is new here. Throws `StoreError`; what is new then waits for the next time. */
  sync(): Promise<void>
}

const COLLECTION = 'measurements'
const USAGE_ID = 'usage'

/**
 * One record per shard of the board and one for usage. Whoever has something new adds it to what the record holds, by
 * revision; where another was faster, it is added the next time. Not to be called twice at once.
 */
export function createSharedMeasurements(deps: SharedMeasurementsDeps): SharedMeasurements {
  const { store, board, usage, now, log } = deps
  const revisions = new Map<string, number>()
  let storedUsage = usage.version()

  /** The text of a record that changed since it was last seen here. */
  async function changed(id: string): Promise<string | undefined> {
    const [record] = await store.getMany(COLLECTION, [id])
    if (record === undefined) revisions.delete(id)
    if (record === undefined || revisions.get(id) === record.revision) return undefined
    revisions.set(id, record.revision)
    return record.value
  }

  /** False: another was faster. */
  async function put(id: string, value: string): Promise<boolean> {
    const revision = revisions.get(id)
    const expect = revision === undefined ? 'absent' : { revision }
    const change: Change = { kind: 'put', collection: COLLECTION, id, value, expect }
    try {
      const [next] = await store.commit([change])
      if (next !== undefined) revisions.set(id, next)
      return true
    } catch (error) {
      if (error instanceof StoreError && error.code === 'conflict') return false
      throw error
    }
  }

  async function syncShard(shard: number, isUnsaved: boolean): Promise<void> {
    const id = `samples-${shard}`
    const text = await changed(id)
    const stored = text === undefined ? undefined : readShard(text)
    if (text !== undefined && stored === undefined) unreadable(id)
    if (stored !== undefined) board.take(shard, stored, now())
    if (!isUnsaved) return
    const { states, failed } = board.save(shard, now())
    let isStored = false
    try {
      isStored = await put(id, writeShard(states))
    } finally {
      if (!isStored) failed()
    }
  }

  async function syncUsage(): Promise<void> {
    const isUnsaved = usage.version() !== storedUsage
    const text = await changed(USAGE_ID)
    const stored = text === undefined ? undefined : readUsage(text)
    if (text !== undefined && stored === undefined) unreadable(USAGE_ID)
    if (stored !== undefined) usage.take(stored)
    const version = usage.version()
    if (!isUnsaved || (await put(USAGE_ID, writeUsage(usage.readings())))) storedUsage = version
  }

  function unreadable(id: string): void {
    log('measurements.unreadable', { record: id, hint: 'it is left out, and written anew with the next samples' })
  }

  return {
    async sync() {
      await syncUsage()
      const unsaved = new Set(board.unsaved())
      // One after the other, so that none of it keeps look-ups waiting for long.
      for (let shard = 0; shard < SHARDS; shard++) await syncShard(shard, unsaved.has(shard))
    },
  }
}
