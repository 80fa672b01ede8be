import { mkdir, statfs } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { accessFailure, closedError, fullError, openFailure } from './embedded-failures.ts'
import { type KeyRange, keys } from './embedded-records.ts'
import type { GroupTarget, KeyChanges } from './group-commit.ts'
import { StoreError } from './store.ts'

const FORMAT = '1'

/** Four times LevelDB's own: fewer, larger merges while many records are written. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024

/** Free bytes below which a database that has just failed to write is not tried again. */
const MIN_FREE_BYTES = 2 * WRITE_BUFFER_BYTES

/** A write that failed. */
interface FailedWrite {
  readonly number: number
  readonly keys: readonly string[]
  /** What the keys held before; read when the database is about to be closed and opened again. */
  readonly before?: KeyChanges
}

/** Opens the database in a folder, and makes the folder if needed. */
export async function openEmbeddedDatabase(path: string): Promise<EmbeddedDatabase> {
  try {
    // Credentials lie in it, if encrypted: nobody else's business.
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw openFailure(error, path)
  }
  const database = new EmbeddedDatabase(path)
  await database.open()
  return database
}

/**
 * A LevelDB database whose writes are flushed to the disk, numbered, and undone for certain when they fail.
 *
 * NOTE: a failed write leaves LevelDB's journal in an unknown state. A part of the batch may be in the file, and then
 * whatever LevelDB writes behind it is acknowledged but dropped at the next start; or all of it may be there. So after
 * a failure nothing more is written before the database was closed and opened again, which reads the journal back
 * without its torn end; and if the number of the failed batch is found then, the batch is undone.
 */
export class EmbeddedDatabase implements GroupTarget {
  readonly path: string
  readonly #level: ClassicLevel
  #written = 0
  #failed: FailedWrite | undefined
  #reopening: Promise<void> | undefined
  #closed = false

  /** A LevelDB begins to open itself soon after it was made, so the folder should be there before. */
  constructor(path: string, level = new ClassicLevel(path, { writeBufferSize: WRITE_BUFFER_BYTES })) {
    this.path = path
    this.#level = level
  }

  /** Throws `locked`, `corrupt`, `full` or `unavailable`. */
  async open(): Promise<void> {
    try {
      await this.#level.open()
      await this.#checkFormat()
      this.#written = Number((await this.#level.get(keys.batch)) ?? 0)
    } catch (error) {
      await this.#level.close()
      throw openFailure(error, this.path)
    }
  }

  readMany(wanted: readonly string[]): Promise<(string | undefined)[]> {
    return this.#read(() => this.#level.getMany([...wanted]))
  }

  /** Entries in key order until `take` returns false. */
  async scan(
    range: KeyRange | { readonly gt: string; readonly lt: string },
    options: { readonly reverse?: boolean },
    take: (key: string, value: string) => boolean,
  ): Promise<void> {
    await this.#read(async () => {
      for await (const [key, value] of this.#level.iterator({ ...range, ...options })) {
        if (!take(key, value)) return
      }
    })
  }

  async write(changes: KeyChanges): Promise<void> {
    if (this.#closed) throw closedError(this.path)
    if (this.#failed !== undefined) {
      // Without space it could be closed but not opened again, and would then not even be readable.
      if (this.#level.status === 'open' && (await this.#freeBytes()) < MIN_FREE_BYTES) throw fullError(this.path)
      await this.#reopen(this.#failed)
    }
    const number = this.#written + 1
    try {
      await this.#put(changes, number)
      this.#written = number
    } catch (error) {
      this.#failed = { number, keys: [...changes.keys()] }
      throw accessFailure(error, this.path)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    // The next process knows of no failed write, so this is the last chance to undo it.
    if (this.#failed !== undefined) await this.#reopen(this.#failed).catch(() => undefined)
    this.#closed = true
    await this.#level.close()
  }

  async #read<T>(access: () => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError(this.path)
    // Whether reopening succeeds matters to the write that asked for it; a read only waits for its end.
    await this.#reopening?.catch(() => undefined)
    try {
      if (this.#level.status !== 'open' && this.#failed !== undefined) await this.#reopen(this.#failed)
      return await access()
    } catch (error) {
      throw accessFailure(error, this.path)
    }
  }

  async #put(changes: KeyChanges, number: number): Promise<void> {
    // Chained, because per operation it costs less than half of what an array of operations does.
    const batch = this.#level.batch()
    for (const [key, value] of changes) {
      if (value === undefined) batch.del(key)
      else batch.put(key, value)
    }
    batch.put(keys.batch, String(number))
    await batch.write({ sync: true })
  }

  async #contentsOf(wanted: readonly string[]): Promise<KeyChanges> {
    const found = await this.#level.getMany([...wanted])
    return new Map(wanted.map((key, index) => [key, found[index]]))
  }

  #reopen(failed: FailedWrite): Promise<void> {
    this.#reopening ??= this.#closeAndOpen(failed).finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #closeAndOpen(failed: FailedWrite): Promise<void> {
    try {
      const before = failed.before ?? (await this.#contentsOf(failed.keys))
      this.#failed = { ...failed, before }
      await this.#level.close()
      await this.#level.open()
      const number = Number((await this.#level.get(keys.batch)) ?? 0)
      if (number === failed.number) await this.#put(before, failed.number + 1)
      this.#written = Math.max(number, failed.number + 1)
      this.#failed = undefined
    } catch (error) {
      throw openFailure(error, this.path)
    }
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path)
    return bavail * bsize
  }

  async #checkFormat(): Promise<void> {
    const format = await this.#level.get(keys.format)
    if (format === FORMAT) return
    if (format !== undefined) {
      throw new StoreError(
        'corrupt',
        `The data folder ${this.path} has format ${format}, and this broker reads format ${FORMAT}. Start the broker version that wrote it, or name another folder.`,
      )
    }
    const [first] = await this.#level.keys({ limit: 1 }).all()
    if (first !== undefined) {
      throw new StoreError(
        'corrupt',
        `The folder ${this.path} holds a database that is not a broker's. Name another folder.`,
      )
    }
    await this.#level.put(keys.format, FORMAT, { sync: true })
  }
}
