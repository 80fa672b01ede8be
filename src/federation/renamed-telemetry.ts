import type { JsonValue } from '../fci/canonical-json.ts'
import type { WireMetric, WireTelemetrySource } from '../fci/capabilities/telemetry.ts'

/** The name under which peers know a provider's telemetry source: the same over time, and not the provider's own. */
export function telemetryName(provider: string, source: string, nameOf: (text: string) => string): string {
  return nameOf(`telemetry ${provider} ${source}`)
}

/**
 * A telemetry source as peers may see it (RFC 9808 2.1.2): under our name, with its metrics, without a configuration,
 * which would lead to the CDN itself.
 */
export function renameSource(source: WireTelemetrySource, name: string): JsonValue {
  return { id: name, type: source.type, metrics: source.metrics.map(metricOf) }
}

function metricOf(metric: WireMetric): JsonValue {
  const { name, 'time-granularity': granularity, 'data-percentile': percentile, latency } = metric
  return {
    name,
    ...(granularity === undefined ? {} : { 'time-granularity': granularity }),
    ...(percentile === undefined ? {} : { 'data-percentile': percentile }),
    ...(latency === undefined ? {} : { latency }),
  }
}
