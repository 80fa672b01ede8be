import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Failure } from '../../src/broker/scopes/failure.ts'
import { type Call, nextActions, type Situation } from '../../src/broker/scopes/next-actions.ts'
import { applyBookkeeping, applyCall, applyFailure, applyIntent } from '../../src/broker/scopes/record-changes.ts'
import { placementOf, type ScopeRecord, scopeState, type Wiring } from '../../src/broker/scopes/scope-record.ts'
import type { Vault } from '../../src/broker/scopes/vault.ts'
import { SIMULATED_CAPABILITIES, SimulatedCdns, type SimulatedKind } from './simulated-cdns.ts'

const KINDS = ['draft', 'extended', 'idempotent', 'update-only'] as const

/** Stores nothing: these tests are about order, not about secrets. */
const vault: Vault = {
  seal: (id) => ({ kind: 'put', collection: 'credentials', id, value: '', expect: 'any' }),
  discard: (id) => ({ kind: 'delete', collection: 'credentials', id, expect: 'any' }),
  open: async () => undefined,
  opened: () => undefined,
  fingerprint: (text) => text,
}

type Fate = 'answered' | 'refused' | 'lost-before' | 'lost-after'

interface Flight {
  readonly call: Call
  readonly before: Wiring | undefined
}

/** One scope, its broker's belief and the CDNs' truth, driven one random step at a time. */
class World {
  readonly cdns = new SimulatedCdns()
  record: ScopeRecord
  readonly #kinds: ReadonlyMap<string, SimulatedKind>
  #flights: Flight[] = []
  #ids = 0
  orphans = new Set<string>()

  constructor(kinds: readonly SimulatedKind[]) {
    const providers = kinds.map((_, index) => `p${index}`)
    this.#kinds = new Map(providers.map((provider, index) => [provider, kinds[index] ?? 'draft']))
    this.record = {
      v: 1,
      id: 'scope',
      owner: 'test',
      primary: providers[0] ?? 'p0',
      primaryPinned: false,
      providers,
      placements: [],
      deleting: false,
      operation: 'op',
      createdAt: 0,
      updatedAt: 0,
    }
  }

  get idle(): boolean {
    return this.#flights.length === 0
  }

  /** Plans all that can be done and writes the intents. True: something new is under way or was kept. */
  plan(): boolean {
    const { calls, bookkeeping } = nextActions(this.#situation())
    for (const entry of bookkeeping) {
      if (entry.kind === 'give-up') this.orphans.add(entry.label)
      this.record = applyBookkeeping(this.record, entry, this.#tools()).record
    }
    if (bookkeeping.length > 0) return true
    for (const call of calls) {
      const labelled: Call = call.kind === 'create' ? { ...call, label: call.label ?? `label-${this.#nextId()}` } : call
      const before = placementOf(this.record, call.provider)?.remote?.wiring
      this.#flights.push({ call: labelled, before })
      this.record = applyIntent(this.record, labelled, 0)
    }
    return calls.length > 0
  }

  /** One call that is under way meets its fate. */
  land(choice: number, fate: Fate): void {
    const [flight] = this.#flights.splice(choice % this.#flights.length, 1)
    if (flight === undefined) return
    const { call, before } = flight
    if (fate === 'refused' || fate === 'lost-before') {
      this.#fail(call, before, fate === 'refused' ? 'none' : 'unknown')
      return
    }
    const result = this.cdns.perform(call, this.record)
    if (fate === 'lost-after') this.#fail(call, before, 'unknown')
    else this.record = applyCall(this.record, call, result, this.#tools()).record
  }

  /** The broker dies: calls under way may or may not take effect, nobody hears of it; the record stays. */
  crash(reached: (index: number) => boolean): void {
    this.#flights.forEach(({ call }, index) => {
      if (reached(index)) this.cdns.perform(call, this.record)
    })
    this.#flights = []
  }

  settle(): void {
    for (let round = 0; round < 200; round += 1) {
      const planned = this.plan()
      if (this.#flights.length > 0) this.land(0, 'answered')
      else if (!planned) return
    }
    throw new Error('it never comes to rest')
  }

  unaccounted(): readonly string[] {
    const known = new Set(
      this.record.placements.flatMap((placement) => [
        placement.remote?.scopeId,
        ...placement.retired.map((one) => one.scopeId),
      ]),
    )
    return [...this.cdns.scopes.values()]
      .filter((scope) => !known.has(scope.id) && !this.orphans.has(scope.label))
      .map((scope) => scope.id)
  }

  #situation(): Situation {
    return {
      record: this.record,
      capabilities: (provider) => SIMULATED_CAPABILITIES[this.#kinds.get(provider) ?? 'draft'],
      busy: (provider) => this.#flights.some((flight) => flight.call.provider === provider),
      blocked: () => false,
      open: () => true,
    }
  }

  #fail(call: Call, before: Wiring | undefined, effect: Failure['effect']): void {
    const failure: Failure = { code: 'unavailable', detail: 'simulated', effect, transient: true }
    this.record = applyFailure(this.record, call, failure, before, 0).record
  }

  #tools() {
    return { now: 0, newId: () => this.#nextId(), vault }
  }

  #nextId(): string {
    this.#ids += 1
    return `id${this.#ids}`
  }
}

