import { type Address, containsAddress, type Prefix } from '../../fci/prefix.ts'
import { hostBits } from '../../fci/scan-prefix.ts'
import type { DnsClient } from './dns-client.ts'

/** Bounds of what one network of resolvers gets over UDP, where senders can be forged. */
export interface RateLimits {
  /** Answers of one category to one network; 0: no bound. */
  readonly responsesPerSecond: number
  /** Every so manieth answer above the bound goes out truncated, so that true clients come back over TCP; 0: none. */
  readonly slip: number
  /** Every so manieth answer above the bound goes out in full; 0: none. */
  readonly leak: number
  /** What is one network: at most 32 and 64 bits. */
  readonly v4Bits: number
  readonly v6Bits: number
  readonly exempt: readonly Prefix[]
}

export type RateVerdict = 'send' | 'truncate' | 'drop'

/** Kinds of answers with a bound each, so that a flood of one kind does not starve another. */
export type RateCategory = 0 | 1 | 2
export const RATE_CATEGORY = { ANSWER: 0, NEGATIVE: 1, ERROR: 2 } as const

const WAYS = 4
const KEY_WORDS = 3

/**
 * Response rate limiting: a token bucket per network and category, holding the answers of one second. Memory is bounded;
 * a network that gave way to others begins anew.
 */
export class RateLimiter {
  readonly #limits: RateLimits
  readonly #keys: Uint32Array
  readonly #tokens: Float64Array
  readonly #filledAt: Float64Array
  readonly #excess: Uint32Array
  readonly #mask: number
  readonly #seed: number

  /**
   * @param seed - any 32 bits, so that nobody can aim at others' places.
   * @param entries - a power of two, at least 4.
   */
  constructor(limits: RateLimits, seed: number, entries = 65_536) {
    this.#limits = limits
    this.#seed = seed | 0
    this.#keys = new Uint32Array(entries * KEY_WORDS)
    this.#tokens = new Float64Array(entries)
    this.#filledAt = new Float64Array(entries)
    this.#excess = new Uint32Array(entries)
    this.#mask = entries / WAYS - 1
  }

  /**
   * What may be sent to this resolver now.
   *
   * @param now - milliseconds since the epoch.
   */
  check(resolver: DnsClient, category: RateCategory, now: number): RateVerdict {
    const rate = this.#limits.responsesPerSecond
    if (rate === 0 || this.#isExempt(resolver)) return 'send'
    const place = this.#bucket(resolver, category, now)
    const elapsed = Math.max(0, now - (this.#filledAt[place] ?? 0))
    const tokens = Math.min(rate, (this.#tokens[place] ?? 0) + (elapsed * rate) / 1000)
    this.#filledAt[place] = now
    if (tokens >= 1) {
      this.#tokens[place] = tokens - 1
      return 'send'
    }
    this.#tokens[place] = tokens
    return this.#beyond(place)
  }

  #beyond(place: number): RateVerdict {
    const { slip, leak } = this.#limits
    const excess = ((this.#excess[place] ?? 0) + 1) >>> 0
    this.#excess[place] = excess
    if (leak > 0 && excess % leak === 0) return 'send'
    return slip > 0 && excess % slip === 0 ? 'truncate' : 'drop'
  }

  #isExempt(resolver: DnsClient): boolean {
    const { exempt } = this.#limits
    if (exempt.length === 0) return false
    const address: Address = resolver.address()
    return exempt.some((prefix) => containsAddress(prefix, address))
  }

  /** The bucket of a network: its own, or one that has waited longest, filled. */
  #bucket({ version, words }: DnsClient, category: RateCategory, now: number): number {
    const bits = version === 4 ? this.#limits.v4Bits : this.#limits.v6Bits
    const first = ((words[0] ?? 0) & ~hostBits(bits)) >>> 0
    const second = version === 4 ? 0 : ((words[1] ?? 0) & ~hostBits(bits - 32)) >>> 0
    const tag = (category << 3) | version
    let hash = Math.imul(first ^ this.#seed, 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ second, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13) ^ tag, 0xc2b2ae35)
    const start = ((hash ^ (hash >>> 16)) & this.#mask) * WAYS
    let oldest = start
    for (let place = start; place < start + WAYS; place++) {
      const at = place * KEY_WORDS
      if (this.#keys[at] === tag && this.#keys[at + 1] === first && this.#keys[at + 2] === second) return place
      if ((this.#filledAt[place] ?? 0) < (this.#filledAt[oldest] ?? 0)) oldest = place
    }
    this.#keys[oldest * KEY_WORDS] = tag
    this.#keys[oldest * KEY_WORDS + 1] = first
    this.#keys[oldest * KEY_WORDS + 2] = second
    this.#tokens[oldest] = this.#limits.responsesPerSecond
    this.#filledAt[oldest] = now
    this.#excess[oldest] = 0
    return oldest
  }
}
