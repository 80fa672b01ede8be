import type { LimitName, UsageLookup, UsageReading } from '../capacity.ts'

/** What operators and their telemetry say that providers carry; the latest of each, bounded per provider. */
export interface UsageBoard {
  readonly lookup: UsageLookup
  /** An older reading than the one held is ignored. */
  report(provider: string, limit: LimitName, reading: UsageReading): void
  /** Everything held, to be stored. */
  readings(): readonly NamedReading[]
  /** Takes what is newer than the reading held, if any. */
  take(readings: readonly NamedReading[]): void
  /** 0 until something is reported, then another number with every report. */
  readonly version: () => number
}

/** `name` tells the limit: its id, its telemetry or its type. */
export interface NamedReading extends UsageReading {
  readonly provider: string
  readonly name: string
}

const MAX_LIMITS = 200

export function createUsageBoard(): UsageBoard {
  const held = new Map<string, Map<string, UsageReading>>()
  let version = 0

  function put(provider: string, name: string, reading: UsageReading): void {
    const readings = held.get(provider) ?? new Map<string, UsageReading>()
    held.set(provider, readings)
    const oldest = readings.size >= MAX_LIMITS && !readings.has(name) ? readings.keys().next().value : undefined
    if (oldest !== undefined) readings.delete(oldest)
    readings.set(name, reading)
    version++
  }

  function heldAt(provider: string, name: string): number {
    return held.get(provider)?.get(name)?.at ?? Number.NEGATIVE_INFINITY
  }

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
      const [name] = namesOf(limit)
      if (name !== undefined && heldAt(provider, name) <= reading.at) put(provider, name, reading)
    },
    readings: () =>
      [...held].flatMap(([provider, readings]) =>
        [...readings].map(([name, { value, at }]) => ({ provider, name, value, at })),
      ),
    take(readings) {
      for (const { provider, name, value, at } of readings) {
        if (heldAt(provider, name) < at) put(provider, name, { value, at })
      }
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
