import { chmodSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { describeMissingTools, setup } from './support/required-tools.ts'
import { plantTree } from './support/temporary-tree.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it('names each missing program, what does not run without it, and how to install it', () => {
  using tree = plantTree({
    'bin/chromium': '',
    'bin/dig': '',
    'bin/openssl': '',
    'bin/prlimit': '',
    'other/redis-server': '',
  })
  for (const program of ['chromium', 'dig', 'openssl', 'prlimit']) chmodSync(join(tree.root, 'bin', program), 0o755)
  const path = [join(tree.root, 'absent'), join(tree.root, 'bin'), join(tree.root, 'other')].join(delimiter)
  expect(describeMissingTools(path)).toEqual([
    'redis-server is not on the PATH: the Redis store suites do NOT run. Install it with: apt-get install redis-server',
  ])
})

it('says nothing when every program is there', () => {
  using tree = plantTree({ chromium: '', dig: '', openssl: '', prlimit: '', 'redis-server': '' })
  for (const program of ['chromium', 'dig', 'openssl', 'prlimit', 'redis-server'])
    chmodSync(join(tree.root, program), 0o755)
  expect(describeMissingTools(tree.root)).toEqual([])
})

it('warns loudly on a machine without them, and refuses to start in CI', () => {
  using tree = plantTree({})
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  vi.stubEnv('PATH', tree.root)
  vi.stubEnv('CI', '')
  setup()
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('!!! redis-server is not on the PATH'))
  vi.stubEnv('CI', 'true')
  expect(setup).toThrow('In CI every suite must run')
})
