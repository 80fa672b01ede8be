import type { FactInterner, FactTable } from './fact-table.ts'
import type { GeoFacts } from './geo-facts.ts'
import { PairInterner } from './pair-interner.ts'

/** What becomes of two places, given whether an AS number is known beside each; -1 stands for any AS number. */
export type ChangePlaces = (a: number, b: number, hasAsnA: boolean, hasAsnB: boolean) => GeoFacts | undefined

/** The facts of a place, with AS number 0 in place of whatever one is known. */
export function factsOfPlace({ places }: FactTable, place: number, hasAsn: boolean): GeoFacts | undefined {
  const found = places[place]
  if (found === undefined || found.source === '') return undefined
  return hasAsn ? { asn: 0, ...found } : found
}

interface ChangedPlace {
  readonly place: number
  /** Whose AS number goes with it; undefined: nothing is known at all. */
  readonly asnOf: 'a' | 'b' | 'nobody' | undefined
}

/**
 * Rewrites facts by their places alone: there are few hundred of those, and a hundred thousand AS numbers beside them.
 */
export class PlaceChanges {
  readonly #interner: FactInterner
  readonly #change: ChangePlaces
  readonly #pairs = new PairInterner()
  readonly #changed: ChangedPlace[] = []

  constructor(interner: FactInterner, change: ChangePlaces) {
    this.#interner = interner
    this.#change = change
  }

  /** The number of what the change makes of these facts; an AS number below 0 is unknown. */
  intern(placeA: number, asnA: number, placeB: number, asnB: number): number {
    const pair = this.#pairs.intern(placeA * 2 + (asnA < 0 ? 0 : 1), placeB * 2 + (asnB < 0 ? 0 : 1))
    const { place, asnOf } = (this.#changed[pair] ??= this.#changePlaces(placeA, placeB, asnA >= 0, asnB >= 0))
    switch (asnOf) {
      case undefined:
        return 0
      case 'a':
        return this.#interner.internAsn(asnA, place)
      case 'b':
        return this.#interner.internAsn(asnB, place)
      case 'nobody':
        return this.#interner.internAsn(undefined, place)
    }
  }

  #changePlaces(a: number, b: number, hasAsnA: boolean, hasAsnB: boolean): ChangedPlace {
    const facts = this.#change(a, b, hasAsnA, hasAsnB)
    if (facts === undefined || (facts.asn === undefined && facts.country === undefined)) {
      return { place: 0, asnOf: undefined }
    }
    const place = this.#interner.internPlace(facts.country, facts.subdivision, facts.source)
    return { place, asnOf: facts.asn === undefined ? 'nobody' : hasAsnA ? 'a' : 'b' }
  }
}
