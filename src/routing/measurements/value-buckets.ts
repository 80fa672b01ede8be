/** Values in buckets that grow by a constant factor: bounded, whatever is added. The median is known within a tenth. */
export class ValueBuckets {
  readonly #smallest: number
  readonly #weights = new Float32Array(BUCKETS)
  #total = 0

  /** @param smallest - values below it count as it; up to 198 000 times as much is told apart. */
  constructor(smallest: number) {
    this.#smallest = smallest
  }

  get total(): number {
    return this.#total
  }

  add(value: number, weight: number): void {
    const bucket = Math.floor(Math.log(Math.max(value, this.#smallest) / this.#smallest) / Math.log(GROWTH))
    this.addTo(Math.min(BUCKETS - 1, bucket), weight)
  }

  addTo(bucket: number, weight: number): void {
    this.#weights[bucket] = (this.#weights[bucket] ?? 0) + weight
    this.#total += weight
  }

  scale(factor: number): void {
    for (let i = 0; i < BUCKETS; i++) this.#weights[i] = (this.#weights[i] ?? 0) * factor
    this.#total *= factor
  }

  /** The value below which half of the weight lies; undefined: there is none. */
  median(): number | undefined {
    if (!(this.#total > 0)) return undefined
    const half = this.#total / 2
    let passed = 0
    let last: number | undefined
    for (let i = 0; i < BUCKETS; i++) {
      const weight = this.#weights[i] ?? 0
      if (weight === 0) continue
      if (passed + weight >= half) return this.#smallest * GROWTH ** (i + (half - passed) / weight)
      passed += weight
      last = this.#smallest * GROWTH ** (i + 1)
    }
    // Single precision lost a little of the sum.
    return last
  }

  /** Bucket and weight in turns, of those that are not empty. */
  flat(): readonly number[] {
    const pairs: number[] = []
    for (let i = 0; i < BUCKETS; i++) {
      const weight = this.#weights[i] ?? 0
      if (weight > 0) pairs.push(i, weight)
    }
    return pairs
  }
}

const GROWTH = 1.1
export const BUCKETS = 128
