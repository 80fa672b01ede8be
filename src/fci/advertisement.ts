import type { CdnPath } from './cdn-path.ts'
import type { Footprint } from './footprint.ts'

/** A place where an advertisement is wrong or doubtful, and what we made of it. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable name, e.g. `footprint-null-v4v6`. */
  readonly code: string
  readonly message: string
  /** RFC 6901 pointer into the document. */
  readonly pointer: string
}

/** One FCI Base Object (RFC 8008 5.1) in canonical form. */
export interface AdvertisedCapability extends CdnPath {
  /** Registered payload type such as `FCI.DeliveryProtocol`; unknown ones are kept. */
  readonly type: string
  readonly value: unknown
  readonly footprint: Footprint
}

/** One provider's advertisement (RFC 8008 5; the RFC 9241 envelope is read too). */
export interface Advertisement {
  readonly capabilities: readonly AdvertisedCapability[]
  readonly diagnostics: readonly Diagnostic[]
}
