import { median, relativeSpread } from './statistics.ts'

/** One measurement: does the work once and returns what it measured, in any unit. */
export type Measure = () => Promise<number>

/** What is compared with what. */
export interface Comparison {
  readonly subject: Measure
  readonly baseline: Measure
  /** Measured rounds, at least 1. In each, subject and baseline are measured once, right after each other. */
  readonly rounds: number
  /** Rounds before those, thrown away. */
  readonly warmupRounds: number
  readonly signal: AbortSignal
}

/** How a subject compares with its baseline. */
export interface ComparisonResult {
  /** Median of the rounds' subject / baseline ratios. */
  readonly ratio: number
  /** Spread of the middle half of those ratios, as a share of their median: differences below it mean nothing. */
  readonly noise: number
  /** Medians, in the unit that was measured. */
  readonly subject: number
  readonly baseline: number
}

/**
 * Measures subject and baseline in turns, so that whatever slows the machine down slows both.
 * The order changes every round, so that neither always runs in the other's wake.
 */
export async function compareInterleaved(comparison: Comparison): Promise<ComparisonResult> {
  const { rounds, warmupRounds, signal } = comparison
  const subjects: number[] = []
  const baselines: number[] = []
  for (let round = -warmupRounds; round < rounds; round++) {
    signal.throwIfAborted()
    const subjectFirst = round % 2 === 0
    let subject = subjectFirst ? await comparison.subject() : 0
    const baseline = await comparison.baseline()
    if (!subjectFirst) subject = await comparison.subject()
    if (round >= 0) {
      subjects.push(subject)
      baselines.push(baseline)
    }
  }
  const ratios = subjects.map((subject, round) => subject / (baselines[round] ?? Number.NaN))
  return {
    ratio: median(ratios),
    noise: relativeSpread(ratios),
    subject: median(subjects),
    baseline: median(baselines),
  }
}
