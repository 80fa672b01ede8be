import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ApiKeys, createApiKeys } from '../../src/broker/keys/api-keys.ts'
import { withFixedKeys } from '../../src/broker/keys/fixed-keys.ts'
import { openEmbeddedStore } from '../../src/broker/store/embedded-store.ts'
import { plantTree } from '../support/temporary-tree.ts'

const TTL_MS = 10_000

/** Two processes over one store. */
async function twoProcesses() {
  const tree = plantTree({})
  const clock = { now: 0 }
  const now = (): number => clock.now
  const store = await openEmbeddedStore({ kind: 'embedded', path: tree.root }, { now, log: { warn: () => undefined } })
  const open = (): ApiKeys => createApiKeys({ store, now, randomBytes, cacheTtlMs: TTL_MS })
  return {
    clock,
    here: open(),
    elsewhere: open(),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      tree[Symbol.dispose]()
    },
  }
}

describe('a key known by heart', () => {
  it('is one that was authenticated, whole', async () => {
    await using world = await twoProcesses()
    const { key, id } = await world.here.create({ name: 'a', role: 'reader' })
    expect(world.here.recall(key)).toBeUndefined()
    await world.here.authenticate(key)
    expect(world.here.recall(key)).toEqual({ id, name: 'a', role: 'reader' })
    expect(world.here.recall(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined()
  })

  it('is forgotten at once by the process that revokes it', async () => {
    await using world = await twoProcesses()
    const { key, id } = await world.here.create({ name: 'a', role: 'reader' })
    await world.here.authenticate(key)
    await world.here.revoke(id)
    expect(world.here.recall(key)).toBeUndefined()
  })

  it('is forgotten within the cache’s lifetime by others', async () => {
    await using world = await twoProcesses()
    const { key, id } = await world.here.create({ name: 'a', role: 'reader' })
    await world.elsewhere.authenticate(key)
    await world.here.revoke(id)
    world.clock.now = TTL_MS - 1
    expect(world.elsewhere.recall(key)).toBeDefined()
    world.clock.now = TTL_MS
    expect(world.elsewhere.recall(key)).toBeUndefined()
    expect(await world.elsewhere.authenticate(key)).toBeUndefined()
    expect(world.elsewhere.recall(key)).toBeUndefined()
  })

  it('is also one that the configuration names', async () => {
    await using world = await twoProcesses()
    const keys = withFixedKeys(world.here, [{ name: 'ops', role: 'admin', key: 'a-key-of-the-configuration' }])
    expect(keys.recall('a-key-of-the-configuration')).toBeUndefined()
    await keys.authenticate('a-key-of-the-configuration')
    expect(keys.recall('a-key-of-the-configuration')).toEqual({ id: 'config:ops', name: 'ops', role: 'admin' })
  })
})
