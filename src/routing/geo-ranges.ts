import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { scanIpv4, scanIpv6 } from '../fci/scan-prefix.ts'
import { sortRows } from '../fci/sort-rows.ts'
import { FactInterner } from './fact-table.ts'
import { flattenRanges, RANGE_STRIDE } from './flatten-ranges.ts'
import { GeoFileError } from './geo-file-error.ts'
import type { GeoSource } from './geo-source.ts'
import { geoSourceOf } from './geo-source.ts'

const MAX_BYTES = 1024 * 1024 * 1024
const MAX_WARNINGS = 20
/** As for geofeeds: single bad lines are left out, but not so many that the file must be something else. */
const MAX_BAD_SHARE = 0.1

const [LINE_FEED, RETURN, BLANK, QUOTE, COMMA, TAB, HASH] = [10, 13, 32, 34, 44, 9, 35]

/** What a column of a range file holds; `ignore` for anything that routing does not use. */
export type RangeColumn = 'start' | 'end' | 'asn' | 'country' | 'subdivision' | 'ignore'

/** Reads a file of address ranges. Throws GeoFileError if it must not be used. */
export async function loadGeoRanges(
  path: string,
  options: { readonly columns: readonly RangeColumn[]; readonly name?: string },
): Promise<GeoSource> {
  try {
    const { mtimeMs, size } = await stat(path)
    if (size > MAX_BYTES) throw new GeoFileError(path, `it is larger than ${MAX_BYTES} bytes`)
    const name = options.name ?? basename(path)
    return parseGeoRanges(await readFile(path), options.columns, { path, name, builtAt: mtimeMs })
  } catch (error) {
    if (error instanceof GeoFileError) throw error
    throw new GeoFileError(path, 'it cannot be read', error)
  }
}

/**
 * Reads lines of first address, last address and facts, parted by commas or tabs, perhaps after a header line. Where
 * ranges overlap the one that begins later counts. Bad lines become warnings. Throws GeoFileError.
 */
export function parseGeoRanges(
  bytes: Uint8Array,
  columns: readonly RangeColumn[],
  origin: { readonly path: string; readonly name: string; readonly builtAt: number },
): GeoSource {
  const { path, name, builtAt } = origin
  const reader = new RangeReader(bytes, columns, name)
  const faults: string[] = []
  let bad = 0
  for (let line = 1; reader.hasMore; line++) {
    const fault = reader.readLine()
    // The first line may name the columns.
    if (fault === undefined || (line === 1 && reader.entries === 0)) continue
    bad++
    if (faults.length < MAX_WARNINGS) faults.push(`line ${line}: ${fault}`)
  }
  const { entries } = reader
  if (entries === 0) throw new GeoFileError(path, faults[0] ?? 'it has no ranges')
  if (bad > (entries + bad) * MAX_BAD_SHARE) {
    throw new GeoFileError(path, `${bad} of ${entries + bad} lines hold no range; first ${faults[0] ?? ''}`)
  }
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  return geoSourceOf(name, [{ name, version, builtAt, entries, warnings: faults }], reader.table())
}

/** Reads bytes, because a string per cell would take several times as long. */
class RangeReader {
  entries = 0
  readonly #bytes: Uint8Array
  readonly #columns: readonly RangeColumn[]
  readonly #source: string
  readonly #interner = new FactInterner()
  readonly #placeOfText = new Map<string, number>()
  #barePlace: number | undefined
  readonly #placeOfCountry = new Int32Array(65_536).fill(-1)
  readonly #rows = { 4: new Rows(4), 6: new Rows(6) }
  readonly #start = new Uint32Array(4)
  readonly #end = new Uint32Array(4)
  #at = 0

  constructor(bytes: Uint8Array, columns: readonly RangeColumn[], source: string) {
    this.#bytes = bytes
    this.#columns = columns
    this.#source = source
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length
  }

