import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import type { SourceState } from './footprint-sources.ts'

/** What metrics show of the documents of other CDNs. */
export interface ConsumedDocuments {
  readonly providers: readonly string[]
  isHeldBack(provider: string): boolean
  sources(): readonly SourceState[]
  now(): number
}

/** Alarms: an advertisement that waits for an operator, and data that grow old. */
export function registerConsumingMetrics(registry: Registry, consumed: ConsumedDocuments): void {
  registry.registerMetric(
    new Gauge({
      name: 'moq_broker_advertisement_held_back',
      help: '1 while a newer advertisement, or newer named footprints, are held back',
      labelNames: ['provider'],
      registers: [],
      collect() {
        this.reset()
        for (const provider of consumed.providers) this.set({ provider }, consumed.isHeldBack(provider) ? 1 : 0)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'moq_broker_footprint_source_age_seconds',
      help: 'Since a source that footprints name was fetched or read; absent while there is none',
      labelNames: ['type', 'source'],
      registers: [],
      collect() {
        this.reset()
        for (const { type, uri, fetchedAt } of consumed.sources()) {
          if (fetchedAt !== undefined) this.set({ type, source: nameOf(uri) }, (consumed.now() - fetchedAt) / 1000)
        }
      },
    }),
  )
}

/** Without a query, which may hold a token. */
function nameOf(uri: string): string {
  return uri.replace(/[?#].*$/, '')
}
