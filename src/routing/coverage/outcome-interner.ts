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

/** Numbers the distinct outcomes of a column, from 0 in the order of their appearance. */
export class OutcomeInterner {
  readonly all: CoverageOutcome[] = []
  readonly #values = new Map<string, number>()
  readonly #chain = new PairInterner()
  readonly #numberOfChain = new Map<number, number>()

  intern(matches: readonly CoverageMatch[]): number {
    let link = 0
    for (const { footprint, type, prefixLength, value } of matches) {
      link = 1 + this.#chain.intern(link, footprint)
      link = 1 + this.#chain.intern(link, (this.#numberOfValue(value) * 256 + prefixLength) * 8 + TYPES[type])
    }
    let number = this.#numberOfChain.get(link)
    if (number === undefined) {
      number = this.all.length
      this.all.push({ matches })
      this.#numberOfChain.set(link, number)
    }
    return number
  }

  #numberOfValue(value: string | undefined): number {
    if (value === undefined) return 0
    const known = this.#values.get(value)
    if (known !== undefined) return known
    const number = this.#values.size + 1
    this.#values.set(value, number)
    return number
  }
}
