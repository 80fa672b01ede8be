import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import type { ScopeBody } from '../support/broker-client.ts'
import {
  abortDrill,
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
import { eventually } from '../support/eventually.ts'
import { type CdnName, type LabProcesses, startLabProcesses } from '../support/lab-processes.ts'
import { type PlantedBroker, plantBroker } from '../support/planted-broker.ts'
import { describeRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts'

const SPREADS_WITHIN_MS = 3_000
/** The lease of a dead broker's drill, and some time to restore. */
const RECOVERED_WITHIN_MS = 20_000
const DRILLED: CdnName = 'cdn-a'
const UpSchema = z.object({ health: z.object({ state: z.literal('up') }) })

describeRedis('a drill at one of two brokers on one Redis', () => {
  let redis: RedisServer
  let lab: LabProcesses
  let folder: string
  let a: PlantedBroker
  let b: PlantedBroker
  let scope: ScopeBody

  beforeAll(async () => {
    redis = await startRedisServer()
    lab = await startLabProcesses()
    folder = await mkdtemp(join(tmpdir(), 'moq-broker-e2e-drill-redis-'))
    const key = randomBytes(32).toString('base64')
    const plant = (name: string): Promise<PlantedBroker> =>
      plantBroker({
        folder,
        name,
        cdns: lab.cdns,
        config: {
          store: { kind: 'redis', url: redis.url },
          secrets: { encryption_key: 'env:ENCRYPTION_KEY' },
          health: { canary: true, interval_ms: 100 },
        },
        env: { ENCRYPTION_KEY: key },
      })
    a = await plant('a')
    b = await plant('b')
    await Promise.all([a.start(), b.start()])
    scope = await canaryScope(b.client)
    expect(scope).toMatchObject({ primary: DRILLED })
    // Each broker watches the scope on its own, and drills only what it has watched.
    for (const { client } of [a, b]) {
      await eventually(`${DRILLED} is up`, async () => {
        const { json } = await client.call('GET', `/providers/${DRILLED}`)
        return UpSchema.safeParse(json).success
      })
    }
  })

  afterAll(async () => {
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
    await lab[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A drain at A that holds, once B's look-ups obey it. */
  async function drainAtA(): Promise<DrillBody> {
    const { drill_id } = await startDrill(a.client, { provider: DRILLED, method: 'drain', hold_ms: 60_000 })
    const report = await drillReaches(a.client, drill_id, 'injected')
    const leftOut = async (): Promise<boolean> => {
      const { candidates } = await b.client.route(clientIn(report), scope.scope_id)
      return candidates.length > 0 && candidates.every(({ provider }) => provider !== DRILLED)
    }
    await eventually('B answers with others', leftOut, SPREADS_WITHIN_MS)
    return drillReaches(b.client, drill_id, 'hold')
  }

  async function expectRestored(drill: DrillBody): Promise<void> {
    expect(await b.client.ready(scope.scope_id)).toMatchObject({ primary: DRILLED })
    await eventually(
      'B answers with the drilled CDN again',
      async () => (await answerFor(b.client, clientIn(drill), scope.scope_id)) === DRILLED,
      SPREADS_WITHIN_MS,
    )
  }

  it('changes the look-ups of the other, keeps it from a second drill, and can be aborted there', async () => {
    const drill = await drainAtA()

    const second = await startDrill(b.client, { provider: 'cdn-b', method: 'drain' })
    expect(second).toMatchObject({ state: 'ended', verdict: 'blocked' })
    expect(second.because).toMatch(/^another drill is under way/)
    expect(await drillReport(b.client, drill.drill_id)).toMatchObject({ state: 'running' })

    await abortDrill(b.client, drill.drill_id, 'enough')
    const report = await drillEnded(b.client, drill.drill_id)
    expect(report).toMatchObject({ verdict: 'interrupted' })
    expect(report.because).toMatch(/ended it: enough$/)
    await expectRestored(drill)
  })

  it('is ended and restored by the other when its own broker is killed', async () => {
    const drill = await drainAtA()

    await a.end('SIGKILL')

    const report = await drillEnded(b.client, drill.drill_id, RECOVERED_WITHIN_MS)
    expect(report).toMatchObject({ verdict: 'interrupted', because: 'the broker stopped during the drill' })
    expect(eventsIn(report)).toEqual(expect.arrayContaining(['hold', 'restore', 'lifted', 'returned']))
    await expectRestored(drill)
  })
})
