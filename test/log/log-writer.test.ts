import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogWriter, type LogFile, logFile } from '../../src/broker/log-writer.ts'
import { plantTree, type TemporaryTree } from '../support/temporary-tree.ts'

/** A file that answers when it is told to, and takes only so much at once. */
class SlowFile implements LogFile {
  text = ''
  isFull = false
  mostAtOnce = Number.POSITIVE_INFINITY
  #waiting: (() => void) | undefined

  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    this.#waiting = () => {
      if (this.isFull) return done(new Error('ENOSPC: no space left on device, write'), 0)
      done(null, this.writeSync(bytes))
    }
  }

  writeSync(bytes: Buffer): number {
    if (this.isFull) throw new Error('ENOSPC: no space left on device, write')
    const taken = bytes.subarray(0, this.mostAtOnce)
    this.text += taken.toString('utf8')
    return taken.length
  }

  answer(): void {
    const answer = this.#waiting
    this.#waiting = undefined
    answer?.()
  }
}

describe('a log writer', () => {
  let tree: TemporaryTree
  beforeEach(() => {
    tree = plantTree({})
  })
  afterEach(() => {
    tree[Symbol.dispose]()
    vi.useRealTimers()
  })

  it('writes every line in its order, those held back at the end by flushing', async () => {
    const path = join(tree.root, 'log')
    const fd = openSync(path, 'a')
    const writer = createLogWriter(logFile(fd))
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index} of the log\n`)
    for (const line of lines.slice(0, 250)) writer.write(line)
    await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toBe(lines.slice(0, 250).join('')))
    for (const line of lines.slice(250)) writer.write(line)
    writer.flush()
    await vi.waitFor(() =>
      expect(readFileSync(path, 'utf8').split('\n').sort()).toEqual(lines.join('').split('\n').sort()),
    )
    closeSync(fd)
  })

  it('goes on where the file took a part only', () => {
    const file = new SlowFile()
    file.mostAtOnce = 5
    const writer = createLogWriter(file)
    writer.write('a first line\n')
    writer.write('and the second\n')
    for (let round = 0; round < 10; round += 1) file.answer()
    expect(file.text).toBe('a first line\nand the second\n')
  })

  it('gathers lines that can wait, and writes them before those that cannot', () => {
    vi.useFakeTimers()
    const file = new SlowFile()
    const writer = createLogWriter(file)
    writer.writeSoon('one\n')
    writer.writeSoon('two\n')
    file.answer()
    expect(file.text).toBe('')
    vi.advanceTimersByTime(20)
    file.answer()
    expect(file.text).toBe('one\ntwo\n')
    writer.writeSoon('three\n')
    writer.write('four\n')
    file.answer()
    expect(file.text).toBe('one\ntwo\nthree\nfour\n')
    writer.writeSoon('five\n')
    writer.flush()
    expect(file.text).toBe('one\ntwo\nthree\nfour\nfive\n')
  })

  it('gathers them also while others are being written', () => {
    vi.useFakeTimers()
    const file = new SlowFile()
    const writer = createLogWriter(file)
    writer.write('zero\n')
    writer.writeSoon('one\n')
    file.answer()
    file.answer()
    expect(file.text).toBe('zero\n')
    writer.writeSoon('two\n')
    vi.advanceTimersByTime(20)
    writer.write('three\n')
    writer.writeSoon('four\n')
    file.answer()
    expect(file.text).toBe('zero\none\ntwo\n')
    file.answer()
    expect(file.text).toBe('zero\none\ntwo\nthree\nfour\n')
  })

  it('holds lines back while there is no space, drops what is too much, and says later how much that was', () => {
    vi.useFakeTimers()
    const file = new SlowFile()
    file.isFull = true
    const writer = createLogWriter(file, 100)
    const line = `${'x'.repeat(1_000_000)}\n`
    for (let count = 0; count < 7; count += 1) writer.write(line)
    file.answer()
    writer.flush()
    expect(file.text).toBe('')
    file.isFull = false
    for (let round = 0; round < 4; round += 1) {
      vi.advanceTimersByTime(100)
      file.answer()
    }
    const [last, ...kept] = file.text.trimEnd().split('\n').reverse()
    expect(kept).toHaveLength(5)
    expect(JSON.parse(last ?? '')).toMatchObject({ event: 'log.lines_lost', lines: 2 })
  })

  it.runIf(existsSync('/dev/full'))('neither throws nor waits when a real file takes nothing', () => {
    const fd = openSync('/dev/full', 'w')
    const writer = createLogWriter(logFile(fd))
    writer.write('a line\n')
    writer.flush()
    writer.write('another line\n')
    writer.flush()
    closeSync(fd)
  })
})
