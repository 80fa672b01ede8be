import { countryOf } from '../fci/footprint-algebra.ts'
import type { GeoFacts } from './geo-facts.ts'
import { PairInterner } from './pair-interner.ts'

/** Distinct facts, numbered; number 0 is "nothing known". Plain arrays, so that it crosses threads as it is. */
export interface FactTable {
  /** -1 for unknown. */
  readonly asns: Float64Array
  /** Positions in `places`. */
  readonly placeOf: Uint32Array
  readonly places: readonly Place[]
}

/** What is known besides the AS number, and by whom. */
export interface Place {
  readonly country?: string
  readonly subdivision?: string
  /** Empty for nobody. */
  readonly source: string
}

export function factCount(table: FactTable): number {
  return table.asns.length
}

/** The facts of a number; undefined for nothing. */
export function factsAt(table: FactTable, number: number): GeoFacts | undefined {
  const asn = table.asns[number] ?? -1
  const place = table.places[table.placeOf[number] ?? 0]
  if (place === undefined || place.source === '') return undefined
  return asn < 0 ? place : { asn, ...place }
}

/** Numbers facts in the order of their appearance. */
export class FactInterner {
  readonly #places: Place[] = [{ source: '' }]
  readonly #numberOfPlace = new Map<string, number>()
  /** AS number, and twice the place plus whether the AS number is known. */
  readonly #facts = new PairInterner(1024)

  constructor() {
    this.#facts.intern(0, 0)
  }

  /** The number of these facts; 0 for those that say nothing. */
  intern(facts: GeoFacts | undefined): number {
    if (facts === undefined) return 0
    const { asn, subdivision } = facts
    const country = countryOf(facts)
    if (asn === undefined && country === undefined) return 0
    return this.internAsn(asn, this.internPlace(country, subdivision, facts.source))
  }

  /** The number of a place, for `internAsn`. */
  internPlace(country: string | undefined, subdivision: string | undefined, source: string): number {
    const key = `${country ?? ''},${subdivision ?? ''},${source}`
    const known = this.#numberOfPlace.get(key)
    if (known !== undefined) return known
    const number = this.#places.length
    this.#places.push({ ...(country && { country }), ...(subdivision && { subdivision }), source })
    this.#numberOfPlace.set(key, number)
    return number
  }

  internAsn(asn: number | undefined, place: number): number {
    return this.#facts.intern(asn ?? 0, place * 2 + (asn === undefined ? 0 : 1))
  }

  build(): FactTable {
    const { count } = this.#facts
    const asns = new Float64Array(count)
    const placeOf = new Uint32Array(count)
    for (let number = 0; number < count; number++) {
      const second = this.#facts.second(number)
      asns[number] = (second & 1) === 1 ? this.#facts.first(number) : -1
      placeOf[number] = second >>> 1
    }
    return { asns, placeOf, places: this.#places }
  }
}
