import type { LimitName, UsageLookup, UsageReading } from '../capacity.ts'

/** What operators and their telemetry say that providers carry; the latest of each, bounded per provider. */
export interface UsageBoard {
  readonly lookup: UsageLookup
  /** An older reading than the one held is ignored. */
  report(provider: string, limit: LimitName, reading: UsageReading): void
  /** 0 until something is reported, then another number with every report. */
  readonly version: () => number
}

const MAX_LIMITS = 200

export function createUsageBoard(): UsageBoard {
  const held = new Map<string, Map<string, UsageReading>>()
  let version = 0
  return {
    version: () => version,
    lookup(provider, limit) {
      const readings = held.get(provider)
      if (readings === undefined) return undefined
      for (const name of namesOf(limit)) {
        const reading = readings.get(name)
        if (reading !== undefined) return reading
      }
      return undefined
    },
    report(provider, limit, reading) {
      const readings = held.get(provider) ?? new Map<string, UsageReading>()
      held.set(provider, readings)
      const [name] = namesOf(limit)
      if (name === undefined || (readings.get(name)?.at ?? Number.NEGATIVE_INFINITY) > reading.at) return
      const oldest = readings.size >= MAX_LIMITS && !readings.has(name) ? readings.keys().next().value : undefined
      if (oldest !== undefined) readings.delete(oldest)
      readings.set(name, reading)
      version++
    },
  }
}

/** The most exact first: the limit's own id, its telemetry, its type. */
function namesOf({ id, telemetrySource, limitType }: LimitName): readonly string[] {
  return [
    ...(id === undefined ? [] : [`id ${id}`]),
    ...(telemetrySource === undefined ? [] : [`metric ${telemetrySource.id} ${telemetrySource.metric}`]),
    `type ${limitType}`,
  ]
}
