/**
 * What an advertisement offers one client: of every type the union over the objects whose footprint holds the client
 * (RFC 9241 3.6); of limits all (RFC 9808 2.2); of redirect targets all, in document order (RFC 8804 2.3).
 * Lists are sorted and free of repetitions; protocols are in lower case.
 */
export interface EffectiveCapabilities {
  readonly deliveryProtocols: readonly string[]
  readonly acquisitionProtocols: readonly string[]
  /** `DNS-I`, `DNS-R`, `HTTP-I`, `HTTP-R` (RFC 8008 5.5). */
  readonly redirectionModes: readonly string[]
  /** Supported GenericMetadata types (RFC 8008 5.7). */
  readonly metadataTypes: readonly string[]
  readonly privateFeatures: readonly PrivateFeatureId[]
  /** Absent: it nowhere says that it serves MoQ to this client. */
  readonly moq?: MoqRelayCapability
  readonly capacityLimits: readonly CapacityLimit[]
  readonly redirectTargets: readonly RedirectTarget[]
}

/** draft-warshavsky-private-features-metadata-02 5.1. Both parts are compared exactly. */
export interface PrivateFeatureId {
  readonly oid: string
  readonly type: string
}

/** What a MoQ relay can do; an absent list says nothing, an empty one says "none". */
export interface MoqRelayCapability {
  /** MoQT drafts, e.g. `moqt-16`. */
  readonly drafts?: readonly string[]
  /** `quic`, `webtransport`, `websocket`. */
  readonly transports?: readonly string[]
  /** `publish`, `subscribe`. */
  readonly roles?: readonly string[]
  /** URL schemes that it takes as origin fallback. */
  readonly fallbackKinds?: readonly string[]
}

/** RFC 9808 2.2. */
export interface CapacityLimit {
  readonly id?: string
  /** `egress` (bit/s), `requests` (per second), `sessions`, `storage-size`, `storage-objects`, `cache-size`, or unknown. */
  readonly limitType: string
  readonly maximumHard: number
  /** Equal to `maximumHard` where the wire has none. */
  readonly maximumSoft: number
  /** Usage given inline. */
  readonly current?: number
  readonly telemetrySource?: { readonly id: string; readonly metric: string }
}

/** RFC 8804 2.3. A target that is absent means that none is available. */
export interface RedirectTarget {
  /** Hosts that are redirected, in lower case, with a port if given; empty: all. */
  readonly redirectingHosts: readonly string[]
  readonly dnsTarget?: { readonly host: string }
  readonly httpTarget?: {
    readonly host: string
    readonly scheme?: 'http' | 'https'
    /** Ends with `/`. */
    readonly pathPrefix?: string
    readonly includeRedirectingHost: boolean
  }
}
