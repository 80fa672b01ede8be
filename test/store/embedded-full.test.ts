import { execFileSync } from 'node:child_process'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddedDatabase } from '../../src/broker/store/embedded-database.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { event, ids, listAll, put } from '../conformance/store-changes.ts'
import { describeWithPrograms } from '../support/describe-with-programs.ts'
import { storeErrorOf } from '../support/store-error-of.ts'
import { plantTree, type TemporaryTree } from '../support/temporary-tree.ts'
import { type EmbeddedFolder, openEmbeddedFolder } from './embedded-folder.ts'

/** No multiple of LevelDB's blocks, so that a record is cut in the middle of one. */
const LIMIT = 500_000
const VALUE = 'x'.repeat(40_000)

/** Bounds the size of every file that this process writes: the next byte fails as on a full disk. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`])
}

async function commitUntilFull(store: Store, acknowledged: string[]): Promise<void> {
  for (;;) {
    const id = `n-${acknowledged.length}`
    try {
      await store.commit([put(id, VALUE, 'absent'), event('numbers', id)])
    } catch {
      return
    }
    acknowledged.push(id)
  }
}

async function expectExactly(store: Store, acknowledged: readonly string[]): Promise<void> {
  expect(new Set(ids(await listAll(store, 'scopes')))).toEqual(new Set(acknowledged))
  const events = await store.readEvents('numbers', { limit: 10_000 })
  expect(events.map(({ value }) => value)).toEqual(acknowledged)
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
}

describeWithPrograms(['prlimit'], 'an embedded store without space', () => {
  let folder: EmbeddedFolder
  const acknowledged: string[] = []
  beforeEach(async () => {
    acknowledged.length = 0
    folder = await openEmbeddedFolder()
    limitFiles(LIMIT)
    await commitUntilFull(folder.store, acknowledged)
  })
  afterEach(async () => {
    limitFiles('unlimited')
    await folder[Symbol.asyncDispose]()
  })

  it('still gives out everything that was acknowledged, and nothing else', async () => {
    expect(acknowledged.length).toBeGreaterThan(5)
    await expectExactly(folder.store, acknowledged)
  })

  it('takes commits again once there is space, and has none of the refused ones', async () => {
    limitFiles('unlimited')
    for (const id of ['after-1', 'after-2', 'after-3']) {
      await folder.store.commit([put(id, VALUE, 'absent'), event('numbers', id)])
      acknowledged.push(id)
    }
    await expectExactly(folder.store, acknowledged)
    await expectExactly(await folder.reopen(), acknowledged)
  })

  it('has lost nothing and holds no refused commit when it is closed and opened again', async () => {
    limitFiles('unlimited')
    await expectExactly(await folder.reopen(), acknowledged)
  })
})

describeWithPrograms(['prlimit'], 'a commit to an embedded store without space', () => {
  it('fails as full together with all that came with it, and says where and what to do', async () => {
    const folder = await openEmbeddedFolder()
    try {
      limitFiles(LIMIT)
      const large = 'x'.repeat(LIMIT)
      const commits = ['a', 'b', 'a'].map((id) => storeErrorOf(folder.store.commit([put(id, large, 'absent')])))
      for (const error of await Promise.all(commits)) {
        expect(error.code).toBe('full')
        expect(error.message).toContain(folder.path)
        expect(error.message).toContain('free some space')
      }
      expect(await folder.store.list('scopes', { limit: 9 })).toEqual([])
      limitFiles('unlimited')
      expect(await folder.store.commit([put('a', large, 'absent')])).toEqual([1])
      expect(ids(await (await folder.reopen()).list('scopes', { limit: 9 }))).toEqual(['a'])
    } finally {
      limitFiles('unlimited')
      await folder[Symbol.asyncDispose]()
    }
  })
})

/** A database whose next batch is reported as failed, but turns up when the journal is read back. */
function failOnceInVain(level: ClassicLevel): void {
  const chain = level.batch.bind(level)
  const close = level.close.bind(level)
  let late: (() => Promise<void>) | undefined
  Object.assign(level, {
    batch: () => {
      const batch = chain()
      const write = batch.write.bind(batch)
      Object.assign(level, { batch: chain })
      return Object.assign(batch, {
        write: async () => {
          late = () => write({ sync: true })
          throw new Error('IO error: 000003.log: No space left on device')
        },
      })
    },
    close: async () => {
      await late?.()
      late = undefined
      await close()
    },
  })
}

describe('a failed write that reached the disk after all', () => {
  let folder: TemporaryTree
  let level: ClassicLevel
  let database: EmbeddedDatabase
  beforeEach(async () => {
    folder = plantTree({})
    level = new ClassicLevel(folder.root)
    database = new EmbeddedDatabase(folder.root, level)
    await database.open()
    await database.write(
      new Map([
        ['kept', '1'],
        ['changed', '1'],
      ]),
    )
    failOnceInVain(level)
    const write = database.write(
      new Map([
        ['kept', undefined],
        ['changed', '2'],
        ['new', '2'],
      ]),
    )
    expect((await storeErrorOf(write)).code).toBe('full')
  })
  afterEach(async () => {
    await database.close()
    folder[Symbol.dispose]()
  })

  it('is undone before the next write', async () => {
    await database.write(new Map([['next', '3']]))
    expect(await database.readMany(['kept', 'changed', 'new', 'next'])).toEqual(['1', '1', undefined, '3'])
  })

  it('is undone before the store is closed', async () => {
    await database.close()
    database = new EmbeddedDatabase(folder.root)
    await database.open()
    expect(await database.readMany(['kept', 'changed', 'new'])).toEqual(['1', '1', undefined])
  })
})