  /** Takes one line in; undefined, or what is wrong with it. */
  readLine(): string | undefined {
    const bytes = this.#bytes
    const from = this.#at
    let end = bytes.indexOf(LINE_FEED, from)
    if (end < 0) end = bytes.length
    this.#at = end + 1
    if (end > from && bytes[end - 1] === RETURN) end--
    if (end === from || bytes[from] === HASH) return undefined
    let at = from
    let first: 4 | 6 | undefined
    let last: 4 | 6 | undefined
    let asn: number | undefined
    let country = ''
    let subdivision = ''
    let countryCode = -1
    for (const column of this.#columns) {
      if (at > end) return `it has fewer than ${this.#columns.length} columns; is the file cut off?`
      const quoted = bytes[at] === QUOTE
      const begin = quoted ? at + 1 : at
      let close = begin
      while (close < end && (quoted ? bytes[close] !== QUOTE : bytes[close] !== COMMA && bytes[close] !== TAB)) close++
      switch (column) {
        case 'start':
          first = scanAddress(bytes, begin, close, this.#start)
          if (first === undefined) return `${this.#quote(begin, close)} is not an address`
          break
        case 'end':
          last = scanAddress(bytes, begin, close, this.#end)
          if (last === undefined) return `${this.#quote(begin, close)} is not an address`
          break
        case 'asn':
          if (close > begin) {
            asn = scanAsn(bytes, begin, close)
            if (asn === undefined) return `${this.#quote(begin, close)} is not an AS number`
          }
          break
        case 'country':
          if (close > begin) {
            countryCode = scanCountry(bytes, begin, close)
            if (countryCode < 0) return `${this.#quote(begin, close)} is not a country code`
          }
          break
        case 'subdivision':
          if (close > begin) {
            subdivision = textOf(bytes, begin, close).toLowerCase()
            if (!/^[a-z]{2}-[a-z0-9]{1,3}$/.test(subdivision))
              return `${this.#quote(begin, close)} is no subdivision code`
          }
          break
        case 'ignore':
          break
      }
      at = quoted ? close + 2 : close + 1
    }
    if (first === undefined || first !== last) return 'its addresses are of different versions'
    const rows = this.#rows[first]
    if (!rows.add(this.#start, this.#end)) return 'it ends before it begins'
    if (subdivision !== '' && countryCode >= 0) country = countryText(countryCode)
    if (subdivision !== '' && country !== '' && !subdivision.startsWith(`${country}-`)) subdivision = ''
    const place = this.#placeOf(countryCode, subdivision)
    rows.label(asn === undefined && place === 0 ? 0 : this.#interner.internAsn(asn, place === 0 ? this.#bare() : place))
    this.entries++
    return undefined
  }

  table(): GeoSource['table'] {
    return { v4: this.#rows[4].flatten(), v6: this.#rows[6].flatten(), facts: this.#interner.build() }
  }

  /** The number of the place; 0 for none. */
  #placeOf(countryCode: number, subdivision: string): number {
    if (subdivision === '') {
      if (countryCode < 0 || countryCode === ZZ) return 0
      let place = this.#placeOfCountry[countryCode] ?? -1
      if (place < 0) {
        place = this.#interner.internPlace(countryText(countryCode), undefined, this.#source)
        this.#placeOfCountry[countryCode] = place
      }
      return place
    }
    let place = this.#placeOfText.get(subdivision)
    if (place === undefined) {
      place = this.#interner.internPlace(subdivision.slice(0, 2), subdivision, this.#source)
      this.#placeOfText.set(subdivision, place)
    }
    return place
  }

  /** No place, told by this source. */
  #bare(): number {
    this.#barePlace ??= this.#interner.internPlace(undefined, undefined, this.#source)
    return this.#barePlace
  }

  #quote(begin: number, end: number): string {
    return JSON.stringify(textOf(this.#bytes, begin, Math.min(end, begin + 45)))
  }
}

/** Ranges of one family as numbers: first address, last address, label. */
class Rows {
  readonly #version: 4 | 6
  readonly #words: number
  #table: Uint32Array
  #count = 0

  constructor(version: 4 | 6) {
    this.#version = version
    this.#words = version === 4 ? 1 : 4
    this.#table = new Uint32Array(1024 * RANGE_STRIDE[version])
  }

  /** Adds a range, whose label `label` gives; false, with nothing added, if it ends before it begins. */
  add(start: Uint32Array, end: Uint32Array): boolean {
    const stride = RANGE_STRIDE[this.#version]
    if ((this.#count + 1) * stride > this.#table.length) {
      const larger = new Uint32Array(this.#table.length * 2)
      larger.set(this.#table)
      this.#table = larger
    }
    const at = this.#count * stride
    let order = 0
    for (let word = 0; word < this.#words; word++) {
      const [low, high] = [start[word] ?? 0, end[word] ?? 0]
      if (order === 0) order = high - low
      this.#table[at + word] = low
      this.#table[at + this.#words + word] = high
    }
    if (order < 0) return false
    this.#count++
    return true
  }

  label(label: number): void {
    this.#table[this.#count * RANGE_STRIDE[this.#version] - 1] = label
  }

  flatten(): GeoSource['table']['v4'] {
    return flattenRanges(this.#version, sortRows(this.#table, RANGE_STRIDE[this.#version], this.#count))
  }
}

function scanAddress(bytes: Uint8Array, begin: number, end: number, words: Uint32Array): 4 | 6 | undefined {
  if (scanIpv4(bytes, begin, words, 0) === end) return 4
  return scanIpv6(bytes, begin, words, 0) === end ? 6 : undefined
}

function scanAsn(bytes: Uint8Array, begin: number, end: number): number | undefined {
  // "AS" in any case.
  const isNamed = ((bytes[begin] ?? 0) | 32) === 97 && ((bytes[begin + 1] ?? 0) | 32) === 115
  let asn = 0
  const first = isNamed ? begin + 2 : begin
  for (let i = first; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 48
    if (digit < 0 || digit > 9) return undefined
    asn = asn * 10 + digit
    if (asn > 4_294_967_295) return undefined
  }
  return first < end ? asn : undefined
}

const ZZ = 0x7a7a

/** The two letters, in lower case, as one number; -1 for anything else. */
function scanCountry(bytes: Uint8Array, begin: number, end: number): number {
  const [first, second] = [(bytes[begin] ?? 0) | BLANK, (bytes[begin + 1] ?? 0) | BLANK]
  const areLetters = first >= 97 && first <= 122 && second >= 97 && second <= 122
  return end - begin === 2 && areLetters ? first * 256 + second : -1
}

function countryText(code: number): string {
  return String.fromCharCode(code >>> 8, code & 255)
}

function textOf(bytes: Uint8Array, begin: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + begin, end - begin).toString('latin1')
}
