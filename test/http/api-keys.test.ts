import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ApiKeys, createApiKeys } from '../../src/broker/keys/api-keys.ts'
import { openEmbeddedStore } from '../../src/broker/store/embedded-store.ts'
import { type Store, StoreError } from '../../src/broker/store/store.ts'

const TTL_MS = 10_000
const OUTAGE_MS = 60_000

let folder: string
let store: Store
let now: number
/** How often the keys were read, and whether the store answers. */
let reads: number
let isDown: boolean
/** What a read of a key waits for before it hands on what it read. */
let gate: Promise<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-keys-'))
  store = await openEmbeddedStore(
    { kind: 'embedded', path: folder },
    { now: () => now, log: { warn: () => undefined } },
  )
  now = Date.UTC(2026, 10, 21)
  reads = 0
  isDown = false
  gate = Promise.resolve()
})

afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** One process's view of the keys: its own cache over the same store. */
function openKeys(): ApiKeys {
  const watched: Pick<Store, 'get'> = {
    get: async (collection, id) => {
      reads += 1
      if (isDown) throw new StoreError('unavailable', 'the store is down')
      const stored = await store.get(collection, id)
      if (collection === 'keys') await gate
      return stored
    },
  }
  const view = new Proxy(store, {
    get: (target, name) => {
      if (name === 'get') return watched.get
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const bound: unknown = member.bind(target)
      return bound
    },
  })
  return createApiKeys({ store: view, now: () => now, randomBytes, cacheTtlMs: TTL_MS, outageMs: OUTAGE_MS })
}

function withSecret(key: string, secret: string): string {
  return `${key.split('_').slice(0, 2).join('_')}_${secret}`
}

describe('a key', () => {
  it('has the form mqb_<id>_<secret> and lets its holder in', async () => {
    const keys = openKeys()
    const made = await keys.create({ name: 'ci', role: 'operator' })
    expect(made.key).toMatch(/^mqb_[0-9a-z]{8,12}_[A-Za-z0-9_-]{43}$/)
    expect(made.key.split('_')[1]).toBe(made.id)
    expect(await keys.authenticate(made.key)).toEqual({ id: made.id, name: 'ci', role: 'operator' })
  })

  it('is stored as the SHA-256 of its secret and nowhere in the clear', async () => {
    const { key, id } = await openKeys().create({ name: 'ci', role: 'reader' })
    const secret = key.slice(-43)
    const stored = await store.get('keys', id)
    expect(stored?.value).toContain(createHash('sha256').update(secret).digest('base64url'))
    expect(stored?.value).not.toContain(secret)
  })

  it.each([
    ['with another secret', (key: string) => withSecret(key, 'A'.repeat(43))],
    [
      'with a secret one character off',
      (key: string) => key.slice(0, -2) + (key.at(-2) === 'x' ? 'y' : 'x') + key.at(-1),
    ],
    ['cut short', (key: string) => key.slice(0, -1)],
    ['with something after it', (key: string) => `${key}A`],
    ['with another prefix', (key: string) => key.replace('mqb_', 'mqa_')],
    ['with an unknown id', (key: string) => key.replace(/_[0-9a-z]+_/, '_0000000000_')],
    ['that is empty', () => ''],
    ['that is very long', (key: string) => key.repeat(10_000)],
  ])('%s lets nobody in', async (_, spoil) => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    expect(await keys.authenticate(spoil(key))).toBeUndefined()
    expect(await keys.authenticate(key)).toBeDefined()
  })

  it('is listed with the others by age, without its secret', async () => {
    const keys = openKeys()
    const first = await keys.create({ name: 'first', role: 'reader' })
    now += 1
    const second = await keys.create({ name: 'second', role: 'admin' })
    expect(await keys.list()).toEqual([
      { id: first.id, name: 'first', role: 'reader', createdAt: now - 1 },
      { id: second.id, name: 'second', role: 'admin', createdAt: now },
    ])
  })
})

