import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { GeoEdition } from '../geo-source.ts'
import type { GeoTable } from '../geo-table.ts'
import type { Partition } from '../partition.ts'
import { MOST_ROOT_BITS } from './class-table-v4.ts'
import { LARGE_ROOT_BITS } from './class-table-v6.ts'
import { partitionFault, tablesFault } from './coverage-checks.ts'
import type { CoverageParts } from './create-coverage-map.ts'

/** A map together with the geo data that it was made of, as it lies in a file. */
export interface CoverageSnapshot {
  readonly parts: CoverageParts
  readonly geo: GeoTable
  readonly geoName: string
  readonly editions: readonly GeoEdition[]
  /** Milliseconds since the epoch. */
  readonly compiledAt: number
  readonly compileSeconds: number
}

/** A file that is no map of ours. */
export class CoverageFileError extends Error {
  constructor(why: string, cause?: unknown) {
    super(`the kept coverage map cannot be used: ${why}`, cause === undefined ? {} : { cause })
    this.name = 'CoverageFileError'
  }
}

const MAGIC = 'MOQCMAP\n'
/** Changes whenever older programs would misread the file. */
const FORMAT = 2
/** Where the SHA-256 of a kept file stands, and from where on it covers the file. */
export const DIGEST_AT = MAGIC.length
export const DIGEST_BYTES = 32
export const DIGESTED_FROM = DIGEST_AT + DIGEST_BYTES
/** Magic, digest of everything behind it, length of the header, 4 unused bytes. */
const PREAMBLE = DIGESTED_FROM + 8
const ALIGNMENT = 8

const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  byteOrder: z.enum(['LE', 'BE']),
  geoVersion: z.string(),
  geoName: z.string(),
  editions: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      builtAt: z.number(),
      entries: z.number(),
      warnings: z.array(z.string()),
    }),
  ),
  compiledAt: z.number(),
  compileSeconds: z.number(),
  columns: z.array(z.strictObject({ id: z.string(), version: z.string(), values: z.array(z.string()) })),
  skipped: z.array(z.strictObject({ id: z.string(), why: z.string() })),
  places: z
    .array(
      z.strictObject({
        country: z.string().exactOptional(),
        subdivision: z.string().exactOptional(),
        source: z.string(),
      }),
    )
    .min(1),
  classCount: z.int().min(1),
  rootBits: z.tuple([z.int().min(1).max(MOST_ROOT_BITS), z.int().min(1).max(LARGE_ROOT_BITS)]),
  /** Words of each section, in the order of `sectionsOf`. */
  sections: z.array(z.int().min(0)),
})

const ORDER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'LE' : 'BE'

/** A file of the snapshot, in pieces, which are for the most part the arrays themselves; its digest is left open. */
export function encodeCoverage(snapshot: CoverageSnapshot): readonly Uint8Array[] {
  const sections = sectionsOf(snapshot)
  const { parts, geo } = snapshot
  const header: z.input<typeof headerSchema> = {
    format: FORMAT,
    byteOrder: ORDER,
    geoVersion: parts.geoVersion,
    geoName: snapshot.geoName,
    editions: snapshot.editions.map((edition) => ({ ...edition, warnings: [...edition.warnings] })),
    compiledAt: snapshot.compiledAt,
    compileSeconds: snapshot.compileSeconds,
    columns: parts.columns.map(({ id, version, outcomes }) => ({ id, version, values: [...outcomes.values] })),
    skipped: [...parts.skipped],
    places: [...geo.facts.places],
    classCount: parts.joined.classCount,
    rootBits: [parts.tables.v4.rootBits, parts.tables.v6.rootBits],
    sections: sections.map(({ length }) => length),
  }
  const text = Buffer.from(JSON.stringify(header))
  const head = new Uint8Array(aligned(PREAMBLE + text.length))
  head.set(Buffer.from(MAGIC, 'latin1'))
  new DataView(head.buffer).setUint32(DIGESTED_FROM, text.length, true)
  head.set(text, PREAMBLE)
  return [
    head,
    ...sections.flatMap(({ buffer, byteOffset, byteLength }) => [
      new Uint8Array(buffer, byteOffset, byteLength),
      new Uint8Array(aligned(byteLength) - byteLength),
    ]),
  ]
}

/** Writes its digest into a file. */
export function sealCoverage(bytes: Uint8Array): void {
  bytes.set(digestOf(bytes), DIGEST_AT)
}

/** Reads a file. Throws CoverageFileError for one that is corrupt or of another version. */
export function openSealedCoverage(bytes: Uint8Array<ArrayBuffer>): CoverageSnapshot {
  const digest = bytes.subarray(DIGEST_AT, DIGESTED_FROM)
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) {
    throw new CoverageFileError('it is no coverage map')
  }
  if (Buffer.compare(digestOf(bytes), digest) !== 0) {
    throw new CoverageFileError('its checksum is wrong; it is truncated or corrupt')
  }
  return decodeCoverage(bytes)
}