const kinds = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 })
const fate = fc.constantFrom<Fate>('answered', 'answered', 'answered', 'refused', 'lost-before', 'lost-after')
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('land' as const), choice: fc.nat(8), fate }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fail-over' as const), to: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), mask: fc.nat(15) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), provider: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), provider: fc.nat(3) }) },
)
type RandomStep = typeof step extends fc.Arbitrary<infer S> ? S : never

function take(world: World, all: readonly string[], one: RandomStep): void {
  const { record } = world
  // As the commands do: a change starts only when no other is at work.
  if (one.do !== 'land' && one.do !== 'crash' && !world.idle) return
  switch (one.do) {
    case 'land':
      world.plan()
      if (!world.idle) world.land(one.choice, one.fate)
      return
    case 'crash':
      world.crash((index) => (one.mask & (1 << index)) !== 0)
      return
    case 'fail-over': {
      const target = all[one.to % all.length]
      if (target === undefined || record.promoting !== undefined || target === record.primary) return
      if (!record.providers.includes(target) || placementOf(record, target)?.remote === undefined) return
      world.record = { ...record, promoting: target }
      return
    }
    case 'leave': {
      const provider = all[one.provider % all.length]
      if (provider === undefined || provider === record.primary || provider === record.promoting) return
      world.record = { ...record, providers: record.providers.filter((other) => other !== provider) }
      return
    }
    case 'join': {
      const provider = all[one.provider % all.length]
      if (provider === undefined || record.providers.includes(provider)) return
      world.record = { ...record, providers: [...record.providers, provider] }
    }
  }
}

const scenario = fc.tuple(kinds, fc.array(step, { maxLength: 60 }))

it('never makes a cycle of fallbacks, whatever fails, is lost or crashes in between', () => {
  fc.assert(
    fc.property(scenario, ([chosen, steps]) => {
      const world = new World(chosen)
      const all = world.record.providers
      for (const one of steps) {
        take(world, all, one)
        expect(world.cdns.cycle()).toBeUndefined()
      }
    }),
  )
})

it('comes to rest with every secondary pulling from the primary and nothing unaccounted for', () => {
  fc.assert(
    fc.property(scenario, ([chosen, steps]) => {
      const world = new World(chosen)
      const all = world.record.providers
      for (const one of steps) take(world, all, one)
      world.settle()
      const { operation: _ended, ...rest } = world.record
      world.record = rest
      expect(scopeState(world.record)).toBe('ready')
      const primary = placementOf(world.record, world.record.primary)?.remote
      expect(world.cdns.scopes.get(primary?.scopeId ?? '')?.pullsFrom).toBeUndefined()
      for (const provider of world.record.providers.filter((other) => other !== world.record.primary)) {
        const remote = placementOf(world.record, provider)?.remote
        expect(world.cdns.scopes.get(remote?.scopeId ?? '')?.pullsFrom).toBe(primary?.scopeId)
      }
      expect(world.unaccounted()).toEqual([])
    }),
  )
})

it('deletes everything in the end, and lists what a provider cannot delete', () => {
  fc.assert(
    fc.property(scenario, ([chosen, steps]) => {
      const world = new World(chosen)
      const all = world.record.providers
      for (const one of steps) take(world, all, one)
      world.crash((index) => index % 2 === 0)
      const { promoting: _none, ...rest } = world.record
      world.record = { ...rest, deleting: true }
      world.settle()
      expect(world.record.placements).toEqual([])
      expect(world.unaccounted()).toEqual([])
    }),
  )
})

it('never leaves an edge to a scope that it deleted, while every call is answered', () => {
  const calm = fc.tuple(
    kinds,
    fc.array(
      step
        .filter((one) => one.do !== 'crash')
        .map((one) => (one.do === 'land' ? { ...one, fate: 'answered' as const } : one)),
      { maxLength: 60 },
    ),
  )
  fc.assert(
    fc.property(calm, ([chosen, steps]) => {
      const world = new World(chosen)
      const all = world.record.providers
      for (const one of steps) {
        take(world, all, one)
        // What a provider cannot delete is listed and left behind with its edge.
        expect(world.cdns.dangling().filter((scope) => !world.orphans.has(scope.label))).toEqual([])
      }
    }),
  )
})
