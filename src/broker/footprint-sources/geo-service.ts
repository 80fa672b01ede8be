import type { GeoEdition } from '../../routing/geo-source.ts'
import type { SourceState } from './footprint-sources.ts'

/** What the broker knows addresses by. */
export interface GeoService {
  /** General data, in the order of trust. */
  databases(): readonly GeoEdition[]
  /** Data that providers' footprints name, for those footprints alone. */
  sources(): readonly SourceState[]
}
