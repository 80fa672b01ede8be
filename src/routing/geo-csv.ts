import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { formatPrefix } from '../fci/prefix.ts'
import { comparePrefixes } from '../fci/prefix-set.ts'
import { readPrefix } from '../fci/read-prefix.ts'
import { GeoFileError } from './geo-file-error.ts'
import type { GeoSource } from './geo-source.ts'
import { geoSourceOf } from './geo-source.ts'
import type { PrefixFacts } from './prefix-facts.ts'
import { tableOfPrefixes } from './prefix-facts.ts'

const MAX_BYTES = 512 * 1024 * 1024
const MAX_WARNINGS = 20
/** A geofeed is other people's data: single bad lines are left out, but not so many that the file must be something else. */
const MAX_BAD_SHARE = 0.1

const COLUMNS = ['ip_prefix', 'country', 'subdivision', 'asn'] as const
type Column = (typeof COLUMNS)[number]

interface Layout {
  readonly columnAt: ReadonlyMap<Column, number>
  /** How many cells a row must have at least. */
  readonly width: number
  readonly isGeofeed: boolean
}

/** RFC 8805 2.1: ip_prefix, alpha2code, region, city, postal code; only the first is required. */
const GEOFEED: Layout = {
  columnAt: new Map([
    ['ip_prefix', 0],
    ['country', 1],
    ['subdivision', 2],
  ]),
  width: 1,
  isGeofeed: true,
}

/** Reads a CSV or geofeed file. Throws GeoFileError if it must not be used. */
export async function loadGeoCsv(path: string, options: { readonly name?: string } = {}): Promise<GeoSource> {
  try {
    const { mtimeMs, size } = await stat(path)
    if (size > MAX_BYTES) throw new GeoFileError(path, `it is larger than ${MAX_BYTES} bytes`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
    return parseGeoCsv(text, { path, name: options.name ?? basename(path), builtAt: mtimeMs })
  } catch (error) {
    if (error instanceof GeoFileError) throw error
    throw new GeoFileError(path, error instanceof TypeError ? 'it is not UTF-8' : 'it cannot be read', error)
  }
}

/**
 * Reads CSV text in one of two forms. With a header: the columns `ip_prefix`, `country`, `subdivision`, `asn` in any
 * order, others ignored, every row sound. Without: a geofeed (RFC 8805), whose bad lines become warnings.
 * The longest prefix decides alone: what its row leaves blank is unknown here. Throws GeoFileError.
 */
export function parseGeoCsv(
  text: string,
  origin: { readonly path: string; readonly name: string; readonly builtAt: number },
): GeoSource {
  const refuse = (why: string): never => {
    throw new GeoFileError(origin.path, why)
  }
  const rows: PrefixFacts[] = []
  const faults: string[] = []
  let layout: Layout | undefined
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    if (layout === undefined) {
      layout = readHeader(splitCells(content))
      if (!layout.isGeofeed) continue
    }
    // In a geofeed a comment may stand behind an entry (RFC 8805 2.1).
    const row = readRow(splitCells(layout.isGeofeed ? content.replace(/#.*$/, '') : content), layout)
    if (typeof row !== 'string') rows.push(row)
    else if (layout.isGeofeed) faults.push(`line ${i + 1}: ${row}`)
    else refuse(`line ${i + 1}: ${row}`)
  }
  if (rows.length === 0) refuse(faults[0] ?? 'it has no rows')
  if (faults.length > (rows.length + faults.length) * MAX_BAD_SHARE) {
    refuse(`${faults.length} of ${rows.length + faults.length} lines are no geofeed; first ${faults[0]}`)
  }
  const unique = joinRepeated(rows, faults)
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const { name, builtAt } = origin
  return geoSourceOf(
    name,
    [{ name, version, builtAt, entries: unique.length, warnings: faults.slice(0, MAX_WARNINGS) }],
    tableOfPrefixes(unique, name),
  )
}

function readHeader(cells: readonly string[]): Layout {
  const names = cells.map((cell) => cell.toLowerCase())
  if (!names.includes('ip_prefix')) return GEOFEED
  const columnAt = new Map<Column, number>()
  for (const column of COLUMNS) if (names.includes(column)) columnAt.set(column, names.indexOf(column))
  return { columnAt, width: names.length, isGeofeed: false }
}

/** The row, or what is wrong with it. */
function readRow(cells: readonly string[], layout: Layout): PrefixFacts | string {
  if (cells.length < layout.width) return `${cells.length} columns instead of ${layout.width}; is the file cut off?`
  const cell = (column: Column): string => cells[layout.columnAt.get(column) ?? -1] ?? ''
  const read = readPrefix(cell('ip_prefix'))
  if (read.prefix === undefined) return `${quote(cell('ip_prefix'))} is not an address prefix: ${read.fault}`
  if (read.repairs.some((repair) => repair.startsWith('short'))) return `${quote(cell('ip_prefix'))} is cut short`

  const subdivision = cell('subdivision').toLowerCase()
  // "ZZ" is an old way to say "unknown" (RFC 8805 2.1.2).
  const country = cell('country').toLowerCase().replace(/^zz$/, '')
  const asn = cell('asn').toLowerCase().replace(/^as/, '')
  if (country !== '' && !/^[a-z]{2}$/.test(country)) return `${quote(country)} is not a country code`
  if (subdivision !== '' && !/^[a-z]{2}-[a-z0-9]{1,3}$/.test(subdivision)) {
    return `${quote(subdivision)} is not a subdivision code such as US-NY`
  }
  if (subdivision !== '' && country !== '' && !subdivision.startsWith(`${country}-`)) {
    return `${quote(subdivision)} does not lie in ${quote(country)}`
  }
  if (asn !== '' && !(/^\d{1,10}$/.test(asn) && Number(asn) <= 4_294_967_295))
    return `${quote(asn)} is not an AS number`
  return {
    prefix: read.prefix,
    facts: {
      ...(asn === '' ? {} : { asn: Number(asn) }),
      ...(country === '' ? {} : { country }),
      ...(subdivision === '' ? {} : { subdivision, country: subdivision.slice(0, 2) }),
    },
  }
}

/** Rows of one prefix complete each other; where they disagree the first stands. */
function joinRepeated(rows: readonly PrefixFacts[], faults: string[]): readonly PrefixFacts[] {
  const joined: PrefixFacts[] = []
  for (const row of [...rows].sort((a, b) => comparePrefixes(a.prefix, b.prefix))) {
    const last = joined.at(-1)
    if (last === undefined || comparePrefixes(last.prefix, row.prefix) !== 0) {
      joined.push(row)
      continue
    }
    const facts = { ...row.facts, ...last.facts }
    if (facts.subdivision !== undefined && facts.subdivision.slice(0, 2) !== facts.country) delete facts.subdivision
    if (JSON.stringify({ ...last.facts, ...row.facts }) !== JSON.stringify({ ...last.facts, ...facts })) {
      faults.push(`${formatPrefix(row.prefix)} occurs twice with different facts; the first stands`)
    }
    joined[joined.length - 1] = { prefix: row.prefix, facts }
  }
  return joined
}

/** Cells of one CSV line (RFC 4180 2, without line breaks inside quotes). */
export function splitCells(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',').map((cell) => cell.trim())
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i)
    if (quoted && character === '"' && line.charAt(i + 1) === '"') {
      cell += '"'
      i++
    } else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += character
  }
  cells.push(cell.trim())
  return cells
}

function quote(text: string): string {
  return JSON.stringify(text.length > 48 ? `${text.slice(0, 45)}...` : text)
}
