import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { registerCoverageMetrics } from './coverage/coverage-metrics.ts'
import type { CoverageService } from './coverage/coverage-service.ts'
import type { DnsTotals } from './dns/dns-counters.ts'
import { registerDnsMetrics } from './dns/dns-metrics.ts'
import type { Edition } from './federation/edition.ts'
import { type ConsumedDocuments, registerConsumingMetrics } from './footprint-sources/source-metrics.ts'
import type { ProviderDirectory } from './providers/provider-directory.ts'
import { RequestMetrics } from './request-metrics.ts'
import type { Operation } from './scopes/operation.ts'

export interface Metrics {
  readonly contentType: string
  render(): Promise<string>
  /** One finished operation. */
  operation(operation: Operation, seconds: number): void
  /** One answered request; `route` is the pattern, never the URL. */
  request(method: string, route: string, status: number, seconds: number): void
  /** One routing decision. */
  decision(provider: string | undefined, panic: boolean): void
  /** What is told to an audience from now on. */
  published(audience: string, edition: Edition): void
  /** One canary object received. */
  canary(provider: string, latencySeconds: number): void
  /** From now on shows what a DNS server has done. */
  dns(totals: () => DnsTotals): void
  /** From now on shows the map in use. */
  coverage(coverage: Pick<CoverageService, 'current' | 'progress'>): void
  /** What is shown of the documents of other CDNs. */
  consuming(consumed: ConsumedDocuments): void
  /** Whether the policy file as it is now is not used. */
  policyFile(isRefused: () => boolean): void
}

const HEALTH_VALUES = { unknown: -1, down: 0, degraded: 0.5, up: 1 } as const
const BREAKER_VALUES = { closed: 0, half_open: 0.5, open: 1 } as const

/** Prometheus metrics. Labels are low in cardinality: providers, kinds, outcomes; never scopes, clients or keys. */
export function createMetrics(directory: ProviderDirectory, now: () => number): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const operations = new Counter({
    name: 'moq_broker_operations_total',
    help: 'Operations by kind and how they ended',
    labelNames: ['kind', 'state'],
    registers: [registry],
  })
  const operationSeconds = new Histogram({
    name: 'moq_broker_operation_seconds',
    help: 'Time from acceptance to end of an operation',
    labelNames: ['kind'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  const requests = new RequestMetrics()
  const canarySeconds = new Histogram({
    name: 'moq_broker_canary_latency_seconds',
    help: 'Time of a canary object from publisher to subscriber',
    labelNames: ['provider'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  const published = new Gauge({
    name: 'moq_broker_published_capabilities',
    help: 'Capability objects in what is told to a peer; 0 means "not ready"',
    labelNames: ['audience'],
    registers: [registry],
  })
  const publishedAt = new Gauge({
    name: 'moq_broker_published_timestamp_seconds',
    help: 'When what is told to a peer last changed',
    labelNames: ['audience'],
    registers: [registry],
  })
  perProvider(
    registry,
    directory,
    'moq_broker_provider_health',
    'up 1, degraded 0.5, down 0, unknown -1',
    (id, providers) => HEALTH_VALUES[providers.health(id)],
  )
  perProvider(
    registry,
    directory,
    'moq_broker_provider_enabled',
    '1: enabled, 0: drained or disabled',
    (id, providers) => (providers.administrative(id) === 'enabled' ? 1 : 0),
  )
  perProvider(registry, directory, 'moq_broker_breaker_open', 'open 1, half open 0.5, closed 0', (id, providers) => {
    const breaker = providers.breaker(id)
    return breaker === undefined ? 0 : BREAKER_VALUES[breaker.state]
  })
  perProvider(
    registry,
    directory,
    'moq_broker_advertisement_age_seconds',
    'Since it was last confirmed; absent without one',
    (id, providers) => {
      const confirmedAt = providers.facts().find((facts) => facts.id === id)?.advertisement?.confirmedAt
      return confirmedAt === undefined ? undefined : (now() - confirmedAt) / 1000
    },
  )

  return {
    contentType: registry.contentType,
    render: async () => `${await registry.metrics()}\n${requests.text()}`,
    operation(operation, seconds) {
      operations.inc({ kind: operation.kind, state: operation.state })
      operationSeconds.observe({ kind: operation.kind }, seconds)
    },
    request: (method, route, status, seconds) => requests.request(method, route, status, seconds),
    decision: (provider, panic) => requests.decision(provider, panic),
    published(audience, { capabilities, publishedAt: at }) {
      published.set({ audience }, capabilities)
      publishedAt.set({ audience }, at / 1000)
    },
    canary(provider, latencySeconds) {
      canarySeconds.observe({ provider }, latencySeconds)
    },
    dns(totals) {
      registerDnsMetrics(registry, totals)
    },
    consuming(consumed) {
      registerConsumingMetrics(registry, consumed)
    },
    policyFile(isRefused) {
      registry.registerMetric(
        new Gauge({
          name: 'moq_broker_policy_file_refused',
          help: '1 while the policy file of the configuration has errors, so that its last good content is used',
          registers: [],
          collect() {
            this.set(isRefused() ? 1 : 0)
          },
        }),
      )
    },
    coverage(coverage) {
      registerCoverageMetrics(registry, coverage)
    },
  }
}

function perProvider(
  registry: Registry,
  providers: ProviderDirectory,
  name: string,
  help: string,
  value: (id: string, providers: ProviderDirectory) => number | undefined,
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      labelNames: ['provider'],
      registers: [],
      collect() {
        this.reset()
        for (const id of providers.ids()) {
          const current = value(id, providers)
          if (current !== undefined) this.set({ provider: id }, current)
        }
      },
    }),
  )
}
