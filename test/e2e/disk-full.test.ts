import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrokerClient, problemIn, type ScopeBody } from '../support/broker-client.ts'
import { differencesFromBooks } from '../support/cdn-books.ts'
import { eventually } from '../support/eventually.ts'
import { type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { describeSmallDisk, type SmallDisk } from '../support/small-disk.ts'

/** In the footprints of all three CDNs of the lab. */
const CLIENT = '192.0.2.70'

describeSmallDisk('a broker whose disk is full', (mount) => {
  let disk: SmallDisk
  let lab: LabProcesses
  let folder: string
  let broker: PlantedBroker
  let client: BrokerClient
  let recorded: readonly ScopeBody[]

  beforeAll(async () => {
    lab = await startLabProcesses()
    disk = mount()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-full-'))
    broker = await plantBroker({
      folder,
      cdns: lab.cdns,
      config: { store: { kind: 'embedded', path: join(disk.folder, 'store') } },
    })
    client = broker.client
    await broker.start()
    recorded = await Promise.all(['one', 'two', 'three'].map((name) => client.createScope({ name })))
    await eventually('all CDNs have advertised', async () => (await client.route(CLIENT)).candidates.length === 3)
  })

  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
    disk[Symbol.dispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Small writes may still fit into what is left of a block. */
  async function fillUp(): Promise<void> {
    disk.fill()
    await eventually('a change is refused', async () => {
      const body = { name: 'to fill what is left', role: 'reader' }
      return (await client.call('POST', '/keys', { body })).status === 503
    })
  }

  async function expectEverythingRecorded(): Promise<void> {
    for (const { scope_id, name, revision } of recorded) {
      expect(await client.scope(scope_id)).toMatchObject({ name, revision, state: 'ready' })
      expect((await client.credentials(scope_id)).length).toBeGreaterThanOrEqual(3)
      const { candidates } = await client.route(CLIENT, scope_id)
      expect(candidates.map(({ connect_url }) => connect_url?.slice(0, 7))).toEqual(['moqt://', 'moqt://', 'moqt://'])
      expect(await client.events(scope_id)).not.toEqual([])
    }
  }

  it('refuses every change and says why, and goes on reading', async () => {
    await fillUp()
    const [first] = recorded
    const path = `/moq/scopes/${first?.scope_id}`
    const changes = [
      ['POST', '/moq/scopes', {}],
      ['PATCH', path, { name: 'another' }],
      ['POST', `${path}/failover`, { reason: 'no space' }],
      ['DELETE', path, undefined],
      ['PUT', '/providers/cdn-b/state', { state: 'drained', reason: 'no space' }],
    ] as const
    for (const [method, target, body] of changes) {
      const answer = await client.call(method, target, body === undefined ? {} : { body })
      expect([method, target, answer.status]).toEqual([method, target, 503])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(problemIn(answer).type).toBe('urn:moq-broker:problem:store-unavailable')
      expect(problemIn(answer).detail).toContain('no space left')
    }
    await expectEverythingRecorded()
    expect((await client.call('GET', '/healthz')).status).toBe(200)

    disk.free()
    await expectEverythingRecorded()
    const scope = await eventually('changes are taken again', async () => {
      const answer = await client.call('POST', '/moq/scopes', { body: { name: 'after' } })
      return answer.status === 201
    })
    expect(scope).toBe(true)
    expect(await differencesFromBooks(client, lab, [])).toEqual([])
  })

  it('ends a creation that was under way when there is space again, with every token', async () => {
    const before = (await lab.state('cdn-b')).scopes.length
    await lab.setFault('cdn-b', { latencyMs: 500, times: 1, match: { method: 'POST' } })
    const { operation_id, scope_id } = await client.begin('POST', '/moq/scopes')
    await fillUp()
    await eventually('cdn-b has made its scope', async () => (await lab.state('cdn-b')).scopes.length === before + 1)
    expect(await client.operation(operation_id)).toMatchObject({ state: 'running' })

    disk.free()

    const { state, steps } = await client.ended(operation_id)
    expect(state).toBe('succeeded')
    expect(steps.filter(({ action }) => action === 'adopt')).toEqual([])
    await client.ready(scope_id)
    expect(new Set((await client.credentials(scope_id)).map(({ provider }) => provider)).size).toBe(3)
    expect(await differencesFromBooks(client, lab, [])).toEqual([])
  })

  it('has lost nothing when it is killed while there is no space, and started when there is', async () => {
    await fillUp()
    await broker.end('SIGKILL')
    disk.free()
    await broker.start()
    await eventually('all CDNs have advertised', async () => (await client.route(CLIENT)).candidates.length === 3)
    await expectEverythingRecorded()
    expect(await differencesFromBooks(client, lab, [])).toEqual([])
  })
})

/** Linux: a file on which every write finds no space. */
const FULL = '/dev/full'

describe.runIf(existsSync(FULL))('a broker whose log finds no space', () => {
  it('goes on serving, and ends in order', async () => {
    await using lab = await startLabProcesses()
    const folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-log-'))
    await using broker = await plantBroker({ folder, cdns: lab.cdns, outputFile: FULL })
    await broker.start()

    const { scope_id } = await broker.client.createScope()
    for (let round = 0; round < 20; round += 1) await broker.client.ready(scope_id)

    expect(await broker.end('SIGTERM')).toEqual({ code: 0, signal: null })
    await rm(folder, { recursive: true, force: true })
  })
})
