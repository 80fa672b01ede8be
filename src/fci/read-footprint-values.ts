import { ASN_LIMIT, isCountryCode, isSubdivisionCode } from './footprint-codes.ts'
import type { Prefix } from './prefix.ts'
import { formatPrefix } from './prefix.ts'
import { PrefixColumns } from './prefix-columns.ts'
import { canonicalPrefixesOf } from './prefix-set.ts'
import type { PrefixRepair } from './read-prefix.ts'
import { readPrefix } from './read-prefix.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'

// A value that cannot be read is left out with an error: values are alternatives, so leaving one out only narrows.

/** The values of an `ipv4cidr` or `ipv6cidr` footprint (RFC 8006 4.3.5, 4.3.6), in canonical form. */
export function readPrefixes(
  values: readonly unknown[],
  version: 4 | 6,
  pointer: string,
  reading: Reading,
): readonly Prefix[] {
  const written = new PrefixColumns(version, values.length)
  // An IPv4-mapped prefix among `ipv6cidr` values is an IPv4 prefix.
  const unmapped = new PrefixColumns(4, 0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value === 'string' && written.addText(value)) continue
    const prefix = readOnePrefix(value, version, () => `${pointer}/${i}`, reading)
    if (prefix !== undefined) (prefix.version === version ? written : unmapped).add(prefix)
  }
  return canonicalPrefixesOf([unmapped, written])
}

function readOnePrefix(value: unknown, version: 4 | 6, at: () => string, reading: Reading): Prefix | undefined {
  if (typeof value !== 'string') {
    reading.error('prefix-invalid', at(), `${quote(value)} is not a CIDR block`)
    return undefined
  }
  const read = readPrefix(value)
  if (read.prefix === undefined) {
    reading.error('prefix-invalid', at(), `${quote(value)} is not a CIDR block: ${read.fault}`)
    return undefined
  }
  const { prefix, repairs } = read
  const written = repairs.includes('ipv4-mapped') ? 6 : prefix.version
  if (written !== version) {
    reading.error('prefix-family', at(), `${quote(value)} is IPv${written} among ipv${version}cidr values`)
    return undefined
  }
  for (const repair of repairs) {
    if (!reading.lenient && !ALLOWED_WHEN_STRICT.has(repair)) {
      reading.error(`prefix-${repair}`, at(), `${quote(value)}: ${REPAIRS[repair]}`)
      return undefined
    }
    reading.warn(`prefix-${repair}`, at(), `${quote(value)}: ${REPAIRS[repair]}; read as ${formatPrefix(prefix)}`)
  }
  return prefix
}

// Neither is forbidden by RFC 8006.
const ALLOWED_WHEN_STRICT: ReadonlySet<PrefixRepair> = new Set(['host-bits', 'ipv4-mapped'])

const REPAIRS: Readonly<Record<PrefixRepair, string>> = {
  'short-ipv4': 'it has fewer than four octets (RFC 8006 4.3.5)',
  'short-ipv6': 'it has fewer than eight groups and no "::" (RFC 8006 4.3.6)',
  'host-bits': 'it has bits set beyond its length',
  'without-length': 'it has no prefix length (RFC 8006 4.3.5, 4.3.6)',
  'ipv4-mapped': 'clients in IPv4-mapped form are matched as IPv4',
}

const ASN = /^as(\d{1,10})$/
const LOOSE_ASN = /^(?:as)?(\d{1,10})(?::([!-~]+))?$/i

/** The values of an `asn` footprint (RFC 8006 4.3.7). */
export function readAsns(values: readonly unknown[], pointer: string, reading: Reading): readonly number[] {
  const asns: number[] = []
  for (const [i, value] of values.entries()) {
    const asn = readOneAsn(value, () => `${pointer}/${i}`, reading)
    if (asn !== undefined) asns.push(asn)
  }
  return asns
}

function readOneAsn(value: unknown, at: () => string, reading: Reading): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const strict = typeof value === 'string' ? ASN.exec(value) : null
  const loose = typeof text === 'string' ? LOOSE_ASN.exec(text) : null
  const number = Number((strict ?? loose)?.[1] ?? Number.NaN)
  if (!(number <= ASN_LIMIT)) {
    reading.error('asn-invalid', at(), `${quote(value)} is not an AS number such as "as64496"`)
    return undefined
  }
  if (strict !== null) return number
  const say = reading.lenient ? reading.warn : reading.error
  const qualifier = loose?.[2]
  if (qualifier === undefined) {
    say('asn-form', at(), `${quote(value)} is to be written "as${number}" (RFC 8006 4.3.7)`)
    return reading.lenient ? number : undefined
  }
  if (reading.lenient && reading.qualifiersOf(number) > 1) {
    reading.error(
      'asn-qualifier-ambiguous',
      at(),
      `${quote(value)}: AS ${number} has several qualifiers in this document and no source tells them apart; it matches nobody`,
    )
    return undefined
  }
  say('asn-qualified', at(), `${quote(value)}: the qualifier has no meaning in an AS number; read as "as${number}"`)
  return reading.lenient ? number : undefined
}

/** AS number and qualifier of the form `1234:1`, if the value has it. */
export function splitQualifiedAsn(value: unknown): { asn: number; qualifier: string } | undefined {
  const match = typeof value === 'string' ? LOOSE_ASN.exec(value) : null
  const qualifier = match?.[2]
  return qualifier === undefined ? undefined : { asn: Number(match?.[1]), qualifier }
}

/** The values of a `countrycode` footprint (RFC 8006 4.3.8). */
export function readCountries(values: readonly unknown[], pointer: string, reading: Reading): readonly string[] {
  return readCodes(values, isCountryCode, 'country code such as "us"', 'country', pointer, reading)
}

/** The values of a `subdivisioncode` footprint (RFC 9388 2.1.1). */
export function readSubdivisions(values: readonly unknown[], pointer: string, reading: Reading): readonly string[] {
  return readCodes(values, isSubdivisionCode, 'subdivision code such as "us-ny"', 'subdivision', pointer, reading)
}

function readCodes(
  values: readonly unknown[],
  isCode: (text: string) => boolean,
  description: string,
  kind: 'country' | 'subdivision',
  pointer: string,
  reading: Reading,
): readonly string[] {
  const codes: string[] = []
  for (const [i, value] of values.entries()) {
    const lower = typeof value === 'string' ? value.toLowerCase() : ''
    if (!isCode(lower)) {
      reading.error(`${kind}-invalid`, `${pointer}/${i}`, `${quote(value)} is not a ${description}`)
    } else if (lower === value) codes.push(lower)
    else if (reading.lenient) {
      reading.warn(`${kind}-case`, `${pointer}/${i}`, `${quote(value)} is to be written in lower case`)
      codes.push(lower)
    } else reading.error(`${kind}-case`, `${pointer}/${i}`, `${quote(value)} is to be written in lower case`)
  }
  return codes
}
