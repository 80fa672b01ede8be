import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BrokerError } from '../../src/broker/broker-error.ts'
import { type AutomaticFailoverDeps, startAutomaticFailover } from '../../src/broker/health/automatic-failover.ts'
import { type CountingHealthBoard, createHealthBoard } from '../../src/broker/health/health-board.ts'
import { sleep } from '../../src/broker/repeat.ts'
import type { ChangeContext, OperationView, ScopeView } from '../../src/broker/scopes/scope-service.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { until } from '../support/moq-client.ts'

const PROVIDERS = ['cdn-a', 'cdn-b', 'cdn-c']

let folder: string
let store: Store
let board: CountingHealthBoard
let scopes: FakeScopes
let events: string[]
let withheld: Set<string>
let running: AsyncDisposable[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-failover-'))
  store = await openStore({ kind: 'embedded', path: folder }, { now: Date.now, log: { warn: () => {} } })
  board = createHealthBoard({ providers: PROVIDERS, fall: 1, rise: 1, now: Date.now })
  scopes = new FakeScopes()
  events = []
  withheld = new Set()
  running = []
})

afterEach(async () => {
  for (const one of running) await one[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function start(failover: Partial<AutomaticFailoverDeps['failover']> = {}, instance = 'one'): void {
  running.push(
    startAutomaticFailover({
      board,
      providers: { ids: () => PROVIDERS },
      scopes,
      store,
      withheldByDrill: (provider) => withheld.has(provider),
      failover: { after_ms: 0, concurrency: 4, max_down_share: 0.5, ...failover },
      instance,
      retryMs: 10,
      now: Date.now,
      sleep,
      log: (event, fields) => events.push(`${event} ${JSON.stringify(fields)}`),
    }),
  )
}

const fall = (provider: string): void => board.observe(provider, { outcome: 'bad', reason: 'no canary session' })
const rise = (provider: string): void => board.observe(provider, { outcome: 'good', reason: 'objects arrive' })
const count = (event: string): number => events.filter((logged) => logged.startsWith(event)).length

/** A loss elsewhere that is dealt with: whatever was to be done before it, was. */
async function aRoundLater(): Promise<void> {
  const id = `later-${scopes.held.size}`
  scopes.add(id, 'cdn-c')
  fall('cdn-c')
  await until('the later scope is moved', () => scopes.primaries()[id] === 'cdn-b')
  rise('cdn-c')
}

/** Scopes with a primary each; a failover moves them to cdn-b. */
class FakeScopes {
  readonly held = new Map<string, ScopeView>()
  readonly moves: { readonly id: string; readonly reason: string; readonly by: string }[] = []
  readonly failing = new Map<string, BrokerError>()
  pageSize = 2
  mostAtOnce = 0
  gate: Promise<void> = Promise.resolve()
  #atOnce = 0

  add(id: string, primary: string): void {
    this.held.set(id, {
      id,
      revision: 1,
      owner: 'somebody',
      state: 'ready',
      primary,
      placements: PROVIDERS.map((provider) => ({
        provider,
        role: provider === primary ? ('primary' as const) : ('secondary' as const),
        state: 'ready' as const,
      })),
      createdAt: 0,
      updatedAt: 0,
    })
  }

  primaries(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.held].map(([id, { primary }]) => [id, primary]))
  }

  async list({ after }: { readonly after?: string }) {
    const ids = [...this.held.keys()].toSorted()
    const rest = after === undefined ? ids : ids.slice(ids.indexOf(after) + 1)
    const page = rest.slice(0, this.pageSize)
    const found = page.flatMap((id) => this.held.get(id) ?? [])
    const last = page.at(-1)
    return rest.length > page.length && last !== undefined ? { scopes: found, after: last } : { scopes: found }
  }

  async failover(id: string, { reason }: { readonly reason: string }, context: ChangeContext) {
    const view = this.held.get(id)
    if (view === undefined) throw new BrokerError('not_found', 'gone')
    if (view.revision !== context.ifRevision) throw new BrokerError('revision_mismatch', 'changed')
    this.moves.push({ id, reason, by: context.by })
    const failure = this.failing.get(id)
    if (failure !== undefined) throw failure
    this.#atOnce += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce)
    return { operation: `op-${id}`, scope: id, replayed: false, ended: this.#finish(view) }
  }

  async #finish(view: ScopeView): Promise<OperationView> {
    await this.gate
    this.#atOnce -= 1
    this.held.set(view.id, { ...view, primary: 'cdn-b', revision: view.revision + 1 })
    return {
      id: `op-${view.id}`,
      kind: 'failover',
      scope: view.id,
      state: 'succeeded',
      requestedBy: 'broker',
      failover: { from: view.primary, to: 'cdn-b' },
      steps: [],
      createdAt: 0,
    }
  }
}

describe('automatic failover', () => {
  it('moves every scope whose primary went down, over all pages, and no other, and says why', async () => {
    for (const id of ['s1', 's3', 's5']) scopes.add(id, 'cdn-a')
    for (const id of ['s2', 's4']) scopes.add(id, 'cdn-c')
    start()
    fall('cdn-a')
    await until('all are moved', () => !Object.values(scopes.primaries()).includes('cdn-a'))
    expect(scopes.primaries()).toEqual({ s1: 'cdn-b', s2: 'cdn-c', s3: 'cdn-b', s4: 'cdn-c', s5: 'cdn-b' })
    expect(scopes.moves.map(({ id }) => id).toSorted()).toEqual(['s1', 's3', 's5'])
    expect(scopes.moves[0]).toMatchObject({ by: 'broker' })
    expect(scopes.moves[0]?.reason).toMatch(/^"cdn-a" has been down for \d+ ms: no canary session$/)
  })

  it('moves no more at once than it may', async () => {
    for (let index = 0; index < 9; index += 1) scopes.add(`s${index}`, 'cdn-a')
    scopes.pageSize = 100
    let open: () => void = () => undefined
    scopes.gate = new Promise((resolve) => {
      open = resolve
    })
    start({ concurrency: 3 })
    fall('cdn-a')
    await until('three are on their way', () => scopes.moves.length === 3)
    open()
    await until('all are moved', () => scopes.moves.length === 9)
    expect(scopes.mostAtOnce).toBe(3)
  })

  it('waits until the provider has been down for long enough, and forgets it when it comes back before', async () => {
    scopes.add('s1', 'cdn-a')
    start({ after_ms: 150 })
    fall('cdn-a')
    rise('cdn-a')
    const fellAt = Date.now()
    fall('cdn-a')
    await until('it is moved', () => scopes.moves.length > 0)
    expect(Date.now() - fellAt).toBeGreaterThanOrEqual(149)
    expect(scopes.moves).toHaveLength(1)
  })

  it('tries again what could not be moved, until the provider is up again, and tells each cause once', async () => {
    scopes.add('s1', 'cdn-a')
    scopes.failing.set('s1', new BrokerError('invalid_state', 'nowhere to fail over to'))
    start()
    fall('cdn-a')
    await until('it was tried some times', () => scopes.moves.length >= 3)
    expect(count('failover.failed')).toBe(1)
    rise('cdn-a')
    await aRoundLater()
    const tried = scopes.moves.filter(({ id }) => id === 's1').length
    await aRoundLater()
    expect(scopes.moves.filter(({ id }) => id === 's1')).toHaveLength(tried)
    scopes.failing.clear()
    fall('cdn-a')
    await until('it is moved', () => scopes.primaries()['s1'] === 'cdn-b')
  })

  it('moves nothing when too many are down at once, and records that', async () => {
    scopes.add('s1', 'cdn-a')
    board.observe('cdn-c', { outcome: 'bad', reason: 'no canary session' })
    fall('cdn-a')
    start()
    await until('it is told', () => count('failover.withheld') > 0)
    rise('cdn-c')
    await until('it is moved once one of them is back', () => scopes.primaries()['s1'] === 'cdn-b')
    expect(count('failover.withheld')).toBe(1)
    const recorded = await store.readEvents('broker', { limit: 10 })
    expect(recorded.map(({ value }) => value)).toEqual([
      expect.stringContaining('cdn-a, cdn-c down: more than the share of 0.5'),
    ])
  })

  it('leaves a provider to the drill that has taken it out', async () => {
    scopes.add('s1', 'cdn-a')
    scopes.add('s2', 'cdn-c')
    withheld.add('cdn-a')
    start({ max_down_share: 1 })
    fall('cdn-a')
    fall('cdn-c')
    await until('the other one is moved', () => scopes.primaries()['s2'] === 'cdn-b')
    expect(scopes.primaries()['s1']).toBe('cdn-a')
    withheld.clear()
    await until('it is moved after the drill', () => scopes.primaries()['s1'] === 'cdn-b')
  })

  it('is done by one replica while another holds the lease', async () => {
    scopes.add('s1', 'cdn-a')
    const lease = await store.acquireLease('automatic-failover', 'another', 60_000)
    const acquire = vi.spyOn(store, 'acquireLease')
    start()
    fall('cdn-a')
    await until('the lease was asked for again and again', () => acquire.mock.calls.length >= 3)
    expect(scopes.moves).toEqual([])
    if (lease !== undefined) await store.releaseLease(lease)
    await until('it is moved', () => scopes.primaries()['s1'] === 'cdn-b')
  })

  it('moves a scope once though two replicas see the same loss', async () => {
    for (let index = 0; index < 20; index += 1) scopes.add(`s${index}`, 'cdn-a')
    scopes.pageSize = 5
    start({}, 'one')
    start({}, 'two')
    fall('cdn-a')
    await until('all are moved', () => !Object.values(scopes.primaries()).includes('cdn-a'))
    expect(scopes.moves).toHaveLength(20)
  })

  it('moves nothing back when the provider is up again', async () => {
    scopes.add('s1', 'cdn-a')
    start()
    fall('cdn-a')
    await until('it is moved', () => scopes.primaries()['s1'] === 'cdn-b')
    rise('cdn-a')
    await aRoundLater()
    expect(scopes.primaries()['s1']).toBe('cdn-b')
    expect(scopes.moves.filter(({ id }) => id === 's1')).toHaveLength(1)
  })
})
