import countries from 'i18n-iso-countries'
import type { Prefix } from '../fci/prefix.ts'
import { formatPrefix } from '../fci/prefix.ts'
import { comparePrefixes } from '../fci/prefix-set.ts'
import { readPrefix } from '../fci/read-prefix.ts'
import { parseGeoCsv, splitCells } from './geo-csv.ts'
import { GeoFileError } from './geo-file-error.ts'

/** What is wrong or doubtful in a line of a geofeed (RFC 8805). */
export interface GeofeedFinding {
  readonly severity: 'error' | 'warning'
  readonly code: GeofeedCode
  /** From 1; absent for the feed as a whole. */
  readonly line?: number
  readonly message: string
  readonly clause: string
  readonly explanation: string
}

export interface GeofeedReport {
  readonly kind: 'geofeed'
  /** At most 1000, in the order of the feed. */
  readonly findings: readonly GeofeedFinding[]
  readonly errors: number
  readonly warnings: number
  /** Entries that are used. */
  readonly entries: number
  /** Entries that are discarded (RFC 8805 2.1.3). */
  readonly discarded: number
  /** Whether a broker would use the feed at all. */
  readonly isUsable: boolean
  /** Entries that say "no geolocation" (RFC 8805 2.1.2). */
  readonly withoutLocation: number
  readonly prefixes: readonly Prefix[]
  /** Entries by country, most first. */
  readonly countries: readonly (readonly [country: string, entries: number])[]
  readonly subdivisions: number
}

const RULES = {
  'geofeed-not-used': { clause: 'ours', explanation: 'a broker keeps the last good feed instead of this one' },
  'geofeed-prefix-invalid': {
    clause: 'RFC 8805 2.1.3',
    explanation: 'entries without a valid prefix MUST be discarded',
  },
  'geofeed-prefix-short': { clause: 'RFC 4632 3.1', explanation: 'an address has all its octets or groups' },
  'geofeed-host-bits': { clause: 'RFC 4632 3.1', explanation: 'bits beyond the prefix length are zero' },
  'geofeed-ipv4-mapped': { clause: 'RFC 4291 2.5.5', explanation: 'IPv4-mapped addresses are looked up as IPv4' },
  'geofeed-prefix-repeated': { clause: 'RFC 8805 2.1.3', explanation: 'duplicate entries MUST be considered an error' },
  'geofeed-country-invalid': {
    clause: 'RFC 8805 2.1.1.2',
    explanation: 'a country is an ISO 3166-1 code of two letters',
  },
  'geofeed-country-unassigned': {
    clause: 'RFC 8805 2.1.1.2',
    explanation: 'ISO 3166-1 assigns the code to no country',
  },
  'geofeed-country-zz': { clause: 'RFC 8805 2.1.2', explanation: 'blank fields say that there is no geolocation' },
  'geofeed-region-invalid': { clause: 'RFC 8805 2.1.1.3', explanation: 'a region is an ISO 3166-2 code such as US-AL' },
  'geofeed-region-mismatch': { clause: 'RFC 8805 2.1.1.3', explanation: 'an ISO 3166-2 code begins with its country' },
  'geofeed-region-alone': {
    clause: 'RFC 8805 2.1.1.2',
    explanation: 'the country is blank; that of the region is taken',
  },
  'geofeed-postal-code': { clause: 'RFC 8805 2.1.1.5', explanation: 'new feeds SHOULD NOT have postal codes' },
  'geofeed-few-fields': { clause: 'RFC 8805 2.1', explanation: 'the minimum number of commas SHOULD be present' },
  'geofeed-many-fields': { clause: 'RFC 8805 2.1.3', explanation: 'fields beyond the fifth are ignored' },
  'geofeed-header': { clause: 'RFC 8805 2.1', explanation: 'every line that is no comment is an entry' },
  'geofeed-text': {
    clause: 'RFC 8805 2.1',
    explanation: 'feeds MUST use UTF-8; a byte order mark or U+FFFD is a sign of another tool',
  },
} as const

