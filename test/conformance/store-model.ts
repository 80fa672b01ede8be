import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Change, Collection, Expectation, Lease, StoredRecord } from '../../src/broker/store/store.ts'
import { StoreError } from '../../src/broker/store/store.ts'
import type { StoreUnderTest } from './store.ts'

const LONG_MS = 600_000
const COLLECTIONS = ['scopes', 'open-operations'] as const
const IDS = ['a', 'a!', 'b', 'é', '😀', 'ｚ'] as const
const STREAMS = ['log', 'log!', ''] as const
const HOLDERS = ['one', 'two'] as const

interface ModelRecord {
  readonly revision: number
  readonly value: string
  readonly listed: boolean
}

/** What a store should hold, as plain data. */
interface Model {
  records: Map<string, ModelRecord>
  streams: Map<string, string[]>
  tokens: Map<string, number>
  leases: Map<string, Lease>
  /** Every lease ever given, held or not. */
  given: Lease[]
}

type Command = fc.AsyncCommand<Model, StoreUnderTest>

function keyOf(collection: Collection, id: string): string {
  return `${collection}/${id}`
}

/** Outcomes as the port words them: revisions, or the code of the refusal. */
function commitToModel(model: Model, changes: readonly Change[], fence: Lease | undefined): number[] | string {
  if (fence !== undefined && model.leases.get(fence.name)?.token !== fence.token) return 'fenced'
  const records = new Map(model.records)
  const streams = new Map(model.streams)
  const revisions: number[] = []
  for (const change of changes) {
    if (change.kind === 'event') {
      streams.set(change.stream, [...(streams.get(change.stream) ?? []), change.value])
      continue
    }
    const key = keyOf(change.collection, change.id)
    const revision = records.get(key)?.revision ?? 0
    if (change.expect === 'absent' && revision !== 0) return 'conflict'
    if (typeof change.expect === 'object' && change.expect.revision !== revision) return 'conflict'
    if (change.kind === 'delete') {
      records.delete(key)
      continue
    }
    records.set(key, { revision: revision + 1, value: change.value, listed: change.ttlMs === undefined })
    revisions.push(revision + 1)
  }
  model.records = records
  model.streams = streams
  return revisions
}

function recordOf(model: Model, collection: Collection, id: string): StoredRecord | undefined {
  const record = model.records.get(keyOf(collection, id))
  return record === undefined ? undefined : { id, revision: record.revision, value: record.value }
}

function listOf(model: Model, collection: Collection): StoredRecord[] {
  return IDS.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .filter((id) => model.records.get(keyOf(collection, id))?.listed === true)
    .flatMap((id) => recordOf(model, collection, id) ?? [])
}

function command(inWords: string, run: (model: Model, real: StoreUnderTest) => Promise<void>): Command {
  return { check: () => true, run, toString: () => inWords }
}

const collections = fc.constantFrom(...COLLECTIONS)
const identifiers = fc.constantFrom(...IDS)
const texts = fc.string({ unit: 'grapheme', maxLength: 8 })
const revisions = fc.record({ revision: fc.integer({ min: 1, max: 3 }) })
const expectations = fc.oneof(fc.constantFrom<Expectation[]>('absent', 'any', 'any'), revisions)

const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      {
        kind: fc.constant('put' as const),
        collection: collections,
        id: identifiers,
        value: texts,
        expect: expectations,
        ttlMs: fc.constant(LONG_MS),
      },
      { requiredKeys: ['kind', 'collection', 'id', 'value', 'expect'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      collection: collections,
      id: identifiers,
      expect: fc.oneof(fc.constant('any' as const), revisions),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('event' as const), stream: fc.constantFrom(...STREAMS), value: texts }),
  },
)

const commits = fc
  .tuple(fc.array(changes, { maxLength: 5 }), fc.option(fc.nat({ max: 5 }), { nil: undefined }))
  .map(([list, fenceAt]) =>
    command(`commit(${fc.stringify(list)}, fence ${fenceAt})`, async (model, { store }) => {
      const fence = fenceAt === undefined ? undefined : model.given[fenceAt]
      const outcome = await store.commit(list, fence === undefined ? {} : { fence }).catch((error: unknown) => {
        if (error instanceof StoreError) return error.code
        throw error
      })
      expect(outcome).toEqual(commitToModel(model, list, fence))
    }),
  )

