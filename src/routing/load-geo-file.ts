import { loadGeoCsv } from './geo-csv.ts'
import { loadGeoMmdb } from './geo-mmdb.ts'
import type { RangeColumn } from './geo-ranges.ts'
import { loadGeoRanges } from './geo-ranges.ts'
import type { GeoSource } from './geo-source.ts'

/** A file with geo data and how to read it. */
export interface GeoFile {
  readonly file: string
  readonly format: 'mmdb' | 'csv' | 'geofeed' | 'ranges'
  /** What the columns of a range file hold. */
  readonly columns?: readonly RangeColumn[] | undefined
}

/** Reads a file of any format. Throws GeoFileError if it must not be used. */
export function loadGeoFile({ file, format, columns }: GeoFile): Promise<GeoSource> {
  switch (format) {
    case 'mmdb':
      return loadGeoMmdb(file)
    case 'csv':
    case 'geofeed':
      return loadGeoCsv(file)
    case 'ranges':
      return loadGeoRanges(file, { columns: columns ?? DEFAULT_COLUMNS })
  }
}

const DEFAULT_COLUMNS: readonly RangeColumn[] = ['start', 'end', 'country']
