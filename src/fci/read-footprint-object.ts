import { isJsonList, isJsonObject, toJsonValue } from './canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from './conjunction-order.ts'
import type { Conjunction } from './footprint.ts'
import type { SourcedFact } from './footprint-source.ts'
import { canonicalPrefixesOf } from './prefix-set.ts'
import { readExpressions } from './read-expression-values.ts'
import type { SourcesReading } from './read-footprint-source.ts'
import { NO_SOURCES, readSources } from './read-footprint-source.ts'
import { readAsns, readCountries, readPrefixes, readSubdivisions } from './read-footprint-values.ts'
import { readNamedUris } from './read-named-uris.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/** One Footprint object as alternatives, each of a single type. No alternative: it holds for nobody. */
export interface Term {
  readonly type: string
  readonly anyOf: readonly Conjunction[]
}

/** What a footprintunion says of its members. */
interface Union {
  readonly sources: SourcesReading
}

/**
 * Reads one Footprint object (RFC 8006 4.2.2.2).
 * @param union - the footprintunion in which it stands, if it does.
 */
export function readTerm(object: unknown, pointer: string, reading: Reading, union?: Union): Term {
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
  const place = { type, pointer, reading, union, sources: sourcesOf(object, pointer, reading, union) }
  const run = readRun(type, `${pointer}/footprint-value`, reading)
  if (run !== undefined) return { type, anyOf: [run] }
  const values = readValueArray(object['footprint-value'], `${pointer}/footprint-value`, reading)
  return { type, anyOf: values === undefined ? [] : readValues(values, place) }
}

/** What the sources of an object are, its own or those of the union around it. */
function sourcesOf(
  object: { readonly [member: string]: unknown },
  pointer: string,
  reading: Reading,
  union: Union | undefined,
): SourcesReading {
  const own = readSources(object['footprint-source'], `${pointer}/footprint-source`, reading)
  const outer = union?.sources ?? NO_SOURCES
  if (own.kind === 'none') return outer
  if (outer.kind === 'none') return own
  reading.error(
    'footprint-source-twice',
    `${pointer}/footprint-source`,
    'the footprintunion around it names sources too; which are to be used is unknown, so it matches nobody',
  )
  return { kind: 'unusable', written: own.written }
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

interface Place {
  readonly type: string
  /** Of the Footprint object. */
  readonly pointer: string
  readonly reading: Reading
  readonly union: Union | undefined
  readonly sources: SourcesReading
}

function readValues(values: readonly unknown[], place: Place): readonly Conjunction[] {
  const { type, pointer, reading, union, sources } = place
  const at = `${pointer}/footprint-value`
  switch (type) {
    case 'ipv4cidr':
    case 'ipv6cidr':
      if (sources.kind !== 'none' && union === undefined) {
        reading.warn('footprint-source-needless', `${pointer}/footprint-source`, 'an address needs no data source')
      }
      return [{ prefixes: readPrefixes(values, type === 'ipv4cidr' ? 4 : 6, at, reading) }]
    case 'footprintunion':
      if (union === undefined) {
        return values.flatMap((member, i) => readTerm(member, `${at}/${i}`, reading, { sources }).anyOf)
      }
      reading.error(
        'footprintunion-nested',
        pointer,
        'a footprintunion inside a footprintunion (RFC 9388 2.2) is left out',
      )
      return []
    case 'named':
      if (sources.kind === 'none') return [{ named: [readNamedUris(values, at, reading)] }]
      reading.warn(
        'footprint-source-named',
        pointer,
        'the sources of a named footprint stand in its definition; it matches nobody',
      )
      return keepUnknown(values, place)
    case 'asn':
    case 'countrycode':
    case 'subdivisioncode':
    case 'expr':
      return sources.kind === 'unusable' ? keepUnknown(values, place) : readFacts(type, values, place)
    default:
      reading.warn(
        'footprint-type-unknown',
        pointer,
        `footprints of type ${quote(type)} are kept but match nobody (RFC 8008 4)`,
      )
      return keepUnknown(values, place)
  }
}

type FactType = 'asn' | 'countrycode' | 'subdivisioncode' | 'expr'

const FACT_OF: Readonly<Record<Exclude<FactType, 'expr'>, SourcedFact>> = {
  asn: 'asn',
  countrycode: 'country',
  subdivisioncode: 'subdivision',
}

/** Footprints whose values a data source has to tell. */
function readFacts(type: FactType, values: readonly unknown[], place: Place): readonly Conjunction[] {
  const { pointer, reading, sources } = place
  const conjunctions = readFactValues(type, values, `${pointer}/footprint-value`, reading)
  if (sources.kind !== 'usable') return conjunctions
  const given = new Set(sources.sources.flatMap(({ facts }) => facts))
  if (type !== 'expr' && !given.has(FACT_OF[type])) {
    const message = `none of the sources gives the fact of type ${quote(type)}; it matches nobody`
    reading.warn('footprint-source-lacks-fact', `${pointer}/footprint-source`, message)
  }
  return conjunctions.map(({ unknown, ...within }): Conjunction => {
    // An expression that could not be read.
    if (unknown !== undefined) return { unknown: unknown.map((one) => ({ ...one, source: sources.written })) }
    return { sourced: [{ sources: sources.sources, within: { kind: 'some', anyOf: [within] } }] }
  })
}

function readFactValues(
  type: FactType,
  values: readonly unknown[],
  at: string,
  reading: Reading,
): readonly Conjunction[] {
  switch (type) {
    case 'asn':
      return [{ asns: readAsns(values, at, reading) }]
    case 'countrycode':
      return [{ countries: readCountries(values, at, reading) }]
    case 'subdivisioncode':
      return [{ subdivisions: readSubdivisions(values, at, reading) }]
    case 'expr':
      return readExpressions(values, at, reading)
  }
}

function keepUnknown(values: readonly unknown[], { type, pointer, reading, sources }: Place): readonly Conjunction[] {
  const value = toJsonValue(values, MAX_OPAQUE_DEPTH)
  if (value === undefined) {
    const message = `the value of type ${quote(type)} is nested too deep; it matches nobody`
    reading.error('footprint-invalid', pointer, message)
    return []
  }
  return [{ unknown: [sources.kind === 'none' ? { type, value } : { type, value, source: sources.written }] }]
}
