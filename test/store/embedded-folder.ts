import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import type { StoreUnderTest } from '../conformance/store.ts'

/** An embedded store in a temporary folder, with a clock that stands until it is moved. */
export interface EmbeddedFolder extends StoreUnderTest {
  readonly path: string
  /** The database itself, while the store is closed. */
  withDatabase(use: (database: ClassicLevel) => Promise<void>): Promise<void>
}

const log = { warn: () => {} }

export function openEmbedded(path: string): Promise<Store> {
  return openStore({ kind: 'embedded', path }, { now: () => 1_700_000_000_000, log })
}

export async function openEmbeddedFolder(): Promise<EmbeddedFolder> {
  const path = await mkdtemp(join(tmpdir(), 'moq-broker-store-'))
  const options = { kind: 'embedded', path } as const
  let time = 1_700_000_000_000
  const deps = { now: () => time, log }
  let store = await openStore(options, deps)
  return {
    path,
    options,
    get store() {
      return store
    },
    close: async () => store[Symbol.asyncDispose](),
    async reopen() {
      await store[Symbol.asyncDispose]()
      store = await openStore(options, deps)
      return store
    },
    async elapse(ms) {
      time += ms
    },
    async withDatabase(use) {
      await store[Symbol.asyncDispose]()
      const database = new ClassicLevel(path)
      await database.open()
      await use(database)
      await database.close()
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await rm(path, { recursive: true, force: true })
    },
  }
}
