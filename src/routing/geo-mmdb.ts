import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Response } from 'mmdb-lib'
import { Reader } from 'mmdb-lib'
import { z } from 'zod'
import type { Address } from '../fci/prefix.ts'
import { formatAddress } from '../fci/prefix.ts'
import { GeoFileError } from './geo-file-error.ts'
import type { GeoFacts, GeoSource } from './geo-source.ts'
import { sampleRecords } from './mmdb-tree.ts'

const MAX_BYTES = 1024 * 1024 * 1024
const MAX_CACHED_RECORDS = 65_536

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
  const factsOfRecord = new WeakMap<object, GeoFacts | 'nothing'>()

  const lookup = (address: Address): GeoFacts | undefined => {
    const record = reader.get(formatAddress(address))
    if (typeof record !== 'object' || record === null) return undefined
    let facts = factsOfRecord.get(record)
    if (facts === undefined) {
      facts = readFacts(record, origin.name) ?? 'nothing'
      factsOfRecord.set(record, facts)
    }
    return facts === 'nothing' ? undefined : facts
  }
  probe(file, reader, lookup, origin.path)
  return {
    name: origin.name,
    editions: [
      {
        name: origin.name,
        version: `${databaseType} ${new Date(builtAt).toISOString()}`,
        builtAt,
        entries: nodeCount,
        warnings: [],
      },
    ],
    lookup: (address) => {
      if (address.version === 6 && reader.metadata.ipVersion === 4) return undefined
      try {
        return lookup(address)
      } catch {
        // A corrupt record outside the sample: the fact is unknown, the other sources still answer.
        return undefined
      }
    },
  }
}

function openReader(file: Buffer, path: string): Reader<Response> {
  try {
    const reader = new Reader<Response>(file, { cache: boundedCache() })
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

/** Reads a sample of all records, so that a damaged file is refused now and not met by a client. */
function probe(file: Buffer, reader: Reader<Response>, lookup: GeoSource['lookup'], path: string): void {
  let known = 0
  try {
    for (const address of sampleRecords(file, reader.metadata)) if (lookup(address) !== undefined) known++
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be decoded'
    throw new GeoFileError(path, `it is truncated or corrupt: ${why}`, error)
  }
  if (known === 0) throw new GeoFileError(path, 'no record tried holds a country or an AS number')
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

/** Decoded records by their place in the file: most addresses share few of them. */
function boundedCache(): {
  get: (key: string | number) => unknown
  set: (key: string | number, value: unknown) => void
} {
  const records = new Map<string | number, unknown>()
  return {
    get: (key) => records.get(key),
    set: (key, value) => {
      if (records.size >= MAX_CACHED_RECORDS) records.clear()
      records.set(key, value)
    },
  }
}
