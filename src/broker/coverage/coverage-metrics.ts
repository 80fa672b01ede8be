import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import type { CoverageService, HeldCoverage } from './coverage-service.ts'

/** Shows the map in use; nothing while there is none. */
export function registerCoverageMetrics(
  registry: Registry,
  { current, progress }: Pick<CoverageService, 'current' | 'progress'>,
): void {
  const show = (name: string, help: string, value: (held: HeldCoverage) => number | undefined): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.reset()
          const shown = value(current())
          if (shown !== undefined) this.set(shown)
        },
      }),
    )
  }
  show('moq_broker_coverage_classes', 'Decision classes of the coverage map', ({ map }) => map?.classCount)
  show('moq_broker_coverage_ranges', 'Address ranges of the coverage map', ({ map }) => map?.rangeCount)
  show('moq_broker_coverage_bytes', 'Memory of the coverage map', ({ map }) => map?.byteCount)
  show('moq_broker_coverage_compile_seconds', 'How long the coverage map took to make', ({ made }) => made?.seconds)
  show(
    'moq_broker_coverage_compiled_timestamp_seconds',
    'When the coverage map was made',
    ({ made }) => made && made.at / 1000,
  )
  registry.registerMetric(
    new Gauge({
      name: 'moq_broker_coverage_refused',
      help: 'Whether the last compilation failed (map) or geo files are not used (geo), so that what was there before stays',
      labelNames: ['what'],
      registers: [],
      collect() {
        const { refused, geoRefused } = progress()
        this.set({ what: 'map' }, refused === undefined ? 0 : 1)
        this.set({ what: 'geo' }, geoRefused === undefined ? 0 : 1)
      },
    }),
  )
}
