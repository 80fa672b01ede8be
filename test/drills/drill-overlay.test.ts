import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDrillOverlay } from '../../src/broker/drills/drill-overlay.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store, StoreError } from '../../src/broker/store/store.ts'
import { defined } from '../support/defined.ts'

const TTL_MS = 5_000
const entry = { drill: 'drill-1', provider: 'cdn-a' }

let folder: string
let store: Store
let time: number

const now = (): number => time
const overlay = () => createDrillOverlay({ store, ttlMs: TTL_MS, now })
const lease = async () => defined(await store.acquireLease('drill', 'somebody', 60_000))

beforeEach(async () => {
  time = 1_800_000_000_000
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-overlay-'))
  store = await openStore({ kind: 'embedded', path: folder }, { now, log: { warn: () => {} } })
})

afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe('the drill overlay', () => {
  it('names the drill that has taken a provider out, and nobody else', async () => {
    const own = overlay()
    expect(own.drilled('cdn-a')).toBeUndefined()
    await own.take(entry, await lease())
    expect(own.drilled('cdn-a')).toBe('drill-1')
    expect(own.drilled('cdn-b')).toBeUndefined()
  })

  it('reaches other replicas when they look', async () => {
    const [own, other] = [overlay(), overlay()]
    await own.take(entry, await lease())
    expect(other.drilled('cdn-a')).toBeUndefined()
    await other.refresh()
    expect(other.drilled('cdn-a')).toBe('drill-1')
    await own.clear('drill-1')
    await other.refresh()
    expect(other.drilled('cdn-a')).toBeUndefined()
  })

  it('dies everywhere when it is not renewed, also while the store is away', async () => {
    const [own, other, cutOff] = [overlay(), overlay(), overlay()]
    await own.take(entry, await lease())
    await other.refresh()
    await cutOff.refresh()
    time += TTL_MS
    expect(own.drilled('cdn-a')).toBeUndefined()
    expect(cutOff.drilled('cdn-a')).toBeUndefined()
    await other.refresh()
    expect(other.drilled('cdn-a')).toBeUndefined()
  })

  it('lives on while it is renewed', async () => {
    const own = overlay()
    const held = await lease()
    for (let renewal = 0; renewal < 4; renewal += 1) {
      await own.take(entry, held)
      time += TTL_MS - 1
      expect(own.drilled('cdn-a')).toBe('drill-1')
    }
  })

  it('cannot be taken without the newest lease', async () => {
    const old = await lease()
    await lease()
    await expect(overlay().take(entry, old)).rejects.toMatchObject({ code: 'fenced' } satisfies Partial<StoreError>)
  })

  it('does not let go of what another drill has taken out', async () => {
    const own = overlay()
    await own.take({ drill: 'drill-2', provider: 'cdn-b' }, await lease())
    await own.clear('drill-1')
    await own.refresh()
    expect(own.drilled('cdn-b')).toBe('drill-2')
  })
})
