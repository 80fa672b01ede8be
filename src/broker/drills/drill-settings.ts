/** Times of a drill, in milliseconds. */
export interface DrillSettings {
  /** Between two look-ups, and two glances at the scope. */
  readonly probeMs: number
  /** How long the steady state may take to show itself. */
  readonly baselineMs: number
  /** Objects and look-ups that make a steady state. */
  readonly minSignals: number
  /** After this long, objects published since then prove that a fault did not bite. */
  readonly biteMs: number
  /** What is published this shortly before the end may still be under way. */
  readonly graceMs: number
  /** The dead-man timer: a provider that is not held out anew within this comes back by itself. */
  readonly ttlMs: number
  /** Of the lease that makes a drill the only one. */
  readonly leaseMs: number
  /** One call to a fault dial. */
  readonly callTimeoutMs: number
  /** For each step of the restoration. */
  readonly restoreMs: number
  /** The same while the process stops. */
  readonly stopMs: number
  readonly defaultHoldMs: number
  readonly defaultBudgetMs: number
}

/** Settings that follow from the interval between two canary objects. */
export function drillSettings(intervalMs: number): DrillSettings {
  return {
    probeMs: Math.min(100, Math.max(10, intervalMs / 4)),
    baselineMs: 12 * intervalMs + 3_000,
    minSignals: 3,
    biteMs: 4 * intervalMs + 500,
    graceMs: 2 * intervalMs + 100,
    ttlMs: 6_000,
    leaseMs: 10_000,
    callTimeoutMs: 2_000,
    restoreMs: 20 * intervalMs + 20_000,
    stopMs: 3_000,
    defaultHoldMs: 10 * intervalMs + 2_000,
    defaultBudgetMs: 20 * intervalMs + 5_000,
  }
}
