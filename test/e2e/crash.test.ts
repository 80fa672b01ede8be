import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Fault } from '../../src/lab/lab-config.ts'
import type { OperationBody, ScopeBody } from '../support/broker-client.ts'
import { type BrokerProcess, plantBroker } from '../support/broker-process.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { eventually } from '../support/eventually.ts'
import { type CdnName, type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'

const DRAIN_MS = 1_500

let lab: LabProcesses
let folder: string
let broker: BrokerProcess
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

/** Begins a change that gets stuck at this moment, and ends the broker by this signal then. */
async function endIn(
  moment: Moment,
  signal: NodeJS.Signals,
  begin: () => Promise<OperationBody>,
): Promise<OperationBody> {
  const { cdn, method, stall } = moment
  const before = JSON.stringify((await lab.state(cdn)).scopes)
  const callsBefore = await lab.calls(cdn, method)
  await lab.setFault(cdn, { stall, times: 1, match: { method } })
  const operation = await begin()
  everyScope.push(operation.scope_id)
  await eventually(`${cdn} is in the middle of ${method}`, async () => {
    if ((await lab.calls(cdn, method)) === callsBefore) return false
    return stall === 'before' || JSON.stringify((await lab.state(cdn)).scopes) !== before
  })
  const end = await broker.end(signal)
  expect(end).toEqual(signal === 'SIGKILL' ? { code: null, signal } : { code: 0, signal: null })
  return operation
}

async function created(): Promise<ScopeBody> {
  const scope = await broker.client.createScope()
  everyScope.push(scope.scope_id)
  return scope
}

async function expectTrueBooks(): Promise<void> {
  expect(await differencesFromBooks(broker.client, lab, everyScope)).toEqual([])
}

describe('a broker that is killed while a CDN', () => {
  it.each([...both('cdn-a', 'POST'), ...both('cdn-b', 'POST'), ...both('cdn-c', 'POST'), ...both('cdn-b', 'PUT')])(
    '$cdn is $stall the effect of $method in a creation, ends that creation after its next start',
    async (moment) => {
      const { operation_id, scope_id } = await endIn(moment, 'SIGKILL', () =>
        broker.client.begin('POST', '/moq/scopes', { name: 'crash' }),
      )
      await broker.start()
      expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
      expect(await broker.client.ready(scope_id)).toMatchObject({ name: 'crash', primary: 'cdn-a' })
      expect(await broker.client.credentials(scope_id)).not.toEqual([])
      await expectTrueBooks()
    },
  )

  it.each([...both('cdn-b', 'PUT'), ...both('cdn-a', 'PATCH'), ...both('cdn-c', 'POST')])(
    '$cdn is $stall the effect of $method in a failover, ends that failover after its next start',
    async (moment) => {
      const { scope_id } = await created()
      const { operation_id } = await endIn(moment, 'SIGKILL', () =>
        broker.client.begin('POST', `/moq/scopes/${scope_id}/failover`, { to: 'cdn-b', reason: 'crash' }),
      )
      await broker.start()
      expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
      expect(await broker.client.ready(scope_id)).toMatchObject({ primary: 'cdn-b' })
      await expectTrueBooks()
    },
  )

  it.each([...both('cdn-a', 'DELETE'), ...both('cdn-b', 'DELETE')])(
    '$cdn is $stall the effect of $method in a deletion, ends that deletion after its next start',
    async (moment) => {
      const { scope_id } = await created()
      const { operation_id } = await endIn(moment, 'SIGKILL', () =>
        broker.client.begin('DELETE', `/moq/scopes/${scope_id}`),
      )
      await broker.start()
      expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
      expect(await broker.client.scope(scope_id)).toBeUndefined()
      await expectTrueBooks()
    },
  )
})

describe('a broker that is asked to stop in the middle of a creation', () => {
  it('ends within its drain time with code 0, and its next start ends the creation', async () => {
    const moment: Moment = { cdn: 'cdn-b', method: 'POST', stall: 'after' }
    const asked = performance.now()
    const { operation_id, scope_id } = await endIn(moment, 'SIGTERM', () => broker.client.begin('POST', '/moq/scopes'))
    expect(performance.now() - asked).toBeLessThan(DRAIN_MS + 2_000)
    await broker.start()
    expect((await broker.client.ended(operation_id)).state).toBe('succeeded')
    await broker.client.ready(scope_id)
    await expectTrueBooks()
  })

  it('waits for a creation that ends in time', async () => {
    await lab.setFault('cdn-c', { latencyMs: 500, match: { method: 'POST' } })
    const calls = await lab.calls('cdn-c', 'POST')
    const answer = broker.client.call('POST', '/moq/scopes', { body: {} })
    await eventually('cdn-c is at work', async () => (await lab.calls('cdn-c', 'POST')) > calls)
    const end = broker.end('SIGTERM')
    expect((await answer).status).toBe(201)
    expect(await end).toEqual({ code: 0, signal: null })
    await broker.start()
  })
})
