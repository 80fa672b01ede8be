import { isJsonList, isJsonObject, toJsonValue } from './canonical-json.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { footprintOf, GLOBAL, MAX_OPAQUE_DEPTH, multiplyConjunctions, NOBODY } from './footprint-algebra.ts'
import { canonicalPrefixesOf } from './prefix-set.ts'
import { readExpressions } from './read-expression-values.ts'
import { readAsns, readCountries, readPrefixes, readSubdivisions } from './read-footprint-values.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/** One Footprint object as alternatives, each of a single type. No alternative: it holds for nobody. */
interface Term {
  readonly type: string
  readonly anyOf: readonly Conjunction[]
}

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
  const terms = objects.map((object, i) => readTerm(object, `${pointer}/${i}`, reading, false))
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
      if (!reading.affords(sizeOf(product) * factors.length + sizeOf(factors) * product.length)) return undefined
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

function isJoinable({ unknown, excluded, expressions }: Conjunction): boolean {
  return unknown === undefined && excluded === undefined && expressions === undefined
}

function sizeOf(conjunctions: readonly Conjunction[]): number {
  let size = 0
  for (const { prefixes, asns, countries, subdivisions, excluded = {}, expressions, unknown } of conjunctions) {
    for (const values of [prefixes, asns, countries, subdivisions, expressions, unknown]) size += values?.length ?? 0
    for (const values of [excluded.prefixes, excluded.asns, excluded.countries, excluded.subdivisions]) {
      size += values?.length ?? 0
    }
  }
  return size
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

function readTerm(object: unknown, pointer: string, reading: Reading, inUnion: boolean): Term {
  if (!isJsonObject(object)) {
    reading.error('footprint-invalid', pointer, `${quote(object)} is not a Footprint object; it matches nobody`)
    return { type: 'invalid', anyOf: [] }
  }
  const given = object['footprint-type']
  if (typeof given !== 'string') {
    reading.error(
      'footprint-invalid',
      `${pointer}/footprint-type`,
      `${quote(given)} is not a footprint type; it matches nobody`,
    )
    return { type: 'invalid', anyOf: [] }
  }
  const type = readType(given, `${pointer}/footprint-type`, reading)
  if (object['footprint-source'] !== undefined) {
    reading.warn(
      'footprint-source-ignored',
      `${pointer}/footprint-source`,
      'facts come from our own sources, not from the one named',
    )
  }
  const run = readRun(type, `${pointer}/footprint-value`, reading)
  if (run !== undefined) return { type, anyOf: [run] }
  const values = readValueArray(object['footprint-value'], `${pointer}/footprint-value`, reading)
  return { type, anyOf: values === undefined ? [] : readValues(type, values, pointer, reading, inUnion) }
}

/** Prefixes that were read from the text already. */
function readRun(type: string, pointer: string, reading: Reading): Conjunction | undefined {
  if (type !== 'ipv4cidr' && type !== 'ipv6cidr') return undefined
  const run = reading.takeRun(pointer, type === 'ipv4cidr' ? 4 : 6)
  if (run === undefined) return undefined
  reading.spendValues(run.count, pointer)
  return { prefixes: canonicalPrefixesOf([run]) }
}

function readType(given: string, pointer: string, reading: Reading): string {
  if (!reading.lenient) return given
  const lower = given.toLowerCase()
  if (lower === 'country') {
    reading.warn('footprint-type-country', pointer, `${quote(given)} is to be written "countrycode" (RFC 8006 4.3.8)`)
    return 'countrycode'
  }
  if (lower === given || !KNOWN_TYPES.has(lower)) return given
  reading.warn('footprint-type-case', pointer, `${quote(given)} is to be written in lower case (RFC 8006 4.2.2.2)`)
  return lower
}

const KNOWN_TYPES: ReadonlySet<string> = new Set([
  'ipv4cidr',
  'ipv6cidr',
  'asn',
  'countrycode',
  'subdivisioncode',
  'footprintunion',
  'named',
  'expr',
  'altopid',
])

function readValueArray(value: unknown, pointer: string, reading: Reading): readonly unknown[] | undefined {
  if (isJsonList(value)) {
    if (value.length === 0) reading.warn('footprint-value-empty', pointer, 'an empty list of values matches nobody')
    reading.spendValues(value.length, pointer)
    return value
  }
  if (reading.lenient && (typeof value === 'string' || typeof value === 'number')) {
    reading.warn('footprint-value-not-array', pointer, `${quote(value)} is to be an array (RFC 8006 4.2.2.2)`)
    return [value]
  }
  reading.error('footprint-value-not-array', pointer, `${quote(value)} is not an array; it matches nobody`)
  return undefined
}

function readValues(
  type: string,
  values: readonly unknown[],
  pointer: string,
  reading: Reading,
  inUnion: boolean,
): readonly Conjunction[] {
  const at = `${pointer}/footprint-value`
  switch (type) {
    case 'ipv4cidr':
      return [{ prefixes: readPrefixes(values, 4, at, reading) }]
    case 'ipv6cidr':
      return [{ prefixes: readPrefixes(values, 6, at, reading) }]
    case 'asn':
      return [{ asns: readAsns(values, at, reading) }]
    case 'countrycode':
      return [{ countries: readCountries(values, at, reading) }]
    case 'subdivisioncode':
      return [{ subdivisions: readSubdivisions(values, at, reading) }]
    case 'expr':
      return readExpressions(values, at, reading)
    case 'footprintunion':
      if (!inUnion) return values.flatMap((member, i) => readTerm(member, `${at}/${i}`, reading, true).anyOf)
      reading.error(
        'footprintunion-nested',
        pointer,
        'a footprintunion inside a footprintunion (RFC 9388 2.2) is left out',
      )
      return []
    default:
      return readUnknown(type, values, pointer, reading)
  }
}

function readUnknown(
  type: string,
  values: readonly unknown[],
  pointer: string,
  reading: Reading,
): readonly Conjunction[] {
  const value = toJsonValue(values, MAX_OPAQUE_DEPTH)
  if (value === undefined) {
    reading.error(
      'footprint-invalid',
      pointer,
      `the value of type ${quote(type)} is nested too deep; it matches nobody`,
    )
    return []
  }
  reading.warn(
    'footprint-type-unknown',
    pointer,
    `footprints of type ${quote(type)} are kept but match nobody (RFC 8008 4)`,
  )
  return [{ unknown: [{ type, value }] }]
}
