import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'

const run = promisify(execFile)
const journey = (...args: readonly string[]) =>
  run(process.execPath, ['--import', 'tsx', 'test/support/moq-journey.ts', ...args], { timeout: 20_000 })

describe('a process that has closed its relays and sessions', () => {
  it('ends by itself, having printed nothing of the MoQ libraries when they are muted', async () => {
    expect(await journey('muted')).toEqual({ stdout: 'journey done\n', stderr: '' })
  }, 30_000)

  it('has let no token out even when the MoQ libraries are loud', async () => {
    const { stdout, stderr } = await journey()
    expect(stdout).toContain('announced: broadcast=moq-broker/canary')
    expect(stdout + stderr).not.toContain('secret')
  }, 30_000)
})

describe('muteMoqLibraries', () => {
  it('passes on what others print, and gives the console back', () => {
    const printed: unknown[][] = []
    const print = (...values: unknown[]): void => {
      printed.push(values)
    }
    const target = { debug: print, info: print, warn: print, error: print }
    const restore = muteMoqLibraries(target)
    expect(target.warn).not.toBe(print)
    target.debug('one', 1)
    target.error('two')
    restore()
    expect(target).toEqual({ debug: print, info: print, warn: print, error: print })
    expect(printed).toEqual([['one', 1], ['two']])
  })
})
