import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/broker/store/open-store.ts'
import { storeConformance, type StoreUnderTest } from '../conformance/store.ts'

const log = { warn: () => {} }

/** An embedded store in a temporary folder, with a clock that stands until it is moved. */
async function openUnderTest(): Promise<StoreUnderTest> {
  const path = await mkdtemp(join(tmpdir(), 'moq-broker-store-'))
  const options = { kind: 'embedded', path } as const
  let time = 1_700_000_000_000
  const deps = { now: () => time, log }
  let store = await openStore(options, deps)
  return {
    options,
    get store() {
      return store
    },
    close: () => store[Symbol.asyncDispose](),
    async reopen() {
      await store[Symbol.asyncDispose]()
      store = await openStore(options, deps)
      return store
    },
    async elapse(ms) {
      time += ms
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await rm(path, { recursive: true, force: true })
    },
  }
}

storeConformance({ name: 'the embedded store', open: openUnderTest })
