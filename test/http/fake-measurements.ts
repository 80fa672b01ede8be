import type {
  MeasurementService,
  RefusedReport,
  ReportedSample,
  ReportedUsage,
} from '../../src/broker/routing/measurement-service.ts'
import { NOTHING_MEASURED } from '../../src/routing/measured.ts'

/** Keeps what is reported; refuses whatever is of the provider `nobody`. */
export class FakeMeasurements implements MeasurementService {
  readonly samples: ReportedSample[] = []
  readonly usage: ReportedUsage[] = []

  report(samples: readonly ReportedSample[], usage: readonly ReportedUsage[]): readonly RefusedReport[] {
    this.samples.push(...samples)
    this.usage.push(...usage)
    const detail = 'there is no such provider'
    return samples.flatMap(({ provider }, index) =>
      provider === 'nobody' ? [{ list: 'samples' as const, index, detail }] : [],
    )
  }

  near() {
    return NOTHING_MEASURED
  }
}
