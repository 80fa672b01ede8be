import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Fault } from '../../src/lab/lab-config.ts'
import { type Answer, type OperationBody, problemIn, type ScopeBody } from '../support/broker-client.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { defined } from '../support/defined.ts'
import { eventually } from '../support/eventually.ts'
import { type CdnName, type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'

const DRAIN_MS = 1_500

let lab: LabProcesses
let folder: string
let broker: PlantedBroker
/** Every scope that was ever asked for. */
const everyScope: string[] = []

beforeAll(async () => {
  lab = await startLabProcesses()
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-crash-'))
  broker = await plantBroker({ folder, cdns: lab.cdns, config: { limits: { drain_ms: DRAIN_MS } } })
  await broker.start()
})

afterEach(async () => {
  await lab.clearFaults()
  // After a failure: the next test is to tell of its own.
  if (!broker.isRunning) await broker.start()
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A call that a CDN is in the middle of: it has arrived, and has taken effect (`after`) or not (`before`). */
interface Moment {
  readonly cdn: CdnName
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly stall: NonNullable<Fault['stall']>
}

const both = (cdn: CdnName, method: Moment['method']): readonly Moment[] => [
  { cdn, method, stall: 'before' },
  { cdn, method, stall: 'after' },
]

const titled = (moments: readonly Moment[]): [title: string, moment: Moment][] =>
  moments.map((moment) => [`${moment.cdn} is ${moment.stall} the effect of a ${moment.method}`, moment])

/** Waits until a CDN is stuck at this moment. */
async function stuckIn({ cdn, method, stall }: Moment, start: () => void): Promise<void> {
  const before = JSON.stringify((await lab.state(cdn)).scopes)
  const callsBefore = await lab.calls(cdn, method)
  await lab.setFault(cdn, { stall, times: 1, match: { method } })
  start()
  await eventually(`${cdn} is in the middle of a ${method}`, async () => {
    if ((await lab.calls(cdn, method)) === callsBefore) return false
    return stall === 'before' || JSON.stringify((await lab.state(cdn)).scopes) !== before
  })
}

/** Begins a change, waits until it is accepted and stuck at this moment, and kills the broker. */
async function killedIn(moment: Moment, change: () => Promise<OperationBody>): Promise<OperationBody> {
  const begun: Promise<OperationBody>[] = []
  await stuckIn(moment, () => begun.push(change()))
  const [operation] = await Promise.all(begun)
  expect(await broker.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  return defined(operation)
}

/** Begins a change without waiting for its end. */
async function begin(method: string, path: string, body?: object): Promise<OperationBody> {
  const operation = await broker.client.begin(method, path, body)
  everyScope.push(operation.scope_id)
  return operation
}

async function created(): Promise<ScopeBody> {
  const scope = await broker.client.createScope({ primary: 'cdn-a' })
  everyScope.push(scope.scope_id)
  return scope
}

async function expectTrueBooks(): Promise<void> {
  expect(await differencesFromBooks(broker.client, lab, everyScope)).toEqual([])
}

describe('a broker that is killed while', () => {
  it.each(
    titled([...both('cdn-a', 'POST'), ...both('cdn-b', 'POST'), ...both('cdn-c', 'POST'), ...both('cdn-b', 'PUT')]),
  )('%s in a creation, ends that creation after its next start', async (_, moment) => {
    const { operation_id, scope_id } = await killedIn(moment, () =>
      begin('POST', '/moq/scopes', { name: 'crash', primary: 'cdn-a' }),
    )
    await broker.start()
    expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
    expect(await broker.client.ready(scope_id)).toMatchObject({ name: 'crash', primary: 'cdn-a' })
    expect(await broker.client.credentials(scope_id)).not.toEqual([])
    await expectTrueBooks()
  })

  it.each(titled([...both('cdn-b', 'PUT'), ...both('cdn-a', 'PATCH'), ...both('cdn-c', 'POST')]))(
    '%s in a failover, ends that failover after its next start',
    async (_, moment) => {
      const { scope_id } = await created()
      const { operation_id } = await killedIn(moment, () =>
        begin('POST', `/moq/scopes/${scope_id}/failover`, { to: 'cdn-b', reason: 'crash' }),
      )
      await broker.start()
      expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
      expect(await broker.client.ready(scope_id)).toMatchObject({ primary: 'cdn-b' })
      await expectTrueBooks()
    },
  )

  it.each(titled([...both('cdn-a', 'DELETE'), ...both('cdn-b', 'DELETE')]))(
    '%s in a deletion, ends that deletion after its next start',
    async (_, moment) => {
      const { scope_id } = await created()
      const { operation_id } = await killedIn(moment, () => begin('DELETE', `/moq/scopes/${scope_id}`))
      await broker.start()
      expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
      expect(await broker.client.scope(scope_id)).toBeUndefined()
      await expectTrueBooks()
    },
  )
})

describe('a broker that is killed in the middle of many changes', () => {
  it.each([3, 20, 45])(
    'ends all of them after its next start, when %i calls had arrived at the CDNs',
    async (calls) => {
      const names: readonly CdnName[] = ['cdn-a', 'cdn-b', 'cdn-c']
      const arrived = async (): Promise<number> => {
        const counts = await Promise.all(names.map(async (name) => Object.values((await lab.state(name)).calls)))
        return counts.flat().reduce((sum, count) => sum + count, 0)
      }
      const [kept, left] = await Promise.all([created(), created()])
      // Slow enough for the kill to find calls under way at all three.
      await Promise.all(names.map((name) => lab.setFault(name, { latencyMs: 30 })))
      const before = await arrived()
      const changes = Promise.allSettled([
        begin('POST', `/moq/scopes/${kept.scope_id}/failover`, { to: 'cdn-c', reason: 'crash' }),
        begin('DELETE', `/moq/scopes/${left.scope_id}`),
        ...Array.from({ length: 15 }, () => begin('POST', '/moq/scopes', { primary: 'cdn-a' })),
      ])
      await eventually(`${calls} calls have arrived`, async () => (await arrived()) >= before + calls)
      await broker.end('SIGKILL')
      await changes
      await lab.clearFaults()

      await broker.start()
      await eventually('nothing is at work', async () => {
        const scopes = await broker.client.scopes()
        return scopes.every(({ state, operation }) => state === 'ready' && operation === undefined)
      })
      await expectTrueBooks()
    },
  )
})

describe('a broker that is asked to stop in the middle of a creation', () => {
  it('ends within its drain time with code 0, tells who waits, and its next start ends the creation', async () => {
    const answers: Promise<Answer>[] = []
    await stuckIn({ cdn: 'cdn-b', method: 'POST', stall: 'after' }, () =>
      answers.push(broker.client.call('POST', '/moq/scopes', { body: { primary: 'cdn-a' } })),
    )
    const asked = performance.now()
    const end = broker.end('SIGTERM')
    const answer = defined((await Promise.all(answers))[0])
    expect(await end).toEqual({ code: 0, signal: null })
    expect(performance.now() - asked).toBeLessThan(DRAIN_MS + 5_000)
    expect(problemIn(answer)).toMatchObject({ status: 503, type: 'urn:moq-broker:problem:shutting-down' })
    const { operation, scope } = z.object({ operation: z.string(), scope: z.string() }).parse(answer.json)
    everyScope.push(scope)
    await broker.start()
    expect((await broker.client.ended(operation)).state).toBe('succeeded')
    await broker.client.ready(scope)
    await expectTrueBooks()
  })

  it('waits for a creation that ends in time', async () => {
    await lab.setFault('cdn-c', { latencyMs: 500, match: { method: 'POST' } })
    const calls = await lab.calls('cdn-c', 'POST')
    const answer = broker.client.call('POST', '/moq/scopes', { body: { primary: 'cdn-a' } })
    await eventually('cdn-c is at work', async () => (await lab.calls('cdn-c', 'POST')) > calls)
    const end = broker.end('SIGTERM')
    expect((await answer).status).toBe(201)
    expect(await end).toEqual({ code: 0, signal: null })
    await broker.start()
  })
})