export type GeofeedCode = keyof typeof RULES

const MAX_FINDINGS = 1000
/** A line as long as this is no entry. */
const MAX_LINE = 4096

/** Judges a geofeed line by line, by the same reading of lines as `parseGeoCsv`. */
export function lintGeofeed(text: string, name: string): GeofeedReport {
  const findings: GeofeedFinding[] = []
  let [errors, warnings] = [0, 0]
  const report = (
    severity: GeofeedFinding['severity'],
    code: GeofeedCode,
    line: number | undefined,
    message: string,
  ) => {
    if (severity === 'error') errors++
    else warnings++
    if (findings.length >= MAX_FINDINGS) return
    findings.push({ severity, code, ...(line === undefined ? {} : { line }), message, ...RULES[code] })
  }
  const entries: Entry[] = []
  let discarded = 0
  if (text.startsWith('\uFEFF')) report('warning', 'geofeed-text', 1, 'it begins with a byte order mark')
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const content = withoutComment(raw)
    if (content === '') continue
    const faults: Fault[] = []
    const entry = readEntry(content, i + 1, faults)
    for (const [severity, code, message] of faults) report(severity, code, i + 1, message)
    if (entry === undefined) discarded++
    else entries.push(entry)
  }
  for (const [first, second] of repeatedEntries(entries)) {
    const message = `${formatPrefix(second.prefix)} is on line ${first.line} too${sayWhatCounts(first, second)}`
    report('error', 'geofeed-prefix-repeated', second.line, message)
  }
  const refusal = whyRefused(text, name)
  if (refusal !== undefined) report('error', 'geofeed-not-used', undefined, refusal)
  return {
    kind: 'geofeed',
    findings: findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    errors,
    warnings,
    entries: entries.length,
    discarded,
    isUsable: refusal === undefined,
    withoutLocation: entries.filter(({ country, region }) => country === '' && region === '').length,
    prefixes: entries.map(({ prefix }) => prefix),
    countries: countBy(entries.map(({ country }) => country).filter((country) => country !== '')),
    subdivisions: new Set(entries.map(({ region }) => region).filter((region) => region !== '')).size,
  }
}

interface Entry {
  readonly line: number
  readonly prefix: Prefix
  /** Lower case, or empty. */
  readonly country: string
  readonly region: string
}

type Fault = readonly [severity: GeofeedFinding['severity'], code: GeofeedCode, message: string]

/** RFC 8805 2.1: text from "#" to the end of the line is a comment. */
function withoutComment(line: string): string {
  const comment = line.indexOf('#')
  return (comment < 0 ? line : line.slice(0, comment)).trim()
}

/** The entry, or undefined if it is to be discarded; what there is to say of it goes into `faults`. */
function readEntry(content: string, line: number, faults: Fault[]): Entry | undefined {
  if (content.length > MAX_LINE) {
    faults.push(['error', 'geofeed-prefix-invalid', `the line has ${content.length} characters; is it a feed at all?`])
    return undefined
  }
  const cells = splitCells(content)
  const [prefixText = '', countryText = '', regionText = '', , postalCode = ''] = cells
  if (prefixText.toLowerCase() === 'ip_prefix') {
    faults.push(['warning', 'geofeed-header', 'a feed has no header line; it is discarded'])
    return undefined
  }
  const prefix = readEntryPrefix(prefixText, faults)
  const [country, region] = readPlace(countryText, regionText, faults)
  if (content.includes('\uFFFD')) faults.push(['warning', 'geofeed-text', 'it holds a replacement character'])
  if (postalCode !== '') faults.push(['warning', 'geofeed-postal-code', 'it tells a postal code'])
  if (cells.length < 5) {
    faults.push([
      'warning',
      'geofeed-few-fields',
      `${cells.length} of 5 fields; write ${content}${','.repeat(5 - cells.length)}`,
    ])
  } else if (cells.length > 5) faults.push(['warning', 'geofeed-many-fields', `${cells.length} fields instead of 5`])
  const isSound = faults.every(([severity]) => severity === 'warning')
  return prefix === undefined || !isSound ? undefined : { line, prefix, country, region }
}

