import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { StoreOptions } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import type { StoreUnderTest } from './store.ts'
import { ids, listAll } from './store-changes.ts'

const WRITER = fileURLToPath(new URL('../store/commit-writer.ts', import.meta.url))
const CRASHES = 3
const COMMITS_BEFORE_A_CRASH = 150

/** Runs a process that commits without pause, and kills it in the middle. Gives the numbers it said were committed. */
async function writeAndCrash(options: StoreOptions, first: number): Promise<number[]> {
  const writer = spawn(process.execPath, ['--import', 'tsx', WRITER, JSON.stringify(options), String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(writer, 'exit')
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(Number(line))
    if (acknowledged.length === COMMITS_BEFORE_A_CRASH) writer.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
  return acknowledged
}

/** Every acknowledged commit is there, and every commit that is there is there as a whole. */
export async function expectWholeCommits(store: Store, acknowledged: readonly number[]): Promise<void> {
  const events = await store.readEvents('numbers', { limit: 1_000_000 })
  const recorded = new Set(events.map(({ value }) => `n-${value}`))
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  expect(acknowledged.filter((number) => !recorded.has(`n-${number}`))).toEqual([])
  expect(new Set(ids(await listAll(store, 'scopes')))).toEqual(recorded)
  expect(new Set(ids(await listAll(store, 'operations')))).toEqual(recorded)
}

/** What is left when a process dies between two writes. */
export function storeCrashes(underTest: () => StoreUnderTest): void {
  it('holds every acknowledged commit, and none by halves, after its process was killed', {
    timeout: 60_000,
  }, async () => {
    const { close, options, reopen } = underTest()
    const acknowledged: number[] = []
    for (let crash = 1; crash <= CRASHES; crash += 1) {
      await close()
      acknowledged.push(...(await writeAndCrash(options, crash * 1_000_000)))
      await expectWholeCommits(await reopen(), acknowledged)
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(CRASHES * COMMITS_BEFORE_A_CRASH)
  })
}
