import { loadGeoCsv } from '../routing/geo-csv.ts'
import { loadGeoMmdb } from '../routing/geo-mmdb.ts'
import { type GeoSource, stackGeoSources } from '../routing/geo-source.ts'
import type { Config } from './config/config-schema.ts'
import type { Log } from './log.ts'

/** The configured sources, in the order of trust. Throws `GeoFileError` for a file that must not be used. */
export async function loadGeo(files: Config['geo'], log: Log): Promise<GeoSource> {
  const sources = await Promise.all(
    files.map(({ file, format }) => (format === 'mmdb' ? loadGeoMmdb(file) : loadGeoCsv(file))),
  )
  const stack = stackGeoSources(sources)
  for (const edition of stack.editions) {
    log('geo.loaded', {
      source: edition.name,
      version: edition.version,
      entries: edition.entries,
      warnings: edition.warnings.length,
    })
  }
  return stack
}
