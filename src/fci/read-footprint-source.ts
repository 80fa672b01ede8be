import { isJsonList, isJsonObject, toJsonValue } from './canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from './conjunction-order.ts'
import type { FootprintSource, SourcedFact } from './footprint-source.ts'
import { canonicalSources } from './footprint-source.ts'
import { isWebUri, MAX_URI_LENGTH } from './read-named-uris.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

/** What stands in `footprint-source`; of sources that cannot all be used, none may be (RFC 8008 4, [NF] 3.2). */
export type SourcesReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'usable'; readonly sources: readonly FootprintSource[]; readonly written: unknown }
  | { readonly kind: 'unusable'; readonly written: unknown }

export const NO_SOURCES: SourcesReading = { kind: 'none' }

const FACTS: ReadonlyMap<string, SourcedFact> = new Map([
  ['country', 'country'],
  ['asn', 'asn'],
  ['subdivisioncode', 'subdivision'],
])

/** Reads the `footprint-source` of a Footprint object ([NF] 3.2): without any, any source will do. */
export function readSources(value: unknown, pointer: string, reading: Reading): SourcesReading {
  if (value === undefined || value === null) return NO_SOURCES
  const written = toJsonValue(value, MAX_OPAQUE_DEPTH)
  if (written === undefined) {
    reading.error('footprint-source-invalid', pointer, 'it is nested too deep; the footprint matches nobody')
    return { kind: 'unusable', written: null }
  }
  let items: readonly unknown[]
  if (isJsonList(value)) items = value
  else if (reading.lenient && isJsonObject(value)) {
    reading.warn('footprint-source-not-array', pointer, 'a single source stands where an array belongs ([NF] 3.2)')
    items = [value]
  } else {
    reading.error('footprint-source-invalid', pointer, `${quote(value)} is not an array; the footprint matches nobody`)
    return { kind: 'unusable', written }
  }
  if (items.length === 0) return NO_SOURCES
  reading.spendValues(items.length, pointer)
  const sources: FootprintSource[] = []
  for (const [i, item] of items.entries()) {
    const source = readSource(item, isJsonList(value) ? `${pointer}/${i}` : pointer, reading)
    if (source !== undefined) sources.push(source)
  }
  if (sources.length < items.length) return { kind: 'unusable', written }
  return { kind: 'usable', sources: canonicalSources(sources), written }
}

/** A FootprintSource ([NF] 3.3.3); undefined, with the reason reported, if we cannot use it. */
function readSource(item: unknown, pointer: string, reading: Reading): FootprintSource | undefined {
  const { 'footprint-source-type': given, 'footprint-source-uri': uri } = isJsonObject(item) ? item : {}
  const fail = (member: string, found: unknown, wanted: string): undefined => {
    const message = `${quote(found)} is not ${wanted}; the footprint matches nobody`
    reading.error('footprint-source-invalid', member === '' ? pointer : `${pointer}/${member}`, message)
  }
  if (!isJsonObject(item)) return fail('', item, 'a source object')
  if (typeof given !== 'string') return fail('footprint-source-type', given, 'a source type')
  const type = reading.lenient ? given.toLowerCase() : given
  if (type !== 'rfc8805' && type !== 'private') {
    const message = `sources of type ${quote(given)} are kept, but what depends on them matches nobody`
    reading.warn('footprint-source-unknown', `${pointer}/footprint-source-type`, message)
    return undefined
  }
  if (type !== given) {
    reading.warn('footprint-source-case', `${pointer}/footprint-source-type`, `it is to be written "${type}"`)
  }
  if (type === 'rfc8805' && !isWebUri(uri)) return fail('footprint-source-uri', uri, 'an absolute http or https URI')
  if (typeof uri !== 'string' || uri === '' || uri.length > MAX_URI_LENGTH) {
    return fail('footprint-source-uri', uri, 'a URI')
  }
  if (type === 'rfc8805' && uri.startsWith('http:')) {
    const message = 'a feed fetched without TLS may be forged on its way (RFC 8805 3.1)'
    reading.warn('footprint-source-insecure', `${pointer}/footprint-source-uri`, message)
  }
  const facts = readFacts(
    item['footprint-source-footprint-type'],
    `${pointer}/footprint-source-footprint-type`,
    reading,
  )
  return facts && { type, uri, facts }
}

function readFacts(value: unknown, pointer: string, reading: Reading): readonly SourcedFact[] | undefined {
  let names: readonly unknown[]
  if (isJsonList(value)) names = value
  else if (reading.lenient && typeof value === 'string') {
    reading.warn('footprint-source-types-not-array', pointer, `${quote(value)} is to be an array ([NF] 3.3.3)`)
    names = [value]
  } else {
    const message = `${quote(value)} is not an array of footprint types; the footprint matches nobody`
    reading.error('footprint-source-invalid', pointer, message)
    return undefined
  }
  reading.spendValues(names.length, pointer)
  const facts = new Set<SourcedFact>()
  for (const [i, name] of names.entries()) {
    const fact = readFact(name, `${pointer}/${i}`, reading)
    if (fact !== undefined) facts.add(fact)
  }
  return [...facts].sort()
}

function readFact(name: unknown, pointer: string, reading: Reading): SourcedFact | undefined {
  const fact = typeof name === 'string' ? FACTS.get(name) : undefined
  if (fact !== undefined) return fact
  if (reading.lenient && name === 'countrycode') {
    reading.warn('footprint-source-countrycode', pointer, '[NF] 3.3.3 calls this "country" here')
    return 'country'
  }
  const message = `${quote(name)} is none of "country", "asn", "subdivisioncode"; the source tells nothing of it`
  reading.warn('footprint-source-fact-unknown', pointer, message)
  return undefined
}
