import { isJsonList, isJsonObject } from './canonical-json.ts'
import { costOfProduct } from './conjunction-size.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { footprintOf, GLOBAL, multiplyConjunctions, NOBODY } from './footprint-algebra.ts'
import type { Term } from './read-footprint-object.ts'
import { readTerm } from './read-footprint-object.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/**
 * The `footprints` of an FCI Base Object (RFC 8008 5.1) as one canonical footprint.
 * Absent, null and empty mean everybody (RFC 9241 3.6); whatever cannot be understood holds for nobody.
 */
export function readFootprints(value: unknown, pointer: string, reading: Reading): Footprint {
  if (value === undefined || value === null) return GLOBAL
  let objects: readonly unknown[]
  if (isJsonList(value)) objects = value
  else if (reading.lenient && isJsonObject(value)) {
    reading.warn('footprints-not-array', pointer, 'a single Footprint object stands where an array belongs')
    objects = [value]
  } else {
    reading.error(
      'footprints-not-array',
      pointer,
      `${quote(value)} is not an array of Footprint objects; it matches nobody`,
    )
    return NOBODY
  }
  if (objects.length === 0) return GLOBAL

  reading.spendValues(objects.length, pointer)
  const terms = objects.map((object, i) => readTerm(object, `${pointer}/${i}`, reading))
  return combineTerms(terms, pointer, reading)
}

/** One Footprint object alone, such as the definition of a named footprint. */
export function readFootprint(object: unknown, pointer: string, reading: Reading): Footprint {
  return combineTerms([readTerm(object, pointer, reading)], pointer, reading)
}

function combineTerms(terms: readonly Term[], pointer: string, reading: Reading): Footprint {
  const conjunctions = reading.combination === 'or' ? widen(terms, pointer, reading) : narrow(terms, pointer, reading)
  if (conjunctions === undefined) {
    reading.error('footprint-too-complex', pointer, 'it takes too many combinations of footprints; it matches nobody')
    return NOBODY
  }
  if (conjunctions.length === 0) reading.warn('footprint-empty', pointer, 'these footprints together match nobody')
  return { kind: 'some', anyOf: conjunctions }
}

/** What peers mean who follow draft-arolovitch-cdni-named-footprints-01 1.3 against RFC 9388 2.2. */
function widen(terms: readonly Term[], pointer: string, reading: Reading): readonly Conjunction[] | undefined {
  if (terms.length > 1) {
    reading.warn(
      'footprint-combination-or',
      pointer,
      'read as alternatives, as set for this peer; RFC 9388 2.2 narrows',
    )
  }
  return joinAlternatives(
    terms.flatMap(({ anyOf }) => anyOf),
    reading,
  )
}

/** Different types narrow each other (RFC 9388 2.2); objects of one simple type are one list of alternatives. */
function narrow(terms: readonly Term[], pointer: string, reading: Reading): readonly Conjunction[] | undefined {
  const clauses: (readonly Conjunction[])[] = []
  const byType = new Map<string, Conjunction[]>()
  for (const { type, anyOf } of terms) {
    if (type === 'footprintunion') clauses.push(anyOf)
    else {
      const alternatives = byType.get(type) ?? []
      alternatives.push(...anyOf)
      byType.set(type, alternatives)
    }
  }
  joinFamilies(byType, clauses.length > 0, pointer, reading)
  clauses.push(...byType.values())

  let product: readonly Conjunction[] | undefined
  for (const clause of clauses) {
    const factors = joinAlternatives(clause, reading)
    if (factors === undefined) return undefined
    if (product === undefined) product = factors
    else {
      if (product.length * factors.length > reading.maxConjunctions) return undefined
      if (!reading.affords(costOfProduct(product, factors))) return undefined
      product = multiplyConjunctions(product, factors)
    }
  }
  return joinAlternatives(product ?? [], reading)
}

/** The canonical form of alternatives; undefined if too many of them cannot be joined. */
function joinAlternatives(alternatives: readonly Conjunction[], reading: Reading): readonly Conjunction[] | undefined {
  const unjoinable = alternatives.reduce((count, alternative) => count + (isJoinable(alternative) ? 0 : 1), 0)
  if (unjoinable > reading.maxConjunctions) return undefined
  const joined = footprintOf(alternatives)
  return joined.kind === 'some' ? joined.anyOf : undefined
}

function isJoinable({ unknown, excluded, expressions, sourced }: Conjunction): boolean {
  return unknown === undefined && excluded === undefined && expressions === undefined && sourced === undefined
}

/**
 * RFC 9388 Figure 2: `ipv4cidr` beside `ipv6cidr` is the null footprint, yet RFC 9241 3.7.2 prints just that for "either".
 * Lenient reading takes a list of exactly these two types as their union.
 */
function joinFamilies(
  byType: Map<string, Conjunction[]>,
  besideUnion: boolean,
  pointer: string,
  reading: Reading,
): void {
  const v4 = byType.get('ipv4cidr')
  const v6 = byType.get('ipv6cidr')
  if (v4 === undefined || v6 === undefined) return
  const advice = 'say "footprintunion" for either (RFC 9388 2.2)'
  if (reading.lenient && byType.size === 2 && !besideUnion) {
    reading.warn('footprint-null-v4v6', pointer, `ipv4cidr beside ipv6cidr matches nobody; read as either: ${advice}`)
    byType.delete('ipv6cidr')
    byType.set('ipv4cidr', [...v4, ...v6])
  } else reading.error('footprint-null-v4v6', pointer, `ipv4cidr beside ipv6cidr matches nobody: ${advice}`)
}
