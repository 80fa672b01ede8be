import { countryOfSubdivision } from '../fci/footprint-algebra.ts'
import type { Address } from '../fci/prefix.ts'

/** What a source knows of an address. Codes in lower case, as in footprints. */
export interface GeoFacts {
  readonly asn?: number
  readonly country?: string
  readonly subdivision?: string
  /** Name of the source, or of those that contributed, joined by `+`. */
  readonly source: string
}

/** Tells the AS number, country and subdivision of an address. */
export interface GeoSource {
  readonly name: string
  /** What this source, or each source of a stack, is made of. */
  readonly editions: readonly GeoEdition[]
  /** MUST be quick, synchronous and never throw; undefined if nothing is known. */
  readonly lookup: (address: Address) => GeoFacts | undefined
}

/** Which data a source serves, for operators and for decision records. */
export interface GeoEdition {
  readonly name: string
  /** Changes whenever the data does. */
  readonly version: string
  /** When the data was made, or last written if it does not say; milliseconds since the epoch. */
  readonly builtAt: number
  readonly entries: number
  /** What was wrong with the data and left out, in words; bounded. */
  readonly warnings: readonly string[]
}

/** Sources in order of trust: each fact comes from the first that knows it. */
export function stackGeoSources(sources: readonly GeoSource[]): GeoSource {
  return {
    name: sources.map(({ name }) => name).join('+'),
    editions: sources.flatMap(({ editions }) => editions),
    lookup: (address) => {
      let facts: GeoFacts | undefined
      for (const source of sources) {
        if (facts?.asn !== undefined && facts.country !== undefined && facts.subdivision !== undefined) break
        const found = source.lookup(address)
        if (found !== undefined) facts = facts === undefined ? completeCountry(found) : completeFacts(facts, found)
      }
      return facts
    },
  }
}

/** A source that knows nothing: only address footprints and global ones will match. */
export const NO_GEO: GeoSource = stackGeoSources([])

/** What a less trusted source adds. */
export function completeFacts(facts: GeoFacts, further: GeoFacts): GeoFacts {
  const asn = facts.asn === undefined ? further.asn : undefined
  const place = completeCountry(further)
  const country = facts.country === undefined ? place.country : undefined
  // A subdivision of another country contradicts the more trusted source.
  const agrees = facts.country === undefined || facts.country === place.country
  const subdivision = facts.subdivision === undefined && agrees ? place.subdivision : undefined
  if (asn === undefined && country === undefined && subdivision === undefined) return facts
  return {
    ...facts,
    ...(asn === undefined ? {} : { asn }),
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
    source: `${facts.source}+${further.source}`,
  }
}

/** The same with the country that the subdivision says. */
export function completeCountry(facts: GeoFacts): GeoFacts {
  return facts.subdivision === undefined ? facts : { ...facts, country: countryOfSubdivision(facts.subdivision) }
}
