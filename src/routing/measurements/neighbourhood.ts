import type { Sample } from './measurement-board.ts'
import { ValueBuckets } from './value-buckets.ts'

/** What is known of one provider near some clients, as it is kept and shared. Weights are those of the time `at`. */
export interface NeighbourhoodState {
  /** Milliseconds since the epoch, as all times here. */
  readonly at: number
  /** Of the latest sample. */
  readonly latest: number
  readonly weight: number
  /** Sum of the values, and what they weigh. */
  readonly errors: readonly [sum: number, weight: number]
  readonly rebuffering: readonly [sum: number, weight: number]
  /** Bucket and weight in turns. */
  readonly rtt: readonly number[]
  readonly throughput: readonly number[]
}

const SMALLEST_RTT_MS = 0.5
const SMALLEST_KBPS = 50
/** Weights are of one time, so that adding costs the same for ever; beyond so many half-lives they are made those of another. */
const MAX_HALF_LIVES = 30
/** Below this nothing is said. */
const LEAST_WEIGHT = 1e-6

/** Samples of whom the older count less: half after every half-life, whatever order they come in. */
export class Neighbourhood {
  readonly #halfLifeMs: number
  #at = Number.NaN
  #latest = Number.NEGATIVE_INFINITY
  #all = 0
  #errors = 0
  #errorsWeight = 0
  #rebuffering = 0
  #rebufferingWeight = 0
  #rtt: ValueBuckets | undefined
  #throughput: ValueBuckets | undefined

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  /** Time of the latest sample. */
  get latest(): number {
    return this.#latest
  }

  add({ at, rttMs, throughputKbps, error, rebufferShare }: Omit<Sample, 'provider'>): void {
    const weight = this.#weightAt(at)
    this.#latest = Math.max(this.#latest, at)
    this.#all += weight
    if (rttMs !== undefined) this.#rttBuckets().add(rttMs, weight)
    if (throughputKbps !== undefined) this.#throughputBuckets().add(throughputKbps, weight)
    if (error !== undefined) {
      this.#errors += error ? weight : 0
      this.#errorsWeight += weight
    }
    if (rebufferShare !== undefined) {
      this.#rebuffering += rebufferShare * weight
      this.#rebufferingWeight += weight
    }
  }

  /** Adds what another process knows. */
  merge({ at, latest, weight, errors, rebuffering, rtt, throughput }: NeighbourhoodState): void {
    const factor = this.#weightAt(at)
    this.#latest = Math.max(this.#latest, latest)
    this.#all += weight * factor
    this.#errors += errors[0] * factor
    this.#errorsWeight += errors[1] * factor
    this.#rebuffering += rebuffering[0] * factor
    this.#rebufferingWeight += rebuffering[1] * factor
    if (rtt.length > 0) addPairs(this.#rttBuckets(), rtt, factor)
    if (throughput.length > 0) addPairs(this.#throughputBuckets(), throughput, factor)
  }

  /** What all samples weigh. */
  weight(now: number): number {
    return this.#all * this.#decay(now)
  }

  /** Median in milliseconds; undefined: less than this weight of samples tells it. */
  rttMs(now: number, minWeight: number): number | undefined {
    return this.#median(this.#rtt, now, minWeight)
  }

  throughputKbps(now: number, minWeight: number): number | undefined {
    return this.#median(this.#throughput, now, minWeight)
  }

  errorShare(now: number, minWeight: number): number | undefined {
    return this.#share(this.#errors, this.#errorsWeight, now, minWeight)
  }

  rebufferShare(now: number, minWeight: number): number | undefined {
    return this.#share(this.#rebuffering, this.#rebufferingWeight, now, minWeight)
  }

  state(): NeighbourhoodState {
    return {
      at: this.#at,
      latest: this.#latest,
      weight: this.#all,
      errors: [this.#errors, this.#errorsWeight],
      rebuffering: [this.#rebuffering, this.#rebufferingWeight],
      rtt: this.#rtt?.flat() ?? [],
      throughput: this.#throughput?.flat() ?? [],
    }
  }

  #rttBuckets(): ValueBuckets {
    this.#rtt ??= new ValueBuckets(SMALLEST_RTT_MS)
    return this.#rtt
  }

  #throughputBuckets(): ValueBuckets {
    this.#throughput ??= new ValueBuckets(SMALLEST_KBPS)
    return this.#throughput
  }

  #median(buckets: ValueBuckets | undefined, now: number, minWeight: number): number | undefined {
    if (buckets === undefined) return undefined
    return buckets.total * this.#decay(now) < Math.max(minWeight, LEAST_WEIGHT) ? undefined : buckets.median()
  }

  #share(sum: number, weight: number, now: number, minWeight: number): number | undefined {
    return weight * this.#decay(now) < Math.max(minWeight, LEAST_WEIGHT) ? undefined : sum / weight
  }

  /** What a weight of ours has become by now. */
  #decay(now: number): number {
    return Number.isNaN(this.#at) ? 0 : this.#factor(this.#at - Math.max(now, this.#latest))
  }

  /** What a sample of this time weighs, compared with those of `#at`. */
  #weightAt(at: number): number {
    if (Number.isNaN(this.#at)) this.#at = at
    if (at - this.#at > MAX_HALF_LIVES * this.#halfLifeMs) this.#moveTo(at)
    return this.#factor(at - this.#at)
  }

  #moveTo(at: number): void {
    const factor = this.#factor(this.#at - at)
    this.#at = at
    this.#all *= factor
    this.#errors *= factor
    this.#errorsWeight *= factor
    this.#rebuffering *= factor
    this.#rebufferingWeight *= factor
    this.#rtt?.scale(factor)
    this.#throughput?.scale(factor)
  }

  #factor(ms: number): number {
    return 2 ** (ms / this.#halfLifeMs)
  }
}

function addPairs(to: ValueBuckets, pairs: readonly number[], factor: number): void {
  for (let i = 0; i + 1 < pairs.length; i += 2) to.addTo(pairs[i] ?? 0, (pairs[i + 1] ?? 0) * factor)
}
