import { describe, expect, it } from 'vitest'
import { GroupCommit, type GroupTarget, type KeyChanges, type Write } from '../../src/broker/store/group-commit.ts'

/** A target that holds every write back until it is told to let it through or fail. */
class HeldTarget implements GroupTarget {
  readonly contents = new Map<string, string | undefined>()
  readonly groups: KeyChanges[] = []
  #begun: (() => void)[] = []
  #end: ((error?: Error) => void) | undefined

  async readMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.contents.get(key))
  }

  async write(changes: KeyChanges): Promise<void> {
    this.groups.push(changes)
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error))
    })
    for (const begun of this.#begun) begun()
    this.#begun = []
    await ended
    for (const [key, value] of changes) this.contents.set(key, value)
  }

  /** Ends when a write is on its way. */
  async begun(): Promise<void> {
    if (this.#end !== undefined) return
    await new Promise<void>((resolve) => {
      this.#begun.push(resolve)
    })
  }

  end(error?: Error): void {
    const end = this.#end
    this.#end = undefined
    end?.(error)
  }
}

/** Appends to what is there; refused when it does not find what it expects. */
function append(text: string, expected?: string): Write<string> {
  return {
    keys: ['text'],
    evaluate(read) {
      const found = read('text') ?? ''
      if (expected !== undefined && expected !== found) throw new Error(`found ${found}`)
      return { changes: new Map([['text', found + text]]), result: found + text }
    },
  }
}

describe('a group commit', () => {
  it('writes what is submitted together at once, each on top of the one before', async () => {
    const target = new HeldTarget()
    const commits = new GroupCommit(target)
    const results = Promise.all([
      commits.submit(append('a')),
      commits.submit(append('b', 'a')),
      commits.submit(append('c')),
    ])
    await target.begun()
    target.end()
    expect(await results).toEqual(['a', 'ab', 'abc'])
    expect(target.groups).toEqual([new Map([['text', 'abc']])])
  })

  it('gathers what arrives during a write into the next one', async () => {
    const target = new HeldTarget()
    const commits = new GroupCommit(target)
    const first = commits.submit(append('a'))
    await target.begun()
    const others = Promise.all(['b', 'c', 'd'].map((text) => commits.submit(append(text))))
    target.end()
    expect(await first).toBe('a')
    await target.begun()
    target.end()
    expect(await others).toEqual(['ab', 'abc', 'abcd'])
    expect(target.groups).toHaveLength(2)
  })

  it('refuses one write of a group without the others', async () => {
    const target = new HeldTarget()
    const commits = new GroupCommit(target)
    const outcomes = Promise.allSettled(
      [append('a'), append('b', 'nothing'), append('c')].map((w) => commits.submit(w)),
    )
    await target.begun()
    target.end()
    expect(await outcomes).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: new Error('found a') },
      { status: 'fulfilled', value: 'ac' },
    ])
  })

  it('fails the whole group when its write fails, a refusal that rests on it included, and goes on', async () => {
    const target = new HeldTarget()
    const commits = new GroupCommit(target)
    const outcomes = Promise.allSettled([append('a'), append('b', 'nothing')].map((write) => commits.submit(write)))
    await target.begun()
    target.end(new Error('disk'))
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: new Error('disk') },
      { status: 'rejected', reason: new Error('disk') },
    ])
    const next = commits.submit(append('c', ''))
    await target.begun()
    target.end()
    expect(await next).toBe('c')
  })

  it('does not write where nothing is to be changed, and is settled when all are answered', async () => {
    const target = new HeldTarget()
    const commits = new GroupCommit(target)
    const looking = commits.submit({
      keys: ['text'],
      evaluate: (read) => ({ changes: new Map(), result: read('text') }),
    })
    await commits.settled()
    expect(await looking).toBeUndefined()
    expect(target.groups).toEqual([])
  })
})
