import { countryOf } from '../../fci/footprint-algebra.ts'
import type { ClientFacts, FootprintMatch } from '../../fci/match-footprint.ts'
import { asnMatch, countryMatch, GLOBAL_MATCH, prefixMatch, subdivisionMatch } from '../../fci/match-footprint.ts'
import { prefixOf } from '../../fci/prefix.ts'

/** How a footprint lets in every client of a decision class. */
export interface CoverageMatch {
  /** Position in the column's `footprints`. */
  readonly footprint: number
  readonly type: FootprintMatch['type']
  readonly prefixLength: number
  /**
   * As in `FootprintMatch`. Absent where the client's own facts tell it, which is always so but for footprints with
   * sources of their own: otherwise every prefix and every AS number would need a class.
   */
  readonly value?: string
}

/** The match as `matchFootprint` gives it for one client of the class, whose facts are those the map was made of. */
export function matchAt(match: CoverageMatch, client: ClientFacts): FootprintMatch {
  const { type, value, prefixLength } = match
  if (value !== undefined) return { type, value, prefixLength }
  switch (type) {
    case 'ipv4cidr':
    case 'ipv6cidr':
      return prefixMatch(prefixOf(client.address, prefixLength))
    case 'asn':
      return asnMatch(client.asn ?? 0)
    case 'subdivisioncode':
      return subdivisionMatch(client.subdivision ?? '')
    case 'countrycode':
      return countryMatch(countryOf(client) ?? '')
    case 'global':
      return GLOBAL_MATCH
  }
}