const reads = fc.tuple(collections, fc.array(identifiers, { maxLength: 4 })).map(([collection, wanted]) =>
  command(`getMany(${collection}, ${fc.stringify(wanted)})`, async (model, { store }) => {
    expect(await store.getMany(collection, wanted)).toEqual(wanted.map((id) => recordOf(model, collection, id)))
  }),
)

const lists = fc
  .tuple(collections, fc.option(identifiers, { nil: undefined }), fc.integer({ min: 1, max: 7 }), fc.boolean())
  .map(([collection, after, limit, descending]) =>
    command(`list(${collection}, ${after}, ${limit}, ${descending})`, async (model, { store }) => {
      const page = await store.list(collection, { limit, descending, ...(after !== undefined && { after }) })
      const order = descending ? -1 : 1
      const isPast = (id: string): boolean =>
        after === undefined || Buffer.compare(Buffer.from(id), Buffer.from(after)) * order > 0
      const all = listOf(model, collection)
      const wanted = (descending ? all.toReversed() : all).filter(({ id }) => isPast(id)).slice(0, limit)
      expect(page).toEqual(wanted)
    }),
  )

const streams = fc
  .tuple(fc.constantFrom(...STREAMS), fc.nat({ max: 4 }), fc.nat({ max: 4 }))
  .map(([stream, after, limit]) =>
    command(`readEvents(${stream}, ${after}, ${limit})`, async (model, { store }) => {
      const all = (model.streams.get(stream) ?? []).map((value, index) => ({ sequence: index + 1, value }))
      expect(await store.readEvents(stream, { after, limit })).toEqual(all.slice(after, after + limit))
    }),
  )

const acquisitions = fc.constantFrom(...HOLDERS).map((holder) =>
  command(`acquire(${holder})`, async (model, { store }) => {
    const lease = await store.acquireLease('job', holder, LONG_MS)
    const held = model.leases.get('job')
    if (held !== undefined && held.holder !== holder) {
      expect(lease).toBeUndefined()
      return
    }
    const token = (model.tokens.get('job') ?? 0) + 1
    const wanted = { name: 'job', holder, token }
    expect(lease).toEqual(wanted)
    model.tokens.set('job', token)
    model.leases.set('job', wanted)
    model.given.push(wanted)
  }),
)

const renewals = fc.tuple(fc.nat({ max: 5 }), fc.boolean()).map(([at, release]) =>
  command(`${release ? 'release' : 'renew'}(${at})`, async (model, { store }) => {
    const lease = model.given[at]
    if (lease === undefined) return
    const isHeld = model.leases.get(lease.name)?.token === lease.token
    if (!release) {
      expect(await store.renewLease(lease, LONG_MS)).toBe(isHeld)
      return
    }
    await store.releaseLease(lease)
    if (isHeld) model.leases.delete(lease.name)
  }),
)

// Whether a lease outlives the process that holds it is the implementation's own affair, so it is released first.
const reopenings = fc.constant(
  command('reopen', async (model, real) => {
    for (const lease of model.leases.values()) await real.store.releaseLease(lease)
    model.leases.clear()
    await real.reopen()
  }),
)

/** Any sequence of calls does to a store what it does to a model of it. */
export function storeModel(open: () => Promise<StoreUnderTest>): void {
  it('does what a plain model of it does, whatever the calls', { timeout: 120_000 }, async () => {
    const steps = [commits, commits, commits, reads, lists, streams, acquisitions, renewals, reopenings]
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 25 }), async (commands) => {
        const real = await open()
        const model: Model = {
          records: new Map(),
          streams: new Map(),
          tokens: new Map(),
          leases: new Map(),
          given: [],
        }
        try {
          await fc.asyncModelRun(() => ({ model, real }), commands)
        } finally {
          await real[Symbol.asyncDispose]()
        }
      }),
    )
  })
}
