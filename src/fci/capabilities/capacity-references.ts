import type { AdvertisedCapability } from '../advertisement.ts'
import type { Reading } from '../reading.ts'
import { quote, silentReading } from '../reading.ts'
import type { WireCapacityLimit } from './capacity.ts'
import { readCapacityLimits } from './capacity.ts'
import type { JsonObject } from './object-members.ts'
import type { WireTelemetrySource } from './telemetry.ts'
import { readTelemetry } from './telemetry.ts'

/** A capability, and where in the document its value stands. */
export interface PlacedCapability {
  readonly capability: AdvertisedCapability
  readonly pointer: string
}

/**
 * Checks what RFC 9808 demands of the advertisement as a whole: ids of telemetry sources (2.1) and of limits (2.2)
 * are unique, and a limit refers to a metric that there is. A repeated limit stands without its id, because all limits
 * apply; a repeated source is left out; a reference to nothing is dropped.
 */
export function checkCapacityReferences(
  placed: readonly PlacedCapability[],
  reading: Reading,
): readonly AdvertisedCapability[] {
  const metrics = new Map<string, ReadonlySet<string>>()
  const withSources = placed.map((one) =>
    one.capability.type === 'FCI.Telemetry' ? checkTelemetry(one, metrics, reading) : one,
  )
  const limitIds = new Set<string>()
  return withSources.map((one) =>
    one.capability.type === 'FCI.CapacityLimits' ? checkLimits(one, metrics, limitIds, reading) : one.capability,
  )
}

/** The limits of a canonical `FCI.CapacityLimits` value. */
export function limitsOf(value: unknown): readonly WireCapacityLimit[] {
  return readCapacityLimits(value, '', silentReading())?.limits ?? []
}

/** The sources of a canonical `FCI.Telemetry` value. */
export function telemetrySourcesOf(value: unknown): readonly WireTelemetrySource[] {
  return readTelemetry(value, '', silentReading())?.sources ?? []
}

function checkTelemetry(
  { capability, pointer }: PlacedCapability,
  metrics: Map<string, ReadonlySet<string>>,
  reading: Reading,
): PlacedCapability {
  const sources = telemetrySourcesOf(capability.value).filter(({ id, metrics: own }, i) => {
    if (metrics.has(id)) {
      const why = `two telemetry sources are called ${quote(id)}; the first stands`
      reading.error('telemetry-id-repeated', `${pointer}/sources/${i}/id`, why)
      return false
    }
    metrics.set(id, new Set(own.map(({ name }) => name)))
    return true
  })
  return { capability: withValue(capability, { sources }), pointer }
}

function checkLimits(
  { capability, pointer }: PlacedCapability,
  metrics: ReadonlyMap<string, ReadonlySet<string>>,
  ids: Set<string>,
  reading: Reading,
): AdvertisedCapability {
  const limits = limitsOf(capability.value).map((limit, i): WireCapacityLimit => {
    const { id, 'telemetry-source': source, ...rest } = limit
    const at = `${pointer}/limits/${i}`
    const isRepeated = id !== undefined && ids.has(id)
    if (isRepeated) {
      const why = `two limits are called ${quote(id)}; both apply, this one without its id`
      reading.error('capacity-id-repeated', `${at}/id`, why)
    } else if (id !== undefined) ids.add(id)
    const isDangling = source !== undefined && metrics.get(source.id)?.has(source.metric) !== true
    if (isDangling) {
      const why = `no telemetry source here has the id ${quote(source.id)} and a metric ${quote(source.metric)}`
      reading.warn('telemetry-source-unknown', `${at}/telemetry-source`, why)
    }
    return {
      ...rest,
      ...(id === undefined || isRepeated ? {} : { id }),
      ...(source === undefined || isDangling ? {} : { 'telemetry-source': source }),
    }
  })
  return withValue(capability, { limits })
}

function withValue(capability: AdvertisedCapability, members: JsonObject): AdvertisedCapability {
  return { ...capability, value: { ...(typeof capability.value === 'object' ? capability.value : {}), ...members } }
}
