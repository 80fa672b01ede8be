import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { muteMoqLibraries } from '../../src/moq/library-console.ts'
import { probeRelay } from '../../src/moq/open-session.ts'
import type { BrokerClient, ScopeBody } from '../support/broker-client.ts'
import {
  answerFor,
  canaryScope,
  clientIn,
  type DrillBody,
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

/** What holds a provider out expires after this, unless its broker says it again. */
const DEAD_MAN_MS = 6_000
/** The lease of a dead broker's drill, and some time to restore. */
const RECOVERED_WITHIN_MS = 20_000
const DRILLED: CdnName = 'cdn-a'

let lab: LabProcesses
let folder: string
let broker: PlantedBroker
let client: BrokerClient
let scope: ScopeBody

beforeAll(async () => {
  muteMoqLibraries(console)
  lab = await startLabProcesses()
  folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-drill-crash-'))
  broker = await plantBroker({ folder, cdns: lab.cdns, config: { health: { canary: true, interval_ms: 100 } } })
  client = broker.client
  await broker.start()
  scope = await canaryScope(client)
  expect(scope).toMatchObject({ primary: DRILLED })
})

afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Kills the broker as soon as its drill's timeline holds an event; the drill as it was seen last. */
async function dieAt(method: 'drain' | 'fault', event: string): Promise<DrillBody> {
  const { drill_id } = await startDrill(client, { provider: DRILLED, method, hold_ms: 60_000 })
  const report = await drillReaches(client, drill_id, event)
  await broker.end('SIGKILL')
  return report
}

/** The recovered report; everything must be as it was before the drill. */
async function expectRecovered(drill: DrillBody): Promise<DrillBody> {
  const report = await drillEnded(client, drill.drill_id, RECOVERED_WITHIN_MS)
  expect(report).toMatchObject({ verdict: 'interrupted', because: 'the broker stopped during the drill' })
  // What came after the injection may have been shown but not stored yet.
  const stored = drill.timeline.filter(({ event }) => event === 'baseline' || event === 'inject')
  expect(stored).toHaveLength(2)
  expect(report.timeline).toEqual(expect.arrayContaining(stored))
  expect(eventsIn(report)).toEqual(expect.arrayContaining(['restore', 'lifted', 'end']))
  expect(report.measured['objects_before']).toBeGreaterThanOrEqual(3)
  expect(await client.ready(scope.scope_id)).toMatchObject({ primary: DRILLED })
  await eventually(
    'the lookup answers with the drilled CDN again',
    async () => (await answerFor(client, clientIn(drill), scope.scope_id)) === DRILLED,
  )
  return report
}

async function expectNextDrill(method: 'drain' | 'fault'): Promise<void> {
  const { drill_id } = await startDrill(client, { provider: DRILLED, method, hold_ms: 0 })
  expect(await drillEnded(client, drill_id)).toMatchObject({ verdict: 'succeeded' })
}

describe('a broker that is killed in the middle of a fault drill', () => {
  it('leaves a relay behind that comes back by itself, and its next start ends the drill', async () => {
    const credentials = await client.credentials(scope.scope_id)
    const { connect_url: connectUrl } = defined(credentials.find(({ provider }) => provider === DRILLED))
    const relayAnswers = async (): Promise<boolean> => {
      const { signal } = new AbortController()
      await probeRelay({ connectUrl, timeoutMs: 1_000, signal, now: Date.now })
      return true
    }

    const drill = await dieAt('fault', 'injected')

    await expect(relayAnswers()).rejects.toThrow()
    await eventually('the relay is back', relayAnswers, DEAD_MAN_MS + 1_000)
    await broker.start()
    await expectRecovered(drill)
    await expectNextDrill('fault')
  })

  it('has its next start bring back what the fault made it move', async () => {
    const drill = await dieAt('fault', 'decide')
    await broker.start()
    expect(eventsIn(await expectRecovered(drill))).toContain('returned')
  })
})

describe('a broker that is killed in the middle of a drain drill', () => {
  it('has its next start answer with the CDN again before long, and end the drill', async () => {
    const drill = await dieAt('drain', 'decide')
    await broker.start()
    const answered = async (): Promise<boolean> =>
      (await answerFor(client, clientIn(drill), scope.scope_id)) === DRILLED
    await eventually('the overlay is void', answered, DEAD_MAN_MS + 1_000)
    expect(eventsIn(await expectRecovered(drill))).toContain('returned')
    expect(await drillReport(client, drill.drill_id)).toMatchObject({ state: 'ended' })
    await expectNextDrill('drain')
  })
})
