import { write, writeSync } from 'node:fs'

/** Takes whole lines and writes them behind the caller's back. Never throws and never waits, whatever the file does. */
export interface LogWriter {
  write(line: string): void
  /** The same a little later, together with other lines: one call to the system costs more than many lines. */
  writeSoon(line: string): void
  /** Writes what is held back now, as far as the file takes it. */
  flush(): void
}

/** How bytes get into the file: as `write` and `writeSync` of `node:fs` do it. */
export interface LogFile {
  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void
  writeSync(bytes: Buffer): number
}

/** An open file, pipe or terminal. */
export function logFile(fd: number): LogFile {
  return {
    write: (bytes, done) => write(fd, bytes, done),
    writeSync: (bytes) => writeSync(fd, bytes),
  }
}

/** Held back at most, while a disk is full or a reader is slow. */
const MAX_HELD_BYTES = 4 * 1024 * 1024
const RETRY_MS = 500
const SOON_MS = 20

/**
 * Writes to a file. A full disk or a reader that went away must not end or halt the broker, which the writer
 * that comes with pino would do: lines that find no room are dropped, and counted in a line once there is room again.
 */
export function createLogWriter(file: LogFile, retryMs = RETRY_MS): LogWriter {
  let lines: string[] = []
  let heldBytes = 0
  let lost = 0
  /** Taken from `lines` and not written, or written in part. */
  let rest: Buffer = Buffer.alloc(0)
  let isBusy = false
  /** Whether one of `lines` cannot wait. */
  let isDue = false
  let soon: NodeJS.Timeout | undefined

  function takeUp(): void {
    if (rest.length > 0) return
    if (lost > 0) lines.push(`${JSON.stringify({ level: 40, event: 'log.lines_lost', lines: lost })}\n`)
    lost = 0
    rest = Buffer.from(lines.join(''))
    lines = []
    heldBytes = 0
    isDue = false
  }

  function next(): void {
    takeUp()
    isBusy = rest.length > 0
    if (!isBusy) return
    const chunk = rest
    rest = Buffer.alloc(0)
    file.write(chunk, (error, written) => {
      rest = Buffer.concat([chunk.subarray(error === null ? written : 0), rest])
      if (error !== null) setTimeout(next, retryMs).unref()
      else if (rest.length > 0 || isDue || lost > 0) next()
      else {
        isBusy = false
        if (lines.length > 0) later()
      }
    })
  }

  function later(): void {
    soon ??= setTimeout(() => {
      soon = undefined
      if (!isBusy) next()
    }, SOON_MS)
  }

  function hold(line: string): boolean {
    if (heldBytes + line.length > MAX_HELD_BYTES) {
      lost += 1
      return false
    }
    lines.push(line)
    heldBytes += line.length
    return true
  }

  return {
    write(line) {
      if (!hold(line)) return
      isDue = true
      if (!isBusy) next()
    },
    writeSoon(line) {
      if (hold(line) && !isBusy) later()
    },
    flush() {
      try {
        for (takeUp(); rest.length > 0; takeUp()) rest = rest.subarray(file.writeSync(rest))
      } catch {
        // Nobody can be told: this was the way to tell.
      }
    },
  }
}
