import { NOBODY_FIRST } from '../policy-file/compare-effect.ts'
import type { CompiledPolicy } from '../policy-file/compile-policy.ts'
import type { DecisionRecord } from './record-schema.ts'
import { replayUnder } from './replay.ts'

/** What another policy would have changed about recorded decisions. */
export interface TrafficEffect {
  readonly decisions: number
  /** Share of them that would have had another first provider. */
  readonly moved: number
  /** Shares of decisions for which the provider is first; `nobody` for those without a candidate. */
  readonly providers: readonly { readonly provider: string; readonly before: number; readonly after: number }[]
}

/** Replays records one by one under the policy; `result` tells the effect on all that were added so far. */
export function createTrafficComparison(policy: CompiledPolicy): {
  readonly add: (record: DecisionRecord) => void
  readonly result: () => TrafficEffect | undefined
} {
  const counts = new Map<string, { before: number; after: number }>()
  let decisions = 0
  let moved = 0

  function countOf(provider: string): { before: number; after: number } {
    const known = counts.get(provider) ?? { before: 0, after: 0 }
    counts.set(provider, known)
    return known
  }

  return {
    add(record) {
      const before = record.answer.candidates[0] ?? NOBODY_FIRST
      const after = replayUnder(record, policy).candidates[0]?.provider ?? NOBODY_FIRST
      decisions++
      if (before !== after) moved++
      countOf(before).before++
      countOf(after).after++
    },
    result() {
      if (decisions === 0) return undefined
      return {
        decisions,
        moved: moved / decisions,
        providers: [...counts]
          .map(([provider, { before, after }]) => ({ provider, before: before / decisions, after: after / decisions }))
          .sort((a, b) => (a.provider < b.provider ? -1 : 1)),
      }
    },
  }
}
