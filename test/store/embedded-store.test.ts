import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { storeConformance } from '../conformance/store.ts'
import { event, put } from '../conformance/store-changes.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import { type EmbeddedFolder, openEmbedded, openEmbeddedFolder } from './embedded-folder.ts'

storeConformance({ name: 'the embedded store', open: openEmbeddedFolder })

describe('the data folder of an embedded store', () => {
  let folder: EmbeddedFolder
  beforeEach(async () => {
    folder = await openEmbeddedFolder()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await folder[Symbol.asyncDispose]()
  })

  it('is refused to a second process while the first one lives, by name', async () => {
    await folder.close()
    const writer = fileURLToPath(new URL('commit-writer.ts', import.meta.url))
    const other = spawn(process.execPath, ['--import', 'tsx', writer, JSON.stringify(folder.options), '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(other, 'exit')
    await once(other.stdout, 'data')
    const error = await storeErrorOf(openEmbedded(folder.path))
    expect(error.code).toBe('locked')
    expect(error.message).toContain(folder.path)
    expect(error.message).toContain('another process')
    expect(error.message).toContain('Stop that one')
    other.kill('SIGKILL')
    await exited
    await folder.reopen()
    await folder.store.ping()
  })

  it('is refused a second time in one process, too, and stays usable to the first', async () => {
    expect((await storeErrorOf(openEmbedded(folder.path))).code).toBe('locked')
    expect(await folder.store.commit([put('a', '1')])).toEqual([1])
  })

  it('is made when it is not there, for its owner only', async () => {
    const path = join(folder.path, 'new', 'folder')
    const store = await openEmbedded(path)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    await store[Symbol.asyncDispose]()
  })

  it('cannot be a file', async () => {
    const path = join(folder.path, 'file')
    await writeFile(path, '')
    const error = await storeErrorOf(openEmbedded(path))
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain(path)
  })

  it('is refused when it has another format, which both versions are told of', async () => {
    await folder.withDatabase((database) => database.put('m!format', '2'))
    const error = await storeErrorOf(openEmbedded(folder.path))
    expect(error.code).toBe('corrupt')
    expect(error.message).toContain(folder.path)
    expect(error.message).toMatch(/format 2.*format 1/)
    await folder.withDatabase((database) => database.put('m!format', '1'))
    await folder.reopen()
  })

  it('is refused when its database is not one of ours, and is left as it is', async () => {
    await folder.store.commit([put('a', '1')])
    await folder.withDatabase((database) => database.del('m!format'))
    expect((await storeErrorOf(openEmbedded(folder.path))).code).toBe('corrupt')
    await folder.withDatabase(async (database) => expect(await database.get('m!format')).toBeUndefined())
  })

  it('is refused when LevelDB cannot make sense of it', async () => {
    await folder.close()
    await writeFile(join(folder.path, 'CURRENT'), 'nonsense')
    const error = await storeErrorOf(openEmbedded(folder.path))
    expect(error.code).toBe('corrupt')
    expect(error.message).toContain(folder.path)
  })

  it('with a damaged record names it, never gives it out, and gives out the others', async () => {
    await folder.store.commit([put('good', '1'), put('bad', '{"primary":"a"}'), event('log', 'bad event')])
    await folder.withDatabase(async (database) => {
      const text = (await database.get('r!scopes!bad')) ?? ''
      await database.put('r!scopes!bad', text.replace('"a"', '"b"'))
      const key = 'e!3:log!0000000000000001'
      await database.put(key, `${await database.get(key)}!`)
    })
    const store = await folder.reopen()
    const calls = [store.get('scopes', 'bad'), store.list('scopes', { limit: 9 }), store.commit([put('bad', '1')])]
    for (const error of await Promise.all(calls.map(storeErrorOf))) {
      expect(error.code).toBe('corrupt')
      expect(error.message).toContain('r!scopes!bad')
      expect(error.message).toContain(folder.path)
    }
    expect((await storeErrorOf(store.readEvents('log', { limit: 9 }))).code).toBe('corrupt')
    expect((await store.get('scopes', 'good'))?.value).toBe('1')
    expect(await store.commit([put('good', '2')])).toEqual([2])
  })

  it('with a flipped bit in a table never gives out what was not put in', async () => {
    const value = 'the primary is provider number 1, '.repeat(40)
    await folder.store.commit([put('a', value)])
    await folder.reopen()
    await folder.close()
    const tables = (await readdir(folder.path)).filter((name) => name.endsWith('.ldb'))
    expect(tables).not.toEqual([])
    for (const name of tables) {
      const path = join(folder.path, name)
      const bytes = await readFile(path)
      const at = bytes.indexOf('provider')
      if (at === -1) continue
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      await chmod(path, 0o600)
      await writeFile(path, bytes)
    }
    expect((await storeErrorOf((await folder.reopen()).get('scopes', 'a'))).code).toBe('corrupt')
  })

  it('is swept of records that have run out, and of those only', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const store = await folder.reopen()
    const brief = { kind: 'put', collection: 'idempotency', expect: 'any', ttlMs: 1_000, value: '1' } as const
    await store.commit([
      { ...brief, id: 'gone' },
      { ...brief, id: 'longer', ttlMs: 90_000 },
      { ...brief, id: 'kept after all' },
      put('kept after all', '2', 'any', 'idempotency'),
      { ...brief, id: 'begun anew' },
    ])
    await folder.elapse(1_000)
    await store.commit([put('begun anew', '2', 'absent', 'idempotency')])
    vi.advanceTimersByTime(30_000)
    await vi.waitFor(async () => {
      // Closing waits for what the sweep has begun; reading past it shows what is left on the disk.
      const left: string[] = []
      await folder.withDatabase(async (database) => {
        left.push(...(await database.keys({ gte: 'r!', lt: 'y' }).all()))
      })
      await folder.reopen()
      vi.advanceTimersByTime(30_000)
      expect(left).toEqual([
        'r!idempotency!begun anew',
        'r!idempotency!kept after all',
        'r!idempotency!longer',
        'x!0001700000090000!r!idempotency!longer',
      ])
    })
  })

  it('gives no lease of a former process precedence', async () => {
    await folder.store.acquireLease('job', 'former', 600_000)
    const store = await folder.reopen()
    expect(await store.acquireLease('job', 'next', 600_000)).toEqual({ name: 'job', holder: 'next', token: 2 })
  })
})
