import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { geoSampleCsv } from '../../src/lab/geo-sample.ts'
import { type BrokerClient, problemIn, type ScopeBody } from '../support/broker-client.ts'
import {
  abortDrill,
  answerFor,
  canaryScope,
  clientIn,
  drillEnded,
  drillReaches,
  drillReport,
  eventsIn,
  startDrill,
} from '../support/broker-drills.ts'
import { defined } from '../support/defined.ts'
import { eventually } from '../support/eventually.ts'
import { type CdnName, type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'

const DRILLED: CdnName = 'cdn-a'
/** The same CDN as `cdn-c`, but no canary watches it. */
const UNWATCHED = 'cdn-c-unwatched'
const STOPPED_WITHIN_MS = 6_000

let lab: LabProcesses
let folder: string
let broker: PlantedBroker
let client: BrokerClient
let scope: ScopeBody
let deafDial: Server
/** What the deaf dial of `cdn-c` was told. */
const toldDeafDial: string[] = []

beforeAll(async () => {
  lab = await startLabProcesses()
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-drill-abort-'))
  deafDial = createServer((request, response) => {
    toldDeafDial.push(`${request.method} ${request.url}`)
    request.resume()
    response.writeHead(204).end()
  })
  const port = await new Promise<number>((resolve) => {
    deafDial.listen(0, '127.0.0.1', () => resolve(z.object({ port: z.number() }).parse(deafDial.address()).port))
  })
  const cdnC = lab.cdn('cdn-c')
  // By prefix alone cdn-c is first only where nobody else is.
  const geoFile = join(folder, 'geo.csv')
  await writeFile(geoFile, geoSampleCsv())
  broker = await plantBroker({
    folder,
    cdns: lab.cdns.map((cdn) => (cdn === cdnC ? { ...cdn, adminUrl: `http://127.0.0.1:${port}` } : cdn)),
    config: { health: { canary: true, interval_ms: 100 }, geo: [{ file: geoFile, format: 'csv' }] },
    moreProviders: [
      {
        id: UNWATCHED,
        adapter: 'draft-http',
        options: { base_url: cdnC.apiUrl, token: `env:LAB_TOKEN_${lab.cdns.indexOf(cdnC)}` },
        fci: { url: cdnC.fciUrl },
        probe: 'none',
      },
    ],
  })
  client = broker.client
  await broker.start()
  scope = await canaryScope(client)
  expect(scope).toMatchObject({ primary: DRILLED })
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  deafDial.closeAllConnections()
  deafDial.close()
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Whether the lab's own dial says that a fault is set. */
async function isFaulty(name: CdnName): Promise<boolean> {
  const answer = await fetch(`${lab.cdn(name).adminUrl}/fault`, { signal: AbortSignal.timeout(5_000) })
  return Object.keys(z.looseObject({}).parse(await answer.json())).length > 0
}

async function expectRestored(address: string): Promise<void> {
  expect(await client.ready(scope.scope_id)).toMatchObject({ primary: DRILLED })
  expect(await answerFor(client, address, scope.scope_id)).toBe(DRILLED)
  expect(await isFaulty(DRILLED)).toBe(false)
}

/** A drill of the primary whose scope has moved and that would stay out for long. */
async function holding(method: 'drain' | 'fault'): Promise<{ readonly id: string; readonly address: string }> {
  const { drill_id: id } = await startDrill(client, { provider: DRILLED, method, hold_ms: 60_000 })
  const report = await drillReaches(client, id, 'hold')
  expect(await isFaulty(DRILLED)).toBe(method === 'fault')
  expect(defined(await client.scope(scope.scope_id)).primary).not.toBe(DRILLED)
  return { id, address: clientIn(report) }
}

describe('a drill that is aborted', () => {
  it.each(['drain', 'fault'] as const)('by %s answers with its report when everything is restored', async (method) => {
    const { id, address } = await holding(method)

    const report = await abortDrill(client, id, 'the match begins')

    await expectRestored(address)
    expect(report).toMatchObject({ state: 'ended', verdict: 'interrupted' })
    expect(report.because).toMatch(/ended it: the match begins$/)
    expect(report.measured['restore_ms']).toBeGreaterThan(0)
    expect(await drillEnded(client, id)).toEqual(report)
    const again = await client.call('POST', `/drills/${id}/abort`, { body: { reason: 'once more' } })
    expect(problemIn(again)).toMatchObject({ status: 409, type: 'urn:moq-broker:problem:invalid-state' })
  })
})

describe('a drill whose budget is too small', () => {
  it.each([150, 200])(
    'fails after %i ms, about when the loss is detected, and restores also what is moved only then',
    async (budget) => {
      const { drill_id } = await startDrill(client, { provider: DRILLED, method: 'fault', budget_ms: budget })
      const report = await drillEnded(client, drill_id)
      expect(report).toMatchObject({ verdict: 'failed' })
      expect(report.because).toMatch(new RegExp(`within ${budget} ms after the injection$`))
      expect(report.measured['first_object_ms']).toBeUndefined()
      await expectRestored(clientIn(report))
    },
  )
})

describe('a broker that is asked to stop in the middle of a drill', () => {
  it.each(['drain', 'fault'] as const)('by %s restores before it ends, with code 0', async (method) => {
    const { id, address } = await holding(method)
    const asked = performance.now()

    expect(await broker.end('SIGTERM')).toEqual({ code: 0, signal: null })

    expect(performance.now() - asked).toBeLessThan(STOPPED_WITHIN_MS)
    expect(await isFaulty(DRILLED)).toBe(false)
    await broker.start()
    const report = await drillReport(client, id)
    expect(report).toMatchObject({
      state: 'ended',
      verdict: 'interrupted',
      because: 'the broker stopped during the drill',
    })
    expect(eventsIn(report)).toEqual(expect.arrayContaining(['restore', 'lifted', 'returned', 'end']))
    expect(await client.ready(scope.scope_id)).toMatchObject({ primary: DRILLED })
    await eventually(
      'the lookup answers with the drilled CDN',
      async () => (await answerFor(client, address, scope.scope_id)) === DRILLED,
    )
  })
})

describe('a drill that is not run', () => {
  it('is blocked while another one is under way, which goes on', async () => {
    const { id } = await holding('drain')
    const second = await startDrill(client, { provider: 'cdn-b', method: 'drain' })
    expect(second).toMatchObject({
      state: 'ended',
      verdict: 'blocked',
      because: `drill ${id} is under way; there is one at a time`,
    })
    expect(await drillReport(client, id)).toMatchObject({ state: 'running' })
    await abortDrill(client, id, 'enough')
  })

  it('is blocked when only its CDN holds the scope, which stays as it is', async () => {
    const { scope_id: lonely } = await client.createScope({ providers: ['cdn-b'] })
    const before = await client.ready(lonely)
    const drill = await startDrill(client, { provider: 'cdn-b', method: 'drain', scope: lonely })
    expect(drill).toMatchObject({ state: 'ended', verdict: 'blocked' })
    expect(drill.because).toContain(`nobody could take over scope ${lonely}`)
    expect(await client.scope(lonely)).toEqual(before)
  })
})

describe('a drill that proves nothing', () => {
  it('is invalid when the fault does not bite, and the fault is taken back', async () => {
    const { drill_id } = await startDrill(client, { provider: 'cdn-c', method: 'fault' })
    const report = await drillEnded(client, drill_id)
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the fault did not bite: "cdn-c" still handed out objects')
    expect(eventsIn(report)).not.toContain('detect')
    expect(toldDeafDial.at(0)).toBe('PUT /fault')
    expect(toldDeafDial.at(-1)).toBe('DELETE /fault')
  })

  it('is invalid, and takes nothing out, when no objects come out of its CDN before', async () => {
    const { scope_id } = await client.createScope({ primary: 'cdn-b', providers: ['cdn-b', UNWATCHED] })
    const { drill_id } = await startDrill(client, { provider: UNWATCHED, method: 'drain', scope: scope_id })
    const report = await drillEnded(client, drill_id)
    expect(report).toMatchObject({ verdict: 'invalid' })
    expect(report.because).toContain('the probe had no signal: objects received within')
    expect(eventsIn(report)).toEqual(['end'])
  })
})
