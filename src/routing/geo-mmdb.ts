import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Response } from 'mmdb-lib'
import { Reader } from 'mmdb-lib'
import { z } from 'zod'
import { formatAddress, valueOfWords } from '../fci/prefix.ts'
import { FactInterner, factCount } from './fact-table.ts'
import type { GeoFacts } from './geo-facts.ts'
import { GeoFileError } from './geo-file-error.ts'
import type { GeoSource } from './geo-source.ts'
import { geoSourceOf } from './geo-source.ts'
import type { GeoTable } from './geo-table.ts'
import { walkTree } from './mmdb-tree.ts'
import type { Partition } from './partition.ts'
import { wholeSpace } from './partition.ts'

const MAX_BYTES = 1024 * 1024 * 1024

const code = z.string().trim().toLowerCase()
const optional = <T extends z.ZodType>(schema: T): z.ZodCatch<z.ZodOptional<T>> => schema.optional().catch(undefined)

/** GeoLite2, DB-IP and IPinfo agree on little; whatever has another shape counts as unknown. */
const recordSchema = z.object({
  country: optional(z.union([z.object({ iso_code: code }).transform(({ iso_code }) => iso_code), code])),
  country_code: optional(code),
  subdivisions: optional(z.array(z.object({ iso_code: code.optional().catch(undefined) }))),
  autonomous_system_number: optional(z.int().min(0).max(4_294_967_295)),
  asn: optional(z.union([z.int().min(0).max(4_294_967_295), z.string().regex(/^AS\d{1,10}$/i)])),
})

/** Reads a MaxMind DB file with countries, subdivisions or AS numbers. Throws GeoFileError if it must not be used. */
export async function loadGeoMmdb(path: string, options: { readonly name?: string } = {}): Promise<GeoSource> {
  let file: Buffer
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw new GeoFileError(path, `it is larger than ${MAX_BYTES} bytes`)
    file = await readFile(path)
  } catch (error) {
    throw error instanceof GeoFileError ? error : new GeoFileError(path, 'it cannot be read', error)
  }
  return openGeoMmdb(file, { path, name: options.name ?? basename(path) })
}

/** The same from a buffer that must not change afterwards. Throws GeoFileError. */
export function openGeoMmdb(file: Buffer, origin: { readonly path: string; readonly name: string }): GeoSource {
  const reader = openReader(file, origin.path)
  const { databaseType, buildEpoch, nodeCount } = reader.metadata
  const builtAt = buildEpoch.getTime()
  const version = `${databaseType} ${new Date(builtAt).toISOString()}`
  return geoSourceOf(
    origin.name,
    [{ name: origin.name, version, builtAt, entries: nodeCount, warnings: [] }],
    readTable(file, reader, origin),
  )
}

/** Reads every record, so that a damaged file is refused now and not met by a client. */
function readTable(
  file: Buffer,
  reader: Reader<Response>,
  origin: { readonly path: string; readonly name: string },
): GeoTable {
  const interner = new FactInterner()
  const numberOfRecord = new Map<number, number>()
  const walk = (version: 4 | 6): Partition =>
    walkTree(file, reader.metadata, version, (record, words) => {
      let number = numberOfRecord.get(record)
      if (number === undefined) {
        const read = reader.get(formatAddress({ version, value: valueOfWords(version, words, 0) }))
        number = typeof read === 'object' && read !== null ? interner.intern(readFacts(read, origin.name)) : 0
        numberOfRecord.set(record, number)
      }
      return number
    })
  try {
    const v4 = walk(4)
    const v6 = reader.metadata.ipVersion === 4 ? wholeSpace(6, 0) : walk(6)
    const facts = interner.build()
    if (factCount(facts) > 1) return { v4, v6, facts }
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be decoded'
    throw new GeoFileError(origin.path, `it is truncated or corrupt: ${why}`, error)
  }
  throw new GeoFileError(origin.path, 'no record holds a country or an AS number')
}

function openReader(file: Buffer, path: string): Reader<Response> {
  try {
    const reader = new Reader<Response>(file)
    const { nodeCount, searchTreeSize, recordSize, buildEpoch } = reader.metadata
    const treeFits = nodeCount > 0 && [24, 28, 32].includes(recordSize) && searchTreeSize + 16 < file.length
    // The data section is set off by 16 zero bytes; elsewhere the sizes and the content disagree.
    if (!treeFits || file.subarray(searchTreeSize, searchTreeSize + 16).some((byte) => byte !== 0)) {
      throw new GeoFileError(path, 'its search tree is not where its metadata says; it is truncated or corrupt')
    }
    if (Number.isNaN(buildEpoch.getTime())) throw new GeoFileError(path, 'it does not say when it was built')
    return reader
  } catch (error) {
    if (error instanceof GeoFileError) throw error
    throw new GeoFileError(path, 'it is no MaxMind DB, or truncated', error)
  }
}

function readFacts(record: object, source: string): GeoFacts | undefined {
  const parsed = recordSchema.safeParse(record)
  if (!parsed.success) return undefined
  const { country: nested, country_code, subdivisions, autonomous_system_number, asn: flatAsn } = parsed.data
  const country = [country_code, nested].find((candidate) => candidate !== undefined && /^[a-z]{2}$/.test(candidate))
  const local = subdivisions?.[0]?.iso_code
  const subdivision =
    country !== undefined && local !== undefined && /^[a-z0-9]{1,3}$/.test(local) ? `${country}-${local}` : undefined
  const asn = autonomous_system_number ?? (typeof flatAsn === 'string' ? Number(flatAsn.slice(2)) : flatAsn)
  if (country === undefined && asn === undefined) return undefined
  return {
    ...(asn === undefined ? {} : { asn }),
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
    source,
  }
}
