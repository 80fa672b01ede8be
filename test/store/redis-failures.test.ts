import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store, StoreError } from '../../src/broker/store/store.ts'
import { event, put } from '../conformance/store-changes.ts'
import { everythingShownBy } from '../support/adapter-errors.ts'
import { freePort } from '../support/free-ports.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { startReplyDroppingProxy } from '../support/reply-dropping-proxy.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import { plantTree, type TemporaryTree } from '../support/temporary-tree.ts'
import { eventually, openRedis, type Warning } from './redis-under-test.ts'

const TIMEOUT_MS = 400
/** What a call may take on a machine that has other things to do. */
const SLACK_MS = 4_000

async function expectUnavailable(call: Promise<unknown>): Promise<StoreError> {
  const began = performance.now()
  const error = await storeErrorOf(call)
  expect(error.code).toBe('unavailable')
  expect(performance.now() - began).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  return error
}

describeRedis('a Redis store whose server', () => {
  let folder: TemporaryTree
  let server: RedisServer
  let redis: Redis
  let store: Store
  const opened: AsyncDisposable[] = []

  /** A server of its own and a store on it; all of it ends with the test. */
  async function start(args: readonly string[] = []): Promise<void> {
    server = await startRedisServer({ dir: folder.root, port: await freePort(), args })
    opened.push(server)
    redis = new Redis(server.port, '127.0.0.1', { lazyConnect: true })
    redis.on('error', () => {})
    store = await openRedis({ url: server.url, timeoutMs: TIMEOUT_MS })
    opened.push(store)
  }

  beforeEach(() => {
    folder = plantTree({})
  })
  afterEach(async () => {
    redis?.disconnect()
    for (const resource of opened.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('stands still gives up each call in time, says what is unknown, and goes on when the server does', async () => {
    await start()
    await store.commit([put('a', '1')])
    server.pause()
    const [commit, get] = await Promise.all([
      expectUnavailable(store.commit([put('a', '2')])),
      expectUnavailable(store.get('scopes', 'a')),
    ])
    expect(commit.message).toContain('unknown whether')
    expect(commit.message).toContain(`127.0.0.1:${server.port}`)
    expect(get.message).not.toContain('unknown whether')
    server.resume()
    expect((await eventually(() => store.get('scopes', 'a')))?.id).toBe('a')
  })

  it('is gone fails at once after a while, and is found again', async () => {
    await start(['--appendonly', 'yes'])
    await store.commit([put('a', '1')])
    await server.kill()
    await expectUnavailable(store.get('scopes', 'a'))
    const began = performance.now()
    for (let n = 0; n < 20; n += 1) await storeErrorOf(store.commit([put('given up', String(n))]))
    expect(performance.now() - began).toBeLessThan(20 * TIMEOUT_MS)
    opened.push(await startRedisServer({ dir: folder.root, port: server.port, args: ['--appendonly', 'yes'] }))
    expect((await eventually(() => store.get('scopes', 'a')))?.value).toBe('1')
    expect(await store.commit([put('a', '2')])).toEqual([2])
    expect(await store.get('scopes', 'given up'), 'a change that was given up must not be made later').toBeUndefined()
  })

  it('comes back within the time limit is waited for', async () => {
    await start(['--appendonly', 'yes'])
    const patient = await openRedis({ url: server.url, timeoutMs: 10_000 })
    opened.push(patient)
    await patient.commit([put('a', '1')])
    await server.kill()
    const calls = [patient.commit([put('b', '1', 'absent')]), patient.get('scopes', 'a')] as const
    opened.push(await startRedisServer({ dir: folder.root, port: server.port, args: ['--appendonly', 'yes'] }))
    expect(await Promise.all(calls)).toEqual([[1], { id: 'a', revision: 1, value: '1' }])
  })

  it('answers into a broken connection leaves a change unknown, makes it once, and is asked anew for a record', async () => {
    await start()
    const proxy = await startReplyDroppingProxy(server.port)
    opened.push(proxy)
    const behind = await openRedis({ url: `redis://127.0.0.1:${proxy.port}`, timeoutMs: 10_000 })
    opened.push(behind)
    await behind.commit([put('warm', '1')])
    proxy.dropNextReply()
    const error = await storeErrorOf(behind.commit([put('a', '1'), event('log', '1')]))
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain('unknown whether')
    expect(await behind.get('scopes', 'a')).toEqual({ id: 'a', revision: 1, value: '1' })
    expect(await behind.readEvents('log', { limit: 9 })).toHaveLength(1)
    proxy.dropNextReply()
    expect((await behind.get('scopes', 'a'))?.revision).toBe(1)
  })

  it('never was there is not opened', async () => {
    const port = await freePort()
    const error = await expectUnavailable(openRedis({ url: `redis://127.0.0.1:${port}`, timeoutMs: TIMEOUT_MS }))
    expect(error.message).toContain(`127.0.0.1:${port}`)
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('has reached its memory limit refuses as full and writes nothing of the commit', async () => {
    await start(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction'])
    const text = 'x'.repeat(100_000)
    let refusal: StoreError | undefined
    for (let n = 0; refusal === undefined; n += 1) {
      refusal = await storeErrorOf(
        store
          .commit([event('numbers', String(n)), put(`n-${n}`, text), put(`n-${n}`, text, 'any', 'keys')])
          .then(() => {
            throw new Error('written')
          }),
      ).catch(() => undefined)
    }
    expect(refusal.code).toBe('full')
    expect(refusal.message).toContain('maxmemory')
    const events = await store.readEvents('numbers', { limit: 1_000 })
    expect(await store.list('scopes', { limit: 1_000 })).toHaveLength(events.length)
    expect(await store.list('keys', { limit: 1_000 })).toHaveLength(events.length)
    expect(events.length).toBeGreaterThan(3)
  })

  it('cannot save its data says that and what the server said', async () => {
    await start(['--save', '3600', '1'])
    await mkdir(join(folder.root, 'dump.rdb'))
    await writeFile(join(folder.root, 'dump.rdb', 'in-the-way'), '')
    await store.commit([put('a', '1')])
    await redis.bgsave()
    await eventually(async () => expect(await redis.info('persistence')).toContain('rdb_last_bgsave_status:err'))
    const error = await expectUnavailable(store.commit([put('a', '2')]))
    expect(error.message).toContain('MISCONF')
    expect(error.message).toContain('Nothing was written')
    expect((await store.get('scopes', 'a'))?.value).toBe('1')
  })

  it('is a read-only replica refuses changes and still answers', async () => {
    await start()
    await store.commit([put('a', '1')])
    await redis.replicaof('127.0.0.1', await freePort())
    const error = await expectUnavailable(store.commit([put('a', '2')]))
    expect(error.message).toContain('READONLY')
    expect(error.message).not.toContain('unknown whether')
    expect((await eventually(() => store.get('scopes', 'a')))?.value).toBe('1')
    await redis.replicaof('NO', 'ONE')
    expect(await eventually(() => store.commit([put('a', '3')]))).toEqual([2])
  })

  it('wants another password says so and shows none', async () => {
    await start()
    await redis.config('SET', 'requirepass', 'correct-secret')
    for (const url of [`redis://:wrong-secret@127.0.0.1:${server.port}`, server.url]) {
      const error = await storeErrorOf(openRedis({ url, timeoutMs: TIMEOUT_MS }))
      expect(error.code).toBe('unavailable')
      expect(error.message).toMatch(/WRONGPASS|NOAUTH/)
      expect(everythingShownBy(error)).not.toContain('secret')
    }
    for (const right of [
      { url: `redis://:correct-secret@127.0.0.1:${server.port}/0` },
      { url: `redis://default:wrong@127.0.0.1:${server.port}`, username: 'default', password: 'correct-secret' },
    ]) {
      const other = await openRedis(right)
      opened.push(other)
      await other.ping()
    }
  })

  it('holds something else under the prefix is called corrupt', async () => {
    await start()
    await redis.set('{test}:index:scopes', 'foreign')
    expect((await storeErrorOf(store.list('scopes', { limit: 9 }))).code).toBe('corrupt')
    await redis.set('{test}:record:keys:a', 'foreign')
    const calls = [store.get('keys', 'a'), store.commit([put('a', '1', 'any', 'keys')])]
    for (const error of await Promise.all(calls.map(storeErrorOf))) {
      expect(error.code).toBe('corrupt')
      expect(error.message).toMatch(/record \S*a is damaged/)
    }
  })

  it('has thrown a record away is called corrupt when the record is listed', async () => {
    await start()
    await store.commit([put('a', '1'), put('b', '1')])
    await redis.del('{test}:record:scopes:a')
    const error = await storeErrorOf(store.list('scopes', { limit: 9 }))
    expect(error.code).toBe('corrupt')
    expect(error.message).toMatch(/record a .*noeviction/)
  })

  it('holds another format is not opened', async () => {
    await start()
    await redis.set('{test}:format', '2')
    const error = await storeErrorOf(openRedis({ url: server.url }))
    expect(error.code).toBe('corrupt')
    expect(error.message).toMatch(/format 2.*format 1/)
  })

  it('will forget what it was given is warned of at the start', async () => {
    await start(['--maxmemory-policy', 'allkeys-lru'])
    const warnings: Warning[] = []
    opened.push(await openRedis({ url: server.url }, warnings))
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('append-only'),
      expect.stringContaining('noeviction'),
    ])
  })

  it('forgets nothing is not warned of', async () => {
    await start(['--appendonly', 'yes'])
    const warnings: Warning[] = []
    opened.push(await openRedis({ url: server.url }, warnings))
    expect(warnings).toEqual([])
  })
})

describe('the options of a Redis store', () => {
  it.each([
    'http://:hidden-secret@127.0.0.1',
    'redis://:hidden-secret@',
    'not a url hidden-secret',
    'redis://:hidden-secret@127.0.0.1/database',
  ])('are refused for the URL %j without quoting it', async (url) => {
    const error = await storeErrorOf(openRedis({ url }))
    expect(error.code).toBe('unavailable')
    expect(error.message).toContain('redis://[user[:password]@]host')
    expect(everythingShownBy(error)).not.toContain('hidden-secret')
  })

  it.each(['', 'a{b}', 'a b'])('are refused for the prefix %j', async (prefix) => {
    const error = await storeErrorOf(openRedis({ url: 'redis://127.0.0.1', prefix }))
    expect(error.message).toContain('prefix')
  })
})
