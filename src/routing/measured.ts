/** What is known of a provider's service for clients near the one of the question. */
export interface Measured {
  /** Median round trip in milliseconds. */
  readonly rttMs?: number
  /** Median throughput in kilobits per second. */
  readonly throughputKbps?: number
  /** Shares of samples, 0 to 1. */
  readonly errorShare?: number
  readonly rebufferShare?: number
  /** Whose samples they are: `prefix 192.0.2.0/24`, `as64496`, `us`, `everybody`, or `canary` where nobody measured. */
  readonly of: string
  /** Samples, older ones counted less. */
  readonly weight: number
  /** Age of the latest sample. */
  readonly ageSeconds: number
}

/** For the client of the question; undefined: nothing is known. */
export type MeasuredLookup = (provider: string) => Measured | undefined

export const NOTHING_MEASURED: MeasuredLookup = () => undefined
