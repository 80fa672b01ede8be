import { setTimeout as delay } from 'node:timers/promises'
import { afterEach } from 'vitest'
import type { DrillReport, DrillRequest } from '../../src/broker/drills/drill-service.ts'
import { type CanaryWorld, type CanaryWorldOptions, openCanaryWorld } from './canary-world.ts'

/** Opens worlds whose canaries flow; they are closed after each test. */
export function steadyWorlds(): (options?: CanaryWorldOptions) => Promise<CanaryWorld> {
  const worlds: CanaryWorld[] = []
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world[Symbol.asyncDispose]()))
  })
  return async (options = {}) => {
    const world = await openCanaryWorld(options)
    worlds.push(world)
    await world.steady()
    return world
  }
}

/** The report of a drill that has ended. */
export async function runDrill(world: CanaryWorld, request: DrillRequest): Promise<DrillReport> {
  const report = await world.drills.service.start(request, 'operator')
  return report.state === 'ended' ? report : world.ended(report.id)
}

/** Starts a drill that stays out for long, and waits until its timeline holds an event; the drill's id. */
export async function startDrill(world: CanaryWorld, request: DrillRequest, event: string): Promise<string> {
  const { id } = await world.drills.service.start({ holdMs: 60_000, ...request }, 'operator')
  for (;;) {
    const report = await world.drills.service.get(id)
    if (report?.timeline.some((entry) => entry.event === event) === true) return id
    if (report?.state === 'ended') throw new Error(`ended before "${event}": ${report.because ?? ''}`)
    await delay(5)
  }
}

export function eventsOf(report: DrillReport): readonly string[] {
  return report.timeline.map(({ event }) => event)
}