function readEntryPrefix(text: string, faults: Fault[]): Prefix | undefined {
  const read = readPrefix(text)
  if (read.prefix === undefined) {
    faults.push(['error', 'geofeed-prefix-invalid', `${quote(text)} is no prefix: ${read.fault}`])
    return undefined
  }
  const strict = formatPrefix(read.prefix)
  for (const repair of read.repairs) {
    switch (repair) {
      case 'short-ipv4':
      case 'short-ipv6':
        faults.push(['error', 'geofeed-prefix-short', `${quote(text)} is cut short; is ${strict} meant?`])
        break
      case 'host-bits':
        faults.push(['warning', 'geofeed-host-bits', `${quote(text)} is read as ${strict}`])
        break
      case 'ipv4-mapped':
        faults.push(['warning', 'geofeed-ipv4-mapped', `${quote(text)} is read as ${strict}`])
        break
      // A single address is an entry (RFC 8805 2.1.1.1).
      case 'without-length':
        break
    }
  }
  return read.prefix
}

function readPlace(countryText: string, regionText: string, faults: Fault[]): readonly [string, string] {
  const country = countryText.toLowerCase()
  const region = regionText.toLowerCase()
  const isCountry = /^[a-z]{2}$/.test(country)
  if (country !== '' && !isCountry) {
    faults.push(['error', 'geofeed-country-invalid', `${quote(countryText)} is no country code`])
  } else if (country === 'zz') {
    faults.push(['warning', 'geofeed-country-zz', '"ZZ" is read as "no geolocation"; leave the field blank'])
  } else if (isCountry && !countries.isValid(country)) {
    faults.push(['warning', 'geofeed-country-unassigned', `${quote(countryText)} is the code of no country`])
  }
  const known = country === 'zz' ? '' : country
  if (region === '') return [known, '']
  if (!/^[a-z]{2}-[a-z0-9]{1,3}$/.test(region)) {
    faults.push(['error', 'geofeed-region-invalid', `${quote(regionText)} is no region code such as US-AL`])
  } else if (known === '') {
    faults.push(['warning', 'geofeed-region-alone', `${quote(regionText)} stands without its country`])
  } else if (!region.startsWith(`${known}-`)) {
    faults.push(['error', 'geofeed-region-mismatch', `${quote(regionText)} does not lie in ${quote(countryText)}`])
  }
  return [known === '' ? region.slice(0, 2) : known, region]
}

/** Pairs of entries of one prefix: the first, and each further one. */
function repeatedEntries(entries: readonly Entry[]): readonly (readonly [Entry, Entry])[] {
  const sorted = [...entries].sort((a, b) => comparePrefixes(a.prefix, b.prefix) || a.line - b.line)
  const pairs: (readonly [Entry, Entry])[] = []
  let first: Entry | undefined
  for (const entry of sorted) {
    if (first !== undefined && comparePrefixes(first.prefix, entry.prefix) === 0) pairs.push([first, entry])
    else first = entry
  }
  return pairs
}

function sayWhatCounts(first: Entry, second: Entry): string {
  const isSame = first.country === second.country && first.region === second.region
  return isSame ? ' and says the same' : ' and says otherwise; the first stands'
}

function whyRefused(text: string, name: string): string | undefined {
  try {
    parseGeoCsv(text, { path: name, name, builtAt: 0 })
    return undefined
  } catch (error) {
    if (error instanceof GeoFileError) return error.message
    throw error
  }
}

function countBy(values: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

function quote(text: string): string {
  return JSON.stringify(text.length > 48 ? `${text.slice(0, 45)}...` : text)
}
