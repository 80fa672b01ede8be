import { countryOfSubdivision } from '../fci/footprint-algebra.ts'

/** What a source knows of an address. Codes in lower case, as in footprints. */
export interface GeoFacts {
  readonly asn?: number
  readonly country?: string
  readonly subdivision?: string
  /** Name of the source, or of those that contributed, joined by `+`. */
  readonly source: string
}

/** The facts of a more trusted source with what a less trusted one adds. */
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