describe('the cache', () => {
  it('reads the store once for a key within the TTL, however often it is used', async () => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    await Promise.all(Array.from({ length: 20 }, () => keys.authenticate(key)))
    now += TTL_MS - 1
    await keys.authenticate(key)
    expect(reads).toBe(1)
    now += 1
    await keys.authenticate(key)
    expect(reads).toBe(2)
  })

  it('reads the store once for an unknown id within the TTL', async () => {
    const keys = openKeys()
    const unknown = `mqb_0000000000_${'A'.repeat(43)}`
    await keys.authenticate(unknown)
    await keys.authenticate(unknown)
    expect(reads).toBe(1)
  })

  it('keeps known keys when somebody guesses thousands of ids', async () => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    await keys.authenticate(key)
    for (let guess = 0; guess < 2500; guess += 1) {
      await keys.authenticate(`mqb_${String(guess).padStart(10, '0')}_${'A'.repeat(43)}`)
    }
    const before = reads
    await keys.authenticate(key)
    expect(reads).toBe(before)
  })

  it('does not let a wrong secret in because the right one was seen', async () => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    await keys.authenticate(key)
    expect(await keys.authenticate(withSecret(key, 'A'.repeat(43)))).toBeUndefined()
  })

  it('lets keys in that it has seen while the store is down, until the outage limit', async () => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    await keys.authenticate(key)
    isDown = true
    now += OUTAGE_MS - 1
    expect(await keys.authenticate(key)).toMatchObject({ name: 'ci' })
    now += TTL_MS
    await expect(keys.authenticate(key)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('asks a store that is down only once per TTL for a key that it has seen', async () => {
    const keys = openKeys()
    const { key } = await keys.create({ name: 'ci', role: 'reader' })
    await keys.authenticate(key)
    isDown = true
    now += TTL_MS
    for (let count = 0; count < 5; count += 1) await keys.authenticate(key)
    expect(reads).toBe(2)
  })

  it('says that the store is down for a key that it has not seen', async () => {
    const { key } = await openKeys().create({ name: 'ci', role: 'reader' })
    isDown = true
    await expect(openKeys().authenticate(key)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a revocation', () => {
  it('counts at once in the process that did it and within the TTL in another', async () => {
    const [here, there] = [openKeys(), openKeys()]
    const { key, id } = await here.create({ name: 'ci', role: 'reader' })
    await Promise.all([here.authenticate(key), there.authenticate(key)])
    await here.revoke(id)
    expect(await here.authenticate(key)).toBeUndefined()
    now += TTL_MS
    expect(await there.authenticate(key)).toBeUndefined()
  })

  it('is not undone by a read of the store that began before it', async () => {
    const keys = openKeys()
    const { key, id } = await keys.create({ name: 'ci', role: 'reader' })
    let open: (() => void) | undefined
    gate = new Promise((resolve) => {
      open = resolve
    })
    const early = keys.authenticate(key)
    await keys.revoke(id)
    open?.()
    await early
    expect(await keys.authenticate(key)).toBeUndefined()
  })

  it('of an unknown key says not_found', async () => {
    await expect(openKeys().revoke('0000000000')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('never takes the last admin key, not even when two processes revoke at once', async () => {
    const [here, there] = [openKeys(), openKeys()]
    const first = await here.create({ name: 'one', role: 'admin' })
    const second = await here.create({ name: 'two', role: 'admin' })
    const results = await Promise.allSettled([here.revoke(first.id), there.revoke(second.id)])
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({ reason: { code: 'invalid_state' } })
    expect((await here.list()).filter((view) => view.role === 'admin')).toHaveLength(1)
  })
})

describe('the first admin key', () => {
  it('is made when there is none, and told once', async () => {
    const keys = openKeys()
    await keys.create({ name: 'a reader', role: 'reader' })
    const made = await keys.ensureAdminKey()
    expect(await keys.authenticate(made?.key ?? '')).toMatchObject({ role: 'admin' })
    expect(await keys.ensureAdminKey()).toBeUndefined()
    expect(await openKeys().ensureAdminKey()).toBeUndefined()
  })

  it('is made by one of two processes that start at once', async () => {
    const made = await Promise.all([openKeys().ensureAdminKey(), openKeys().ensureAdminKey()])
    expect(made.filter((key) => key !== undefined)).toHaveLength(1)
    expect(await openKeys().list()).toHaveLength(1)
  })

  it('is found among more keys than fit on one page of the store', async () => {
    const keys = openKeys()
    await keys.ensureAdminKey()
    await Promise.all(Array.from({ length: 210 }, (_, index) => keys.create({ name: `key ${index}`, role: 'reader' })))
    expect(await keys.list()).toHaveLength(211)
    expect(await keys.ensureAdminKey()).toBeUndefined()
  })
})
