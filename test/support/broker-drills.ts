import { expect } from 'vitest'
import { z } from 'zod'
import { type Answer, type BrokerClient, type ScopeBody, wanted } from './broker-client.ts'
import { defined } from './defined.ts'
import { eventually } from './eventually.ts'

const reportSchema = z.object({
  drill_id: z.string(),
  provider: z.string(),
  scope: z.string(),
  state: z.enum(['running', 'ended']),
  verdict: z.string().optional(),
  because: z.string().optional(),
  started_at: z.string(),
  ended_at: z.string().optional(),
  measured: z.record(z.string(), z.number()),
  timeline: z.array(z.object({ at: z.string(), event: z.string(), detail: z.string() })),
  signature: z.string().optional(),
})
export type DrillBody = z.infer<typeof reportSchema>

export interface DrillOrder {
  readonly provider: string
  readonly method: 'drain' | 'fault'
  readonly scope?: string
  readonly hold_ms?: number
  readonly budget_ms?: number
}

const CANARY_SCOPE_NAME = 'moq-broker-canary'

export function drillIn(answer: Answer, status: number): DrillBody {
  return reportSchema.parse(wanted(answer, status).json)
}

export async function startDrill(client: BrokerClient, order: DrillOrder): Promise<DrillBody> {
  return drillIn(await client.call('POST', '/drills', { body: order }), 202)
}

export async function drillReport(client: BrokerClient, id: string): Promise<DrillBody> {
  return drillIn(await client.call('GET', `/drills/${id}`), 200)
}

export async function abortDrill(client: BrokerClient, id: string, reason: string): Promise<DrillBody> {
  return drillIn(await client.call('POST', `/drills/${id}/abort`, { body: { reason } }), 200)
}

export function eventsIn({ timeline }: DrillBody): readonly string[] {
  return timeline.map(({ event }) => event)
}

/** Waits until a drill's timeline holds an event. */
export function drillReaches(client: BrokerClient, id: string, event: string): Promise<DrillBody> {
  return eventually(`drill ${id} reaches "${event}"`, async () => {
    const report = await drillReport(client, id)
    return eventsIn(report).includes(event) ? report : notYet(report)
  })
}

/** Waits until a drill has ended; its report must be in the order of time and signed. */
export async function drillEnded(client: BrokerClient, id: string, withinMs?: number): Promise<DrillBody> {
  const report = await eventually(
    `drill ${id} has ended`,
    async () => {
      const found = await drillReport(client, id)
      return found.state === 'ended' ? found : notYet(found)
    },
    withinMs,
  )
  const times = report.timeline.map(({ at }) => at)
  expect(times).toEqual(times.toSorted())
  expect(eventsIn(report).filter((event) => event === 'end' || event === 'blocked')).toHaveLength(1)
  expect(report.signature).toMatch(/^[\w-]{43}$/)
  return report
}

/** The address that a drill asks the lookup for, which its provider serves in quiet times. */
export function clientIn({ timeline }: DrillBody): string {
  const { detail } = defined(timeline.find(({ event }) => event === 'baseline'))
  return defined(/^\S+(?= is answered with )/.exec(detail)?.[0])
}

/** Whom the lookup answers first. */
export async function answerFor(client: BrokerClient, address: string, scope: string): Promise<string | undefined> {
  return (await client.route(address, scope)).candidates[0]?.provider
}

/** The broker's own scope, once all three CDNs hold it and everybody is answered. */
export async function canaryScope(client: BrokerClient): Promise<ScopeBody> {
  const scope = await eventually('the canary scope is there', async () =>
    (await client.scopes()).find(({ name }) => name === CANARY_SCOPE_NAME),
  )
  return client.ready(scope.scope_id)
}

function notYet(report: DrillBody): never {
  throw new Error(JSON.stringify(report))
}
