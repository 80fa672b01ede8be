import type { LimitName } from '../../routing/capacity.ts'
import { type Client, describeClient } from '../../routing/client.ts'
import type { GeoSource } from '../../routing/geo-source.ts'
import type { MeasuredLookup } from '../../routing/measured.ts'
import type { MeasurementBoard, Sample } from '../../routing/measurements/measurement-board.ts'
import type { UsageBoard } from '../../routing/measurements/usage-board.ts'

export interface ReportedSample extends Omit<Sample, 'at'> {
  readonly client: string
  readonly ageSeconds: number
}

export interface ReportedUsage {
  readonly provider: string
  readonly limit: LimitName
  readonly value: number
  readonly ageSeconds: number
}

/** What of a report could not be used, by its place in the list. */
export interface RefusedReport {
  readonly list: 'samples' | 'usage'
  readonly index: number
  readonly detail: string
}

/** Takes what clients and telemetry saw. */
export interface MeasurementService {
  report(samples: readonly ReportedSample[], usage: readonly ReportedUsage[]): readonly RefusedReport[]
  near(client: Client): MeasuredLookup
}

export interface MeasurementServiceDeps {
  readonly board: MeasurementBoard
  readonly usage: UsageBoard
  readonly geo: () => GeoSource
  readonly providers: ReadonlySet<string>
  readonly now: () => number
}

export function createMeasurementService(deps: MeasurementServiceDeps): MeasurementService {
  return {
    report(samples, usage) {
      const now = deps.now()
      const refused: RefusedReport[] = []
      samples.forEach(({ client: text, ageSeconds, ...sample }, index) => {
        const client = describeClient(prefixAddress(text), deps.geo())
        if (!deps.providers.has(sample.provider)) {
          refused.push({ list: 'samples', index, detail: 'there is no such provider' })
        } else if ('invalid' in client) refused.push({ list: 'samples', index, detail: client.invalid })
        else deps.board.add(client, { ...sample, at: now - ageSeconds * 1000 })
      })
      usage.forEach(({ provider, limit, value, ageSeconds }, index) => {
        if (deps.providers.has(provider)) deps.usage.report(provider, limit, { value, at: now - ageSeconds * 1000 })
        else refused.push({ list: 'usage', index, detail: 'there is no such provider' })
      })
      return refused
    },
    near(client) {
      const now = deps.now()
      return (provider) => deps.board.near(client, provider, now)
    },
  }
}

/** A client may be told as a prefix, to keep its address private. */
function prefixAddress(text: string): string {
  return /^([^/]+)\/\d{1,3}$/.exec(text)?.[1] ?? text
}
