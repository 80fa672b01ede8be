import { stat } from 'node:fs/promises'
import { loadGeoCsv, parseGeoCsv } from '../../routing/geo-csv.ts'
import { GeoFileError } from '../../routing/geo-file-error.ts'
import { loadGeoMmdb } from '../../routing/geo-mmdb.ts'
import type { GeoEdition, GeoSource } from '../../routing/geo-source.ts'

/** Where the data of a footprint source are: a file of this machine, or the text of a geofeed that was fetched. */
export type SourceInput =
  | { readonly kind: 'file'; readonly name: string; readonly file: string; readonly format: 'mmdb' | 'csv' | 'geofeed' }
  | { readonly kind: 'geofeed'; readonly name: string; readonly text: string; readonly builtAt: number }

/** Reads and checks the data. Throws `GeoFileError` for data that must not be used. */
export async function loadSource(input: SourceInput): Promise<GeoSource> {
  if (input.kind === 'geofeed') {
    return parseGeoCsv(input.text, { path: input.name, name: input.name, builtAt: input.builtAt })
  }
  const { file, format, name } = input
  return format === 'mmdb' ? loadGeoMmdb(file, { name }) : loadGeoCsv(file, { name })
}

/** Changes whenever the file is written; undefined if there is none. */
export async function fileStamp(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${ino} ${mtimeMs} ${size}`
  } catch {
    return undefined
  }
}

/**
 * Refuses data that have lost so many entries that they must be cut off: the good ones stay. Throws `GeoFileError`.
 *
 * @param maxLostShare - losing this share or more is too much; 1 lets everything through.
 */
export function refuseShrunken(
  before: GeoEdition | undefined,
  after: GeoEdition | undefined,
  maxLostShare: number,
): void {
  if (before === undefined || after === undefined || before.entries === 0 || maxLostShare === 1) return
  const lost = 1 - after.entries / before.entries
  if (lost <= 0 || lost < maxLostShare) return
  throw new GeoFileError(
    after.name,
    `it has ${after.entries} entries, before it had ${before.entries}; if that is right, raise geofeeds.max_lost_share`,
  )
}
