import { describe, expect, test } from 'vitest'
import { createPolicyService } from '../../src/broker/routing/create-policy-service.ts'
import { createPolicyBoard } from '../../src/broker/routing/policy-board.ts'
import { createRoutePlans } from '../../src/broker/routing/route-plans.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { compileCoverage } from '../../src/routing/coverage/compile-coverage.ts'
import type { CoverageColumn } from '../../src/routing/coverage/coverage-map.ts'
import { indexFootprints } from '../../src/routing/footprint-indexing.ts'
import { stackGeoTables } from '../../src/routing/geo-table.ts'
import { openEmbeddedFolder } from '../store/embedded-folder.ts'
import { NOW, POLICY, providerFrom } from '../support/routing-facts.ts'

const BY = { by: 'ops' }
const ttl = (seconds: number) => ({ version: 1, defaults: { ttl_seconds: seconds } })

/** Two replicas over one store; `a` serves 10.0.0.0/8 alone, both serve the rest. */
function replica(store: Store) {
  const facts = [providerFrom({ id: 'a' }), providerFrom({ id: 'b', serves: ['0.0.0.0/1', '2000::/3'] })]
  const now = (): number => NOW
  const board = createPolicyBoard({ store, base: POLICY, now, log: () => {} })
  const directory = { facts: () => facts, health: () => 'up' as const }
  const compile = (extra: readonly CoverageColumn[]) =>
    compileCoverage({
      columns: [
        ...facts.flatMap(({ id, advertisement }) =>
          advertisement === undefined
            ? []
            : [{ id, version: advertisement.version, footprints: indexFootprints(advertisement.model).footprints }],
        ),
        ...extra,
      ],
      geo: { general: stackGeoTables([]), sources: new Map() },
      geoVersion: '1',
    })
  const map = compile([])
  const service = createPolicyService({
    store,
    board,
    base: POLICY,
    providers: new Map(facts.map(({ id, weight }) => [id, { weight }])),
    scopes: { get: async () => undefined },
    plans: createRoutePlans({ directory, current: () => ({ map }), now }),
    map: () => map,
    compileWith: async (columns) => compile(columns),
    now,
  })
  return { board, service }
}

describe('the policy', () => {
  test('is taken at once, seen by other replicas, and gone back from', async () => {
    await using folder = await openEmbeddedFolder()
    const [one, other] = [replica(folder.store), replica(folder.store)]
    expect((await one.service.show()).revision).toBe('config')
    expect(await one.service.put(ttl(20), { ...BY, reason: 'why' })).toMatchObject({ version: 1, revision: 'r1' })
    await one.service.put(ttl(30), BY)
    await other.board.refresh()
    expect(other.board.of(undefined, 'k')).toMatchObject({ revision: 'r2', ttlSeconds: 30 })
    expect(await other.service.rollback(undefined, BY)).toMatchObject({ revision: 'r1', earlier: ['config'] })
    await other.service.put(ttl(40), BY)
    expect(await other.service.rollback('config', BY)).toMatchObject({ revision: 'config', earlier: [] })
    await one.board.refresh()
    expect(one.board.of(undefined, 'k').ttlSeconds).toBe(POLICY.ttlSeconds)
    const { events } = await one.service.show()
    expect(events.map(({ action, revision }) => `${action} ${revision}`)).toEqual([
      'put 1',
      'put 2',
      'rollback 1',
      'put 3',
      'rollback 0',
    ])
  })

  test('stays as it is when a document has errors, when somebody was faster, when there is nothing to go back to', async () => {
    await using folder = await openEmbeddedFolder()
    const { service, board } = replica(folder.store)
    await service.put(ttl(20), BY)
    const bad = { version: 1, profiles: { x: { extends: 'x' } }, defaults: { providers: { z: {} } } }
    await expect(async () => service.put(bad, BY)).rejects.toMatchObject({
      code: 'invalid_request',
      info: {
        faults: [{ pointer: '/document/profiles/x/extends' }, { pointer: '/document/defaults/providers/z' }],
      },
    })
    await expect(service.put(ttl(30), { ...BY, expected: 7 })).rejects.toMatchObject({ code: 'revision_mismatch' })
    await expect(service.rollback('r9', BY)).rejects.toMatchObject({ code: 'invalid_state' })
    await expect(service.rollout({ share: 0.5 }, BY)).rejects.toMatchObject({ code: 'invalid_state' })
    expect(board.of(undefined, 'k').ttlSeconds).toBe(20)
  })

  test('is tried with a share of neighbourhoods that only grows, then for all', async () => {
    await using folder = await openEmbeddedFolder()
    const { service, board } = replica(folder.store)
    const keys = Array.from({ length: 1_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
    const tried = (): readonly string[] => keys.filter((key) => board.of(undefined, key).ttlSeconds === 20)
    await service.rollout({ document: ttl(20), share: 0.1 }, BY)
    const few = tried()
    expect(few.length / keys.length).toBeCloseTo(0.1, 1)
    expect(board.isSplit()).toBe(true)
    await service.rollout({ share: 0.5 }, BY)
    expect(tried()).toEqual(expect.arrayContaining([...few]))
    expect(tried().length / keys.length).toBeCloseTo(0.5, 1)
    expect(await service.rollout({ share: 1 }, BY)).toMatchObject({ revision: 'r1', earlier: ['config'] })
    expect([tried().length, board.isSplit()]).toEqual([1_000, false])
  })

  test('on trial is dropped by going back', async () => {
    await using folder = await openEmbeddedFolder()
    const { service } = replica(folder.store)
    await service.rollout({ document: ttl(20), share: 0.1 }, BY)
    const view = await service.rollback(undefined, BY)
    expect([view.revision, view.candidate]).toEqual(['config', undefined])
  })
})

describe('a dry run', () => {
  test('tells the share of address space that moves, and where', async () => {
    await using folder = await openEmbeddedFolder()
    const { service } = replica(folder.store)
    const excluded = { version: 1, defaults: { providers: { b: { excluded: 'contract ended' } } } }
    const { space, findings } = await service.dryRun(excluded, undefined)
    expect(findings).toEqual([])
    expect(space?.[0]).toMatchObject({ version: 4, servedBefore: 1, servedAfter: 1, moved: 0.5 })
    expect(space?.[0]?.providers).toEqual([
      { provider: 'a', before: 0.5, after: 1 },
      { provider: 'b', before: 0.5, after: 0 },
    ])
    expect(space?.[0]?.moves).toEqual([
      { first: '0.0.0.0', last: '127.255.255.255', before: ['b'], after: ['a'], moved: 1 },
    ])
  })

  test('knows rules that only the candidate has', async () => {
    await using folder = await openEmbeddedFolder()
    const { service } = replica(folder.store)
    const footprints = [{ 'footprint-type': 'ipv4cidr', 'footprint-value': ['0.0.0.0/2'] }]
    const denied = { version: 1, defaults: { rules: [{ id: 'r', action: 'deny', footprints }] } }
    const { space } = await service.dryRun(denied, undefined)
    expect(space?.[0]).toMatchObject({ servedBefore: 1, servedAfter: 0.75, moved: 0.25 })
  })
})
