import type { ClientFacts } from '../../fci/match-footprint.ts'
import type { Measured } from '../measured.ts'
import { clientPrefixKey } from '../routing-key.ts'
import { createDecayingHistogram, type DecayingHistogram } from './decaying-histogram.ts'

/** What one client saw of one provider. */
export interface Sample {
  readonly provider: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly rttMs?: number
  readonly throughputKbps?: number
  /** Whether it failed; absent: not told. */
  readonly error?: boolean
  /** Share of its playing time, 0 to 1. */
  readonly rebufferShare?: number
}

/**
 * Samples by neighbourhood: the client's /24 or /48, its AS number, its country, and everybody. Bounded in memory: the
 * neighbourhoods that were not added to for longest are forgotten.
 */
export interface MeasurementBoard {
  add(client: ClientFacts, sample: Sample): void
  /** What a canary of ours saw; used where no client measured. */
  addSynthetic(provider: string, rttMs: number, at: number): void
  /** By the narrowest neighbourhood with enough samples. */
  near(client: ClientFacts, provider: string, now: number): Measured | undefined
  /** Neighbourhoods held. */
  readonly size: () => number
}

export interface MeasurementOptions {
  readonly halfLifeMs: number
  /** A neighbourhood says something from this weight on. */
  readonly minWeight: number
  readonly maxGroups: number
}

interface Group {
  readonly rtt: DecayingHistogram
  readonly errors: DecayingShare
  readonly rebuffering: DecayingShare
  readonly all: DecayingShare
  latest: number
}

export function createMeasurementBoard({ halfLifeMs, minWeight, maxGroups }: MeasurementOptions): MeasurementBoard {
  const groups = new Map<string, Group>()
  const synthetic = new Map<string, { readonly rtt: DecayingHistogram; latest: number }>()

  function groupOf(key: string): Group {
    const known = groups.get(key)
    if (known !== undefined) {
      // The end of the map is what was added to last.
      groups.delete(key)
      groups.set(key, known)
      return known
    }
    const oldest = groups.size >= maxGroups ? groups.keys().next().value : undefined
    if (oldest !== undefined) groups.delete(oldest)
    const made: Group = {
      rtt: createDecayingHistogram(halfLifeMs),
      errors: new DecayingShare(halfLifeMs),
      rebuffering: new DecayingShare(halfLifeMs),
      all: new DecayingShare(halfLifeMs),
      latest: Number.NEGATIVE_INFINITY,
    }
    groups.set(key, made)
    return made
  }

  return {
    size: () => groups.size,

    add(client, { provider, at, rttMs, error, rebufferShare }) {
      for (const { key } of neighbourhoods(client, provider)) {
        const group = groupOf(key)
        group.latest = Math.max(group.latest, at)
        group.all.add(1, at)
        if (rttMs !== undefined) group.rtt.add(rttMs, at)
        if (error !== undefined) group.errors.add(error ? 1 : 0, at)
        if (rebufferShare !== undefined) group.rebuffering.add(rebufferShare, at)
      }
    },

    addSynthetic(provider, rttMs, at) {
      const known = synthetic.get(provider) ?? { rtt: createDecayingHistogram(halfLifeMs), latest: at }
      known.rtt.add(rttMs, at)
      known.latest = Math.max(known.latest, at)
      synthetic.set(provider, known)
    },

    near(client, provider, now) {
      for (const { key, name } of neighbourhoods(client, provider)) {
        const group = groups.get(key)
        const weight = group?.all.weight(now) ?? 0
        if (group === undefined || weight < minWeight) continue
        const rttMs = group.rtt.weight(now) >= minWeight ? group.rtt.median() : canaryRtt(provider)
        const errorShare = group.errors.share(now, minWeight)
        const rebufferShare = group.rebuffering.share(now, minWeight)
        return {
          of: name,
          weight,
          ageSeconds: Math.max(0, Math.round((now - group.latest) / 1000)),
          ...(rttMs === undefined ? {} : { rttMs }),
          ...(errorShare === undefined ? {} : { errorShare }),
          ...(rebufferShare === undefined ? {} : { rebufferShare }),
        }
      }
      const canary = synthetic.get(provider)
      const rttMs = canary?.rtt.median()
      if (canary === undefined || rttMs === undefined) return undefined
      const ageSeconds = Math.max(0, Math.round((now - canary.latest) / 1000))
      return { rttMs, of: 'canary', weight: canary.rtt.weight(now), ageSeconds }
    },
  }

  function canaryRtt(provider: string): number | undefined {
    return synthetic.get(provider)?.rtt.median()
  }
}

/** The narrowest first. */
function neighbourhoods(
  { address, asn, country }: ClientFacts,
  provider: string,
): readonly { readonly key: string; readonly name: string }[] {
  const prefix = clientPrefixKey(address)
  const named = (name: string) => ({ key: `${provider}\n${name}`, name })
  return [
    named(`prefix ${prefix}`),
    ...(asn === undefined ? [] : [named(`as${asn}`)]),
    ...(country === undefined ? [] : [named(country)]),
    named('everybody'),
  ]
}

/** The mean of values between 0 and 1 of whom the older count less. */
class DecayingShare {
  readonly #halfLifeMs: number
  #sum = 0
  #weight = 0
  #at = Number.NEGATIVE_INFINITY

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  add(value: number, at: number): void {
    if (at > this.#at) {
      const factor = Number.isFinite(this.#at) ? this.#factor(at - this.#at) : 0
      this.#sum *= factor
      this.#weight *= factor
      this.#at = at
    }
    const weight = this.#factor(this.#at - at)
    this.#sum += value * weight
    this.#weight += weight
  }

  weight(now: number): number {
    return this.#weight === 0 ? 0 : this.#weight * this.#factor(Math.max(0, now - this.#at))
  }

  share(now: number, minWeight: number): number | undefined {
    return this.weight(now) < minWeight ? undefined : this.#sum / this.#weight
  }

  #factor(ageMs: number): number {
    return 0.5 ** (ageMs / this.#halfLifeMs)
  }
}
