import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'

/** An append-only file of JSON lines. What `append` returned from is there after a SIGKILL. */
export interface ScopeJournal<Entry> extends Disposable {
  /** Writes one entry. Throws if the disk refuses; then nothing is recorded. */
  append(entry: Entry): void
}

/**
 * What a journal holds, oldest first; nothing where there is none. A last line cut short by a crash was never
 * confirmed to anybody and is left out. Changes nothing.
 *
 * @throws Error naming file and line, where a complete line is not an entry.
 */
export function readJournal<Entry>(path: string, entrySchema: z.ZodType<Entry>): readonly Entry[] {
  const lines = readIfThere(path).split('\n').slice(0, -1)
  return lines.map((line, index) => {
    const entry = entrySchema.safeParse(parseJson(line))
    if (entry.success) return entry.data
    throw new Error(`${path}, line ${index + 1}: not an entry of the lab's journal; delete the file to start afresh`)
  })
}

/**
 * Starts a journal with these entries, replacing what is at `path` atomically. One process at a time: another one
 * that still appends would append to the replaced file.
 */
export function startJournal<Entry>(path: string, entries: Iterable<Entry>): ScopeJournal<Entry> {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(`${path}.new`, 'w', 0o600)
  let length = writeWhole(file, [...entries].map(toLine).join(''))
  fsyncSync(file)
  renameSync(`${path}.new`, path)
  return {
    append(entry) {
      try {
        length += writeWhole(file, toLine(entry), length)
      } catch (error) {
        // Half a line in the middle would make the whole file unreadable at the next start.
        ftruncateSync(file, length)
        throw error
      }
    },
    [Symbol.dispose]() {
      closeSync(file)
    },
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function toLine(entry: unknown): string {
  return `${JSON.stringify(entry)}\n`
}

/** Returns how many bytes it wrote: all of them. */
function writeWhole(file: number, text: string, position = 0): number {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, position + written)
  return bytes.length
}
