import type { FootprintMatch } from '../../fci/match-footprint.ts'
import { PairInterner } from '../pair-interner.ts'
import type { CoverageOutcome } from './coverage-map.ts'
import type { CoverageMatch } from './coverage-match.ts'

const TYPES: Readonly<Record<FootprintMatch['type'], number>> = {
  ipv4cidr: 0,
  ipv6cidr: 1,
  asn: 2,
  subdivisioncode: 3,
  countrycode: 4,
  global: 5,
}

/** Matches in all outcomes of a column together: what fits into memory beside everything else. */
const MAX_MATCHES = 4_000_000

/** A column whose footprints cut the address space into too many different pieces. */
export class CoverageLimitError extends Error {
  constructor() {
    super(`its footprints overlap in so many ways that their outcomes hold more than ${MAX_MATCHES} matches`)
    this.name = 'CoverageLimitError'
  }
}

/**
 * Numbers the distinct outcomes of a column, from 0 in the order of their appearance. An outcome is told match by match
 * between `begin` and `end`; objects are made only of those never seen before.
 */
export class OutcomeInterner {
  readonly all: CoverageOutcome[] = []
  readonly #values = new Map<string, number>()
  readonly #chain = new PairInterner()
  /** By link of the chain, plus one; 0 for none. */
  readonly #numbers: number[] = []
  readonly #footprints: number[] = []
  readonly #hows: Omit<CoverageMatch, 'footprint'>[] = []
  #count = 0
  #link = 0
  #total = 0

  begin(): void {
    this.#count = 0
    this.#link = 0
  }

  add(footprint: number, how: Omit<CoverageMatch, 'footprint'>): void {
    this.#footprints[this.#count] = footprint
    this.#hows[this.#count++] = how
    const value = how.value === undefined ? 0 : this.#numberOfValue(how.value)
    const inFootprint = 1 + this.#chain.intern(this.#link, footprint)
    this.#link = 1 + this.#chain.intern(inFootprint, (value * 256 + how.prefixLength) * 8 + TYPES[how.type])
  }

  /** The number of the outcome told since `begin`. Throws CoverageLimitError. */
  end(): number {
    while (this.#numbers.length <= this.#link) this.#numbers.push(-1)
    let number = this.#numbers[this.#link] ?? -1
    if (number < 0) {
      number = this.all.length
      this.#total += this.#count
      if (this.#total > MAX_MATCHES) throw new CoverageLimitError()
      const hows = this.#hows.slice(0, this.#count)
      this.all.push({ matches: hows.map((how, i) => ({ footprint: this.#footprints[i] ?? 0, ...how })) })
      this.#numbers[this.#link] = number
    }
    return number
  }

  #numberOfValue(value: string): number {
    const known = this.#values.get(value)
    if (known !== undefined) return known
    const number = this.#values.size + 1
    this.#values.set(value, number)
    return number
  }
}
