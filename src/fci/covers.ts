import { addressesOf, exampleOf, subtractAddresses } from './address-set.ts'
import { expressionReach } from './expression-reach.ts'
import type { Conjunction, Footprint, SourcedConstraint } from './footprint.ts'
import { NOBODY } from './footprint-algebra.ts'
import type { SourcedFacts } from './footprint-source.ts'
import { textOfSources } from './footprint-source.ts'
import type { ClientFacts } from './match-footprint.ts'
import { isMatchable, matchFootprint } from './match-footprint.ts'
import type { Address } from './prefix.ts'
import { lastValue } from './prefix.ts'
import { ALL_PREFIXES } from './prefix-set.ts'
import { subtractWherePossible } from './subtract-footprints.ts'

export type Answer = 'yes' | 'no' | 'unknown'

/** An AS number and codes that nobody has been given, for clients that are nowhere in particular. */
const OTHER_ASN = 4_294_967_294
const OTHER_COUNTRY = 'zz'
const OTHER_SUBDIVISION = 'zz-zz'
const MAX_CONJUNCTIONS = 256
const MAX_CHOICES = 4
const MAX_CLIENTS = 512

/**
 * Whether a footprint holds every client of another, whatever is known of them. `unknown` where only evaluating
 * expressions for every client could tell, or where references are not resolved.
 */
export function covers(wide: Footprint, narrow: Footprint): Answer {
  const left = subtractWherePossible(narrow, wide)
  const pieces = left === undefined || left.kind === 'global' ? undefined : left.anyOf.filter(mayHold)
  if (pieces?.length === 0) return 'yes'
  return findClientOutside(wide, narrow, pieces) === undefined ? 'unknown' : 'no'
}

/** Whether a footprint holds nobody. */
export function isEmpty(footprint: Footprint): Answer {
  return covers(NOBODY, footprint)
}

/** Unknown constraints hold for nobody; references left unresolved may come to hold. */
function mayHold({ unknown }: Conjunction): boolean {
  return unknown === undefined
}

/**
 * A client of the second footprint that is not in the first, if one is found among those who have just the facts that
 * they need.
 * @param pieces - where to look.
 */
function findClientOutside(
  wide: Footprint,
  narrow: Footprint,
  pieces: readonly Conjunction[] = narrow.kind === 'global' ? [{ prefixes: ALL_PREFIXES }] : narrow.anyOf,
): ClientFacts | undefined {
  let tried = 0
  for (const piece of pieces.slice(0, MAX_CONJUNCTIONS)) {
    if (!isMatchable(piece)) continue
    for (const client of likelyClients(piece)) {
      if (++tried > MAX_CLIENTS) return undefined
      if (matchFootprint(narrow, client) !== undefined && matchFootprint(wide, client) === undefined) return client
    }
  }
  return undefined
}

/** Clients that a conjunction may hold. */
function* likelyClients(conjunction: Conjunction): Generator<ClientFacts> {
  for (const address of likelyAddresses(conjunction)) {
    for (const facts of likelyFacts(conjunction)) {
      for (const under of likelyUnder(conjunction.sourced ?? [])) yield { address, ...facts, under }
    }
  }
}

function likelyAddresses({ prefixes = ALL_PREFIXES, excluded, expressions = [] }: Conjunction): readonly Address[] {
  const named = expressions.flatMap((text) => expressionReach(text).prefixes)
  const tried: Address[] = []
  for (const prefix of [...prefixes.slice(0, MAX_CHOICES), ...named.slice(0, MAX_CHOICES)]) {
    const left = subtractAddresses(addressesOf([prefix]), addressesOf(excluded?.prefixes ?? []))
    const example = exampleOf(left)
    if (example !== undefined) tried.push(example)
    tried.push({ version: prefix.version, value: lastValue(prefix) })
  }
  return tried
}

function* likelyFacts({
  asns,
  countries,
  subdivisions,
  excluded = {},
  expressions = [],
}: Conjunction): Generator<SourcedFacts> {
  const reaches = expressions.map(expressionReach)
  const asks = (fact: 'ep.asn' | 'ep.country' | 'ep.subdivision') => reaches.some(({ facts }) => facts.has(fact))
  const asnChoices = choose(asns, excluded.asns !== undefined || asks('ep.asn'), [
    OTHER_ASN,
    ...reaches.flatMap((reach) => (reach.asns === 'all' ? [1, 2, 64_496, 4_200_000_000] : [...reach.asns])),
  ])
  const countryChoices = choose(countries, excluded.countries !== undefined || asks('ep.country'), [
    OTHER_COUNTRY,
    ...reaches.flatMap((reach) => (reach.countries === 'all' ? ['aa', 'us'] : [...reach.countries])),
  ])
  const subdivisionChoices = choose(subdivisions, excluded.subdivisions !== undefined || asks('ep.subdivision'), [
    OTHER_SUBDIVISION,
    ...(countries ?? []).slice(0, MAX_CHOICES).map((country) => `${country}-zz`),
    ...reaches.flatMap((reach) => (reach.subdivisions === 'all' ? ['us-ny'] : [...reach.subdivisions])),
  ])
  for (const asn of asnChoices) {
    for (const country of countryChoices) {
      for (const subdivision of subdivisionChoices) {
        yield {
          ...(asn !== undefined && { asn }),
          ...(country !== undefined && { country }),
          ...(subdivision !== undefined && { subdivision }),
        }
      }
    }
  }
}

/** Values to be tried of a fact: those that are listed, others if it must be known, and none if it need not be. */
function choose<T>(
  listed: readonly T[] | undefined,
  isAsked: boolean,
  others: readonly T[],
): readonly (T | undefined)[] {
  if (listed !== undefined) return listed.slice(0, MAX_CHOICES)
  return isAsked ? [...others.slice(0, 3 * MAX_CHOICES), undefined] : [undefined]
}

/** What sources may say such that their constraints hold. */
function* likelyUnder(sourced: readonly SourcedConstraint[]): Generator<NonNullable<ClientFacts['under']>> {
  const [first, ...others] = sourced
  if (first === undefined) {
    yield () => ({})
    return
  }
  const inside = first.within.kind === 'global' ? [] : first.within.anyOf.slice(0, MAX_CHOICES)
  for (const facts of inside.flatMap((conjunction) => [...likelyFacts(conjunction)])) {
    for (const rest of likelyUnder(others)) {
      yield (sources) => (textOfSources(sources) === textOfSources(first.sources) ? facts : rest(sources))
    }
  }
}