/**
 * Reads what `encodeCoverage` made. Its arrays are views of the bytes, which must not change afterwards and must begin
 * at the beginning of their buffer. Checks every number. Throws CoverageFileError.
 */
function decodeCoverage(bytes: Uint8Array<ArrayBuffer>): CoverageSnapshot {
  const header = readHeader(bytes)
  if (header.byteOrder !== ORDER) throw new CoverageFileError('it was written on a machine of another byte order')
  const reader = new SectionReader(bytes, header.sections)
  const partition = (version: 4 | 6): Partition => {
    const labels = reader.words()
    return { version, count: labels.length, labels, starts: reader.words() }
  }
  const joined = {
    classCount: header.classCount,
    v4: partition(4),
    v6: partition(6),
    outcomes: reader.words(),
  }
  const tables = {
    v4: { rootBits: header.rootBits[0], words: reader.integers() },
    v6: { rootBits: header.rootBits[1], words: reader.integers() },
  }
  const geo = {
    v4: partition(4),
    v6: partition(6),
    facts: { placeOf: reader.words(), asns: reader.floats(), places: header.places },
  }
  const columns = header.columns.map(({ id, version, values }) => ({
    id,
    version,
    outcomes: { offsets: reader.words(), footprints: reader.words(), hows: reader.words(), values },
  }))
  const { geoVersion, geoName, editions, compiledAt, compileSeconds, skipped } = header
  const snapshot = {
    parts: { columns, joined, tables, geoVersion, skipped },
    geo,
    geoName,
    editions,
    compiledAt,
    compileSeconds,
  }
  const fault = faultOf(snapshot)
  if (fault !== undefined) throw new CoverageFileError(fault)
  return snapshot
}

/** What a look-up could trip over, in words. The digest guards against accidents; this against older mistakes of ours. */
function faultOf({ parts, geo }: CoverageSnapshot): string | undefined {
  const { joined, tables, columns } = parts
  const facts = geo.facts.placeOf.length
  if (facts !== geo.facts.asns.length || facts === 0) return 'its facts are of two lengths'
  if (joined.outcomes.length !== joined.classCount * columns.length) return 'its classes have too few outcomes'
  return (
    partitionFault(joined.v4, joined.classCount) ??
    partitionFault(joined.v6, joined.classCount) ??
    partitionFault(geo.v4, facts) ??
    partitionFault(geo.v6, facts) ??
    tablesFault(tables, joined.classCount)
  )
}

function sectionsOf({ parts, geo }: CoverageSnapshot): readonly (Uint32Array | Int32Array | Float64Array)[] {
  const { joined, tables, columns } = parts
  const partition = ({ labels, starts }: Partition): readonly Uint32Array[] => [labels, starts]
  return [
    ...partition(joined.v4),
    ...partition(joined.v6),
    joined.outcomes,
    tables.v4.words,
    tables.v6.words,
    ...partition(geo.v4),
    ...partition(geo.v6),
    geo.facts.placeOf,
    geo.facts.asns,
    ...columns.flatMap(({ outcomes }) => [outcomes.offsets, outcomes.footprints, outcomes.hows]),
  ]
}

function readHeader(bytes: Uint8Array<ArrayBuffer>): z.output<typeof headerSchema> {
  if (bytes.length < PREAMBLE) throw new CoverageFileError('it is truncated')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(DIGESTED_FROM, true)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.subarray(PREAMBLE, PREAMBLE + length)).toString('utf8'))
  } catch (error) {
    throw new CoverageFileError('its header is no JSON', error)
  }
  const format = z.object({ format: z.int() }).safeParse(value)
  if (format.success && format.data.format !== FORMAT) {
    throw new CoverageFileError(`it has format ${format.data.format}, and this program reads format ${FORMAT}`)
  }
  const header = headerSchema.safeParse(value)
  if (!header.success) throw new CoverageFileError('its header is not as expected', header.error)
  return header.data
}

/** Hands out the sections in order. */
class SectionReader {
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #lengths: readonly number[]
  #next = 0
  #at: number

  constructor(bytes: Uint8Array<ArrayBuffer>, lengths: readonly number[]) {
    this.#bytes = bytes
    this.#lengths = lengths
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(DIGESTED_FROM, true)
    this.#at = aligned(PREAMBLE + length)
  }

  words(): Uint32Array {
    const { at, length } = this.#take(4)
    return new Uint32Array(this.#bytes.buffer, at, length)
  }

  integers(): Int32Array {
    const { at, length } = this.#take(4)
    return new Int32Array(this.#bytes.buffer, at, length)
  }

  floats(): Float64Array {
    const { at, length } = this.#take(8)
    return new Float64Array(this.#bytes.buffer, at, length)
  }

  #take(size: number): { readonly at: number; readonly length: number } {
    const length = this.#lengths[this.#next++]
    const at = this.#at
    if (length === undefined || at + length * size > this.#bytes.length) {
      throw new CoverageFileError('it ends before its last section')
    }
    this.#at = aligned(at + length * size)
    return { at: this.#bytes.byteOffset + at, length }
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(DIGESTED_FROM)).digest()
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}
