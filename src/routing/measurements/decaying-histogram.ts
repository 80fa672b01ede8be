/** Values of whom the older count less, in buckets that grow by a constant factor: bounded, whatever is added. */
export interface DecayingHistogram {
  add(value: number, at: number): void
  /** The value below which half of the weight lies, within a bucket's width (a tenth); undefined: nothing is left. */
  median(): number | undefined
  /** What all values weigh at this time. */
  weight(at: number): number
}

const SMALLEST = 0.5
const GROWTH = 1.1
const BUCKETS = 128
/** Below this nothing is said. */
const LEAST_WEIGHT = 1e-6

/** Values halve in weight every `halfLifeMs`. Times may come out of order; a value from the past weighs what it would. */
export function createDecayingHistogram(halfLifeMs: number): DecayingHistogram {
  const buckets = new Float32Array(BUCKETS)
  let total = 0
  let scaledAt = Number.NEGATIVE_INFINITY

  function decayTo(at: number): void {
    if (at <= scaledAt) return
    const factor = Number.isFinite(scaledAt) ? 0.5 ** ((at - scaledAt) / halfLifeMs) : 0
    total = 0
    for (let i = 0; i < BUCKETS; i++) {
      const weight = (buckets[i] ?? 0) * factor
      buckets[i] = weight
      total += weight
    }
    scaledAt = at
  }

  return {
    add(value, at) {
      decayTo(at)
      const bucket = Math.floor(Math.log(Math.max(value, SMALLEST) / SMALLEST) / Math.log(GROWTH))
      const weight = 0.5 ** ((scaledAt - at) / halfLifeMs)
      const place = Math.min(BUCKETS - 1, bucket)
      buckets[place] = (buckets[place] ?? 0) + weight
      total += weight
    },
    median() {
      if (total < LEAST_WEIGHT) return undefined
      let passed = 0
      for (let i = 0; i < BUCKETS; i++) {
        const weight = buckets[i] ?? 0
        if (weight > 0 && passed + weight >= total / 2) {
          return SMALLEST * GROWTH ** (i + (total / 2 - passed) / weight)
        }
        passed += weight
      }
      return undefined
    },
    weight: (at) => (total === 0 ? 0 : total * 0.5 ** (Math.max(0, at - scaledAt) / halfLifeMs)),
  }
}
