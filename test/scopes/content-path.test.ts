import { describe, expect, it } from 'vitest'
import { servesContent } from '../../src/broker/scopes/content-path.ts'
import type { Placement, ScopeRecord, Wiring } from '../../src/broker/scopes/scope-record.ts'

const NOTHING: Wiring = { to: 'nothing' }
const UNKNOWN: Wiring = { to: 'unknown' }
const to = (provider: string, scopeId = `scope-${provider}`): Wiring => ({
  to: 'provider',
  provider,
  scopeId,
  credential: `credential-${provider}`,
})

function placement(provider: string, wiring: Wiring): Placement {
  const credentials = [{ id: `credential-${provider}`, rights: ['subscribe'] as const, index: 'i' }]
  const remote = { scopeId: `scope-${provider}`, url: 'moqt://x', label: 'l', credentials, wiring, createdAt: 0 }
  return { provider, retired: [], remote }
}

function record(wirings: Readonly<Record<string, Wiring>>, more: Partial<ScopeRecord> = {}): ScopeRecord {
  return {
    v: 1,
    id: 's',
    owner: 'test',
    primary: 'b',
    primaryPinned: false,
    providers: ['a', 'b', 'c'],
    placements: Object.entries(wirings).map(([provider, wiring]) => placement(provider, wiring)),
    deleting: false,
    createdAt: 0,
    updatedAt: 0,
    ...more,
  }
}

function serving(scope: ScopeRecord, ...down: readonly string[]): readonly string[] {
  return ['a', 'b', 'c'].filter((provider) => servesContent(scope, provider, (other) => down.includes(other)))
}

describe('subscribers are sent to', () => {
  it('the primary and everybody who pulls from it', () => {
    expect(serving(record({ a: to('b'), b: NOTHING, c: to('b') }))).toEqual(['a', 'b', 'c'])
  })

  it('nobody whose relay pulls from nowhere, such as an old primary that came back', () => {
    expect(serving(record({ a: NOTHING, b: NOTHING, c: to('b') }))).toEqual(['b', 'c'])
  })

  it('a relay that pulls through another one, unless that one is down', () => {
    const chain = record({ a: to('b'), b: NOTHING, c: to('a') })
    expect(serving(chain)).toEqual(['a', 'b', 'c'])
    expect(serving(chain, 'a')).toEqual(['a', 'b'])
  })

  it('the secondaries of a primary that is down, since a failover is about to feed them', () => {
    expect(serving(record({ a: to('b'), b: NOTHING, c: to('b') }), 'b')).toEqual(['a', 'b', 'c'])
  })

  it('nobody who pulls from a scope that was replaced', () => {
    expect(serving(record({ a: to('b', 'an older scope'), b: NOTHING, c: to('b') }))).toEqual(['b', 'c'])
  })

  it('a relay whose wiring is not known, only while a change is at work on it', () => {
    expect(serving(record({ a: UNKNOWN, b: NOTHING }))).toEqual(['b'])
    expect(serving(record({ a: UNKNOWN, b: NOTHING }, { operation: 'o' }))).toEqual(['a', 'b'])
  })

  it('nobody in a circle that the primary is not part of', () => {
    expect(serving(record({ a: to('c'), b: NOTHING, c: to('a') }))).toEqual(['b'])
  })

  it('nobody who is to leave, and nobody of a scope that is being deleted', () => {
    expect(serving(record({ a: to('b'), b: NOTHING, c: to('b') }, { providers: ['b', 'c'] }))).toEqual(['b', 'c'])
    expect(serving(record({ a: to('b'), b: NOTHING }, { deleting: true }))).toEqual([])
  })
})
