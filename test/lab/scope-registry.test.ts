import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LabScope, ScopeRegistry } from '../../src/lab/scope-registry.ts'
import { temporaryFolder } from '../support/lab-cdn.ts'

function openRegistry(dataDir: string, now: () => number = () => 1_000): ScopeRegistry {
  const registry = new ScopeRegistry({ dataDir, now, issueToken: ({ id }) => `token-${id}` })
  registry.open()
  return registry
}

function newScope(registry: ScopeRegistry, upstreams: LabScope['upstreams'] = {}): LabScope {
  const id = registry.newId()
  const created = registry.nextInstant()
  return { id, created, modified: created, upstreams, tokens: [registry.newToken(id, { operations: ['subscribe'] })] }
}

describe('the scope registry', () => {
  it('finds everything again that it was told, and only that', () => {
    const dataDir = temporaryFolder()
    const before = openRegistry(dataDir)
    const [kept, changed, deleted] = [newScope(before), newScope(before), newScope(before)]
    for (const scope of [kept, changed, deleted]) before.put(scope)
    before.put({ ...changed, label: 'changed' })
    before.delete(deleted.id)
    before[Symbol.dispose]()

    const after = openRegistry(dataDir)

    expect(after.list()).toEqual([kept, { ...changed, label: 'changed' }])
    expect(after.authorize(kept.tokens[0]?.secret ?? '')).toMatchObject({ scopeId: kept.id })
    expect(after.authorize(deleted.tokens[0]?.secret ?? '')).toBeUndefined()
    after[Symbol.dispose]()
  })

  it('does not touch the journal of another process before it is opened', () => {
    const dataDir = temporaryFolder()
    const owner = openRegistry(dataDir)
    owner.put(newScope(owner))
    const text = readFileSync(join(dataDir, 'scopes.jsonl'), 'utf8')

    const intruder = new ScopeRegistry({ dataDir, now: () => 0, issueToken: () => 'x' })
    owner.put(newScope(owner))

    expect(intruder.size).toBe(1)
    expect(() => intruder.put(newScope(intruder))).toThrow('not open')
    expect(readFileSync(join(dataDir, 'scopes.jsonl'), 'utf8').startsWith(text)).toBe(true)
    expect(readFileSync(join(dataDir, 'scopes.jsonl'), 'utf8').split('\n')).toHaveLength(3)
  })

  it('changes nothing in memory when the journal cannot be written', () => {
    const registry = openRegistry(temporaryFolder())
    const scope = newScope(registry)
    registry[Symbol.dispose]()

    expect(() => registry.put(scope)).toThrow('EBADF')
    expect(registry.get(scope.id)).toBeUndefined()
    expect(registry.authorize(scope.tokens[0]?.secret ?? '')).toBeUndefined()
  })

  it('drops from its journal at the next start what no longer counts', () => {
    const dataDir = temporaryFolder()
    const before = openRegistry(dataDir)
    const scope = newScope(before)
    for (let i = 0; i < 50; i += 1) before.put({ ...scope, label: `name ${i}` })
    before[Symbol.dispose]()

    openRegistry(dataDir)[Symbol.dispose]()

    expect(readFileSync(join(dataDir, 'scopes.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(1)
  })

  it('never gives an instant twice, even when the clock goes back between two starts', () => {
    const dataDir = temporaryFolder()
    const before = openRegistry(dataDir, () => 5_000)
    const scope = newScope(before)
    before.put(scope)
    before[Symbol.dispose]()

    const after = openRegistry(dataDir, () => 1_000)

    expect(after.nextInstant()).toBeGreaterThan(Math.max(scope.created, ...scope.tokens.map(({ created }) => created)))
    after[Symbol.dispose]()
  })

  it('grants the rights of a token until it expires', () => {
    let now = 1_000
    const registry = openRegistry(temporaryFolder(), () => now)
    const id = registry.newId()
    const publisher = registry.newToken(id, { operations: ['publish'], expires: 2_000_000 })
    registry.put({ ...newScope(registry), id, tokens: [publisher] })

    expect(registry.authorize(publisher.secret)).toEqual({ scopeId: id, publish: true, subscribe: false })
    now = 2_000
    expect(registry.authorize(publisher.secret)).toBeUndefined()
    registry[Symbol.dispose]()
  })

  it.each([
    [{}, []],
    [{ urls: ['moqt://a/t'] }, []],
    [{ enabled: false, urls: ['moqt://a/t'] }, []],
    [{ enabled: true }, []],
    [{ enabled: true, urls: ['moqt://a/t', 'moqt://b/t'] }, ['moqt://a/t', 'moqt://b/t']],
  ])('tells the relay for the upstreams %j to pull from %j', (upstreams, urls) => {
    const registry = openRegistry(temporaryFolder())
    const scope = newScope(registry, upstreams)
    registry.put(scope)

    expect(registry.upstreams(scope.id)).toEqual(urls)
    expect(registry.upstreams('unknown')).toEqual([])
    registry[Symbol.dispose]()
  })
})
