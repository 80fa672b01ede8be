import type { FootprintMatch } from '../../fci/match-footprint.ts'
import type { CoverageOutcome } from './coverage-map.ts'

const TYPES = ['ipv4cidr', 'ipv6cidr', 'asn', 'subdivisioncode', 'countrycode', 'global'] as const
const CODES: Readonly<Record<FootprintMatch['type'], number>> = {
  ipv4cidr: 0,
  ipv6cidr: 1,
  asn: 2,
  subdivisioncode: 3,
  countrycode: 4,
  global: 5,
}

/** The outcomes of a column as numbers, which cross threads and lie in files without an object each. */
export interface OutcomeColumns {
  /** Outcome `i` is told by the matches from `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Uint32Array
  readonly footprints: Uint32Array
  /** Type in 3 bits, prefix length in 8, and in the rest the position of the value plus one, or 0 for none. */
  readonly hows: Uint32Array
  readonly values: readonly string[]
}

/** A match as one of `hows`. */
export function codeOfMatch(type: FootprintMatch['type'], prefixLength: number, value: number): number {
  return CODES[type] + 8 * (prefixLength + 256 * value)
}

/** Reads outcomes back, each when it is first asked for and then as the same object. */
export function outcomeReader(columns: OutcomeColumns): (number: number) => CoverageOutcome | undefined {
  const { offsets, footprints, hows, values } = columns
  const known: (CoverageOutcome | undefined)[] = []
  return (number) => {
    const held = known[number]
    if (held !== undefined || !(number >= 0 && number < offsets.length - 1)) return held
    const matches: CoverageOutcome['matches'][number][] = []
    for (let at = offsets[number] ?? 0; at < (offsets[number + 1] ?? 0); at++) {
      const how = hows[at] ?? 0
      const value = values[(how >>> 11) - 1]
      matches.push({
        footprint: footprints[at] ?? 0,
        type: TYPES[how & 7] ?? 'global',
        prefixLength: (how >>> 3) & 255,
        ...(value !== undefined && { value }),
      })
    }
    const outcome = { matches }
    known[number] = outcome
    return outcome
  }
}
