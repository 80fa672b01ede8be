import type { RedirectTarget } from '../fci/effective-capabilities.ts'
import type { Footprint } from '../fci/footprint.ts'

/** What one receiving peer may be told. Nothing is told beyond it (RFC 8008 7: trust is bilateral). */
export interface PeerContract {
  /** Only clients in it are spoken of. */
  readonly footprint: Footprint
  /**
   * `understood`: the types whose meaning we know and that tell nothing of the inside of a CDN. A list: just these,
   * those that we do not understand too. `all`: whatever there is.
   */
  readonly capabilityTypes: 'understood' | 'all' | readonly string[]
  /** Footprints of type `resource` (RFC 8008 Appendix B: they can expose internals). */
  readonly allowResourceFootprints: boolean
  /** The redirect targets of CDNs below, instead of the gateway's own. */
  readonly passRedirectTargets: boolean
  /** Share of every capacity limit that is kept back, from 0 to 1. */
  readonly reserveShare: number
  /** Most CDN Provider IDs in a path, ours among them. */
  readonly maxHops: number
  /**
   * How the peer combines different types of footprints in one list. For `or`, against RFC 9388 2.2, only footprints
   * are told that mean the same under both.
   */
  readonly combination: 'and' | 'or'
  /** Whether the peer understands `expr` footprints. One that ignored them would widen what they narrow. */
  readonly expressions: boolean
  /** Whether ids of other CDNs stand in paths as they are, or veiled. */
  readonly paths: 'plain' | 'veiled'
}

/** The gateway itself, as it appears in what it publishes. */
export interface Gateway {
  /** Its CDN Provider ID in the strict form. */
  readonly pid: string
  /** Where clients are to be sent, for all hosts. Without it nobody is told where, unless targets are passed on. */
  readonly redirectTarget?: RedirectTarget
}
