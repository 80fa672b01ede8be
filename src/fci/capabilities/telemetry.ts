import type { JsonValue } from '../canonical-json.ts'
import { toJsonValue } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { JsonObject } from './object-members.ts'
import { ObjectMembers, present } from './object-members.ts'

/** `FCI.Telemetry` (RFC 9808 2.1). */
export type WireTelemetry = { readonly sources: readonly WireTelemetrySource[] }

/** RFC 9808 2.1. */
export type WireTelemetrySource = {
  readonly id: string
  /** `generic`, or one that we do not know. */
  readonly type: string
  readonly metrics: readonly WireMetric[]
  readonly configuration?: JsonValue
}

/** RFC 9808 2.1. */
export type WireMetric = {
  readonly name: string
  /** Seconds that one value represents. */
  readonly 'time-granularity'?: number
  /** 50 is the median; absent: the mean. */
  readonly 'data-percentile'?: number
  /** Seconds behind real time. */
  readonly latency?: number
}

/** Reads `FCI.Telemetry`; a source or a metric that is wrong is left out alone. */
export function readTelemetry(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireTelemetry & JsonObject) | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const sources = members.list('sources', (item, at) => readSource(item, at, reading))
  if (sources === undefined) {
    return members.isSound ? members.missing('the array "sources"') : undefined
  }
  return { ...members.rest(), sources }
}

function readSource(value: unknown, pointer: string, reading: Reading): WireTelemetrySource | undefined {
  const source = ObjectMembers.of(value, pointer, reading)
  if (source === undefined) return undefined
  source.alias('id', ['Id', 'ID'])
  const id = source.requiredText('id')
  const type = source.requiredText('type')
  const names = new Set<string>()
  const metrics = source.list('metrics', (item, at) => readMetric(item, at, names, reading))
  const configuration = toJsonValue(source.raw('configuration'), MAX_OPAQUE_DEPTH)
  if (metrics === undefined && source.isSound) source.missing('the array "metrics"')
  if (metrics === undefined || !source.isSound) return undefined
  return { ...source.rest(), id, type, metrics, ...present({ configuration }) }
}

/** RFC 9808 2.1: a name MUST be unique within its source. */
function readMetric(value: unknown, pointer: string, names: Set<string>, reading: Reading): WireMetric | undefined {
  const metric = ObjectMembers.of(value, pointer, reading)
  if (metric === undefined) return undefined
  const name = metric.requiredText('name')
  const seconds = metric.whole('time-granularity')
  const percentile = metric.whole('data-percentile')
  const latency = metric.whole('latency')
  if (percentile !== undefined && percentile > 100) {
    metric.refuse('data-percentile', `${percentile} is more than 100`)
  }
  if (!metric.isSound) return undefined
  if (names.has(name)) {
    const why = `the source has two metrics called ${quote(name)}; the first stands`
    reading.error('telemetry-name-repeated', metric.at('name'), why)
    return undefined
  }
  names.add(name)
  const numbers = present({ 'time-granularity': seconds, 'data-percentile': percentile, latency })
  return { ...metric.rest(), name, ...numbers }
}
