import { appendFile, rename, stat } from 'node:fs/promises'
import type { DecisionRecord } from '../../routing/replay/record-schema.ts'
import type { Log } from '../log.ts'

/** A sample of decisions: the latest in memory, all of them in a file if one is configured. */
export interface DecisionLog extends AsyncDisposable {
  /** Whether the decision at hand is one of the sample. */
  wants(): boolean
  add(record: DecisionRecord): void
  /** The latest last. */
  recent(): readonly DecisionRecord[]
}

export interface DecisionLogOptions {
  /** Share of decisions, 0 to 1. */
  readonly sample: number
  /** How many are kept in memory. */
  readonly remember: number
  readonly file?: string
  /** Beyond this the file is put aside as `FILE.1`. */
  readonly maxBytes: number
  readonly random: () => number
  readonly log: Log
}

/** Records that wait for a slow disk; more are dropped. */
const MAX_WAITING = 1_000
/** A provider with thousands of capacity limits makes records that nobody wants by the million. */
const MAX_RECORD_LENGTH = 65_536

export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { sample, remember, file, maxBytes, random, log } = options
  const latest: DecisionRecord[] = []
  let waiting: string[] = []
  let dropped = 0
  let writing: Promise<void> | undefined
  let failed = false

  async function write(path: string): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      try {
        const size = await stat(path).then(
          (found) => found.size,
          () => 0,
        )
        if (size >= maxBytes) await rename(path, `${path}.1`)
        await appendFile(path, lines.join(''), { mode: 0o600 })
        failed = false
      } catch (error) {
        dropped += lines.length
        if (!failed)
          log('decision_log.failed', { file: path, error: error instanceof Error ? error.message : 'unknown' })
        failed = true
      }
    }
    if (dropped > 0) log('decision_log.dropped', { records: dropped })
    dropped = 0
    writing = undefined
  }

  return {
    wants: () => sample > 0 && (sample >= 1 || random() < sample),
    add(record) {
      if (remember > 0) {
        if (latest.length >= remember) latest.shift()
        latest.push(record)
      }
      if (file === undefined) return
      const text = `${JSON.stringify(record)}\n`
      if (waiting.length >= MAX_WAITING || text.length > MAX_RECORD_LENGTH) dropped++
      else waiting.push(text)
      writing ??= write(file)
    },
    recent: () => [...latest],
    async [Symbol.asyncDispose]() {
      await writing
    },
  }
}
