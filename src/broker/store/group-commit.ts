/** New contents by key; `undefined` deletes. */
export type KeyChanges = ReadonlyMap<string, string | undefined>

/** One atomic change: what it looks at, and what it makes of what it finds. */
export interface Write<T> {
  /** Keys that `evaluate` reads. */
  readonly keys: readonly string[]
  /** Throws where the change must be refused; then nothing of it is written. */
  evaluate(read: (key: string) => string | undefined): { readonly changes: KeyChanges; readonly result: T }
}

/** The database below: reads and writes of several keys at once. */
export interface GroupTarget {
  readMany(keys: readonly string[]): Promise<(string | undefined)[]>
  /** Atomic and durable when it resolves. */
  write(changes: KeyChanges): Promise<void>
}

/** Bounds how long one group can take, and so how long the commits behind it wait. */
const MAX_GROUP = 512

interface Waiting {
  readonly keys: readonly string[]
  /** Adds the write's changes to `pending`. Returns what answers its caller once the group is on disk. */
  evaluate(pending: Map<string, string | undefined>, stored: KeyChanges): () => void
  fail(error: unknown): void
}

/**
 * Writes in groups: everything that arrives while a group is on its way to the disk becomes the next group, so that
 * many callers share one flush. Each write is evaluated in order of arrival on top of those before it.
 */
export class GroupCommit {
  readonly #target: GroupTarget
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(target: GroupTarget) {
    this.#target = target
  }

  /** Resolves when the write is on disk. Rejects with what `evaluate` or the target threw. */
  submit<T>(write: Write<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        keys: write.keys,
        evaluate: (pending, stored) => {
          const { changes, result } = write.evaluate((key) => (pending.has(key) ? pending.get(key) : stored.get(key)))
          for (const [key, value] of changes) pending.set(key, value)
          return () => resolve(result)
        },
        fail: reject,
      })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing is waiting. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // A turn of the microtask queue, so that commits made together form one group from the start.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, MAX_GROUP)
      this.#waiting = this.#waiting.slice(MAX_GROUP)
      await this.#write(group)
    }
    this.#running = undefined
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const wanted = [...new Set(group.flatMap((write) => write.keys))]
      const found = await this.#target.readMany(wanted)
      const stored = new Map(wanted.map((key, index) => [key, found[index]]))
      const pending = new Map<string, string | undefined>()
      const answers = group.map((write) => evaluated(write, pending, stored))
      if (pending.size > 0) await this.#target.write(pending)
      // A refusal may rest on an earlier write of the same group, so it too is only true once that one is on disk.
      for (const answer of answers) answer()
    } catch (error) {
      for (const write of group) write.fail(error)
    }
  }
}

function evaluated(write: Waiting, pending: Map<string, string | undefined>, stored: KeyChanges): () => void {
  try {
    return write.evaluate(pending, stored)
  } catch (error) {
    return () => write.fail(error)
  }
}
