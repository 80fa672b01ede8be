import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.ts'
import { accessFailure } from './embedded-failures.ts'
import { keys, recordKeyOfExpiry, sequenceOfEvent, unchecked } from './embedded-records.ts'
import {
  acquireWrite,
  commitWrite,
  damagedError,
  isExpired,
  keptRecord,
  releaseWrite,
  renewWrite,
  sweepWrite,
  type WriteContext,
} from './embedded-writes.ts'
import { GroupCommit } from './group-commit.ts'
import type {
  Change,
  Collection,
  CommitOptions,
  Lease,
  ListOptions,
  Store,
  StoredEvent,
  StoredRecord,
} from './store.ts'
import type { StoreLog } from './store-log.ts'

const SWEEP_EVERY_MS = 30_000
const SWEEP_AT_MOST = 1_000

export interface EmbeddedStoreOptions {
  readonly kind: 'embedded'
  /** The data folder. Made if it is not there; belongs to one process at a time. */
  readonly path: string
}

/**
 * A store in a folder of this machine, for one process: LevelDB, every commit flushed to the disk before it resolves,
 * concurrent commits in one flush. Throws `locked` while another process has the folder.
 */
export async function openEmbeddedStore(
  { path }: EmbeddedStoreOptions,
  deps: { readonly now: () => number; readonly log: StoreLog },
): Promise<Store> {
  const database = await openEmbeddedDatabase(path)
  const store = new EmbeddedStore(database, deps)
  try {
    await store.start()
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

class EmbeddedStore implements Store {
  readonly kind = 'embedded'
  readonly #database: EmbeddedDatabase
  readonly #commits: GroupCommit
  readonly #context: WriteContext
  readonly #log: StoreLog
  #sweeping: NodeJS.Timeout | undefined

  constructor(database: EmbeddedDatabase, { now, log }: { readonly now: () => number; readonly log: StoreLog }) {
    this.#database = database
    this.#commits = new GroupCommit(database)
    this.#context = { now, path: database.path }
    this.#log = log
  }

  /** Clears what a former process left, and begins to delete records that have run out. */
  async start(): Promise<void> {
    await this.#dropLeases()
    this.#sweeping = setInterval(() => {
      void this.#sweep() // Reports its own failure.
    }, SWEEP_EVERY_MS)
    this.#sweeping.unref()
  }

  async get(collection: Collection, id: string): Promise<StoredRecord | undefined> {
    const [record] = await this.getMany(collection, [id])
    return record
  }

  async getMany(collection: Collection, ids: readonly string[]): Promise<(StoredRecord | undefined)[]> {
    const wanted = ids.map((id) => keys.record(collection, id))
    const found = await this.#database.readMany(wanted)
    const now = this.#context.now()
    return ids.map((id, index) => {
      const kept = keptRecord(found[index], wanted[index] ?? '', this.#database.path)
      return kept === undefined || isExpired(kept, now) ? undefined : { id, revision: kept.revision, value: kept.value }
    })
  }

  async list(collection: Collection, { after, limit, descending = false }: ListOptions): Promise<StoredRecord[]> {
    const all = keys.records(collection)
    const cursor = after === undefined ? undefined : keys.record(collection, after)
    const ascendingRange = cursor === undefined ? all : { gt: cursor, lt: all.lt }
    const range = descending ? { gte: all.gte, lt: cursor ?? all.lt } : ascendingRange
    const records: StoredRecord[] = []
    if (limit < 1) return records
    await this.#database.scan(range, { reverse: descending }, (key, text) => {
      const kept = keptRecord(text, key, this.#database.path)
      if (kept !== undefined && kept.expiresAt === undefined) {
        records.push({ id: key.slice(all.gte.length), revision: kept.revision, value: kept.value })
      }
      return records.length < limit
    })
    return records
  }

  commit(changes: readonly Change[], options: CommitOptions = {}): Promise<number[]> {
    return this.#commits.submit(commitWrite(changes, options, this.#context))
  }

  async readEvents(
    stream: string,
    { after = 0, limit }: { readonly after?: number; readonly limit: number },
  ): Promise<StoredEvent[]> {
    const events: StoredEvent[] = []
    if (limit < 1) return events
    await this.#database.scan(keys.eventsAfter(stream, after), {}, (key, text) => {
      const value = unchecked(text)
      if (value === undefined) throw damagedError(key, this.#database.path)
      events.push({ sequence: sequenceOfEvent(key), value })
      return events.length < limit
    })
    return events
  }

  acquireLease(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#commits.submit(acquireWrite(name, holder, ttlMs, this.#context))
  }

  renewLease(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#commits.submit(renewWrite(lease, ttlMs, this.#context))
  }

  releaseLease(lease: Lease): Promise<void> {
    return this.#commits.submit(releaseWrite(lease, this.#context))
  }

  async ping(): Promise<void> {
    await this.#database.readMany([keys.format])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeping)
    await this.#commits.settled()
    await this.#database.close()
  }

  /** The folder was locked, so whoever held a lease is gone. The tokens' counters stay. */
  async #dropLeases(): Promise<void> {
    const held: string[] = []
    await this.#database.scan(keys.leases, {}, (key) => held.push(key) > 0)
    if (held.length > 0) await this.#database.write(new Map(held.map((key) => [key, undefined])))
  }

  async #sweep(): Promise<void> {
    try {
      const expired: { expiryKey: string; recordKey: string }[] = []
      await this.#database.scan(keys.expired(this.#context.now()), {}, (expiryKey) => {
        expired.push({ expiryKey, recordKey: recordKeyOfExpiry(expiryKey) })
        return expired.length < SWEEP_AT_MOST
      })
      if (expired.length > 0) await this.#commits.submit(sweepWrite(expired))
    } catch (error) {
      const { code, message } = accessFailure(error, this.#database.path)
      this.#log.warn(
        { code },
        `Records that have run out were not deleted; the next try is in ${SWEEP_EVERY_MS} ms. ${message}`,
      )
    }
  }
}
