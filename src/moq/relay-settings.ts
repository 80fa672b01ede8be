/** Receives a relay's events; fields hold no token and no URL. */
export type RelayLog = (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void

/** How long a relay waits for what. All in milliseconds. */
export interface RelayTiming {
  /** From the upgrade until a client has completed the MoQ handshake. */
  readonly handshakeMs: number
  /** Between pings; a peer that misses one is cut before the next but one. */
  readonly keepAliveMs: number
  /** How long the first session of a scope may be held back until an upstream's announcements are known. */
  readonly syncMs: number
  /** An upstream is taken to have announced everything after this long without an announcement. */
  readonly quietMs: number
  /** How long an upstream session outlives its last subscriber. */
  readonly lingerMs: number
  readonly dialTimeoutMs: number
  /** Between two rounds over a scope's upstreams; doubles from the first to the second after each failed round. */
  readonly retryMinMs: number
  readonly retryMaxMs: number
}

export const DEFAULT_RELAY_TIMING: RelayTiming = {
  handshakeMs: 5_000,
  keepAliveMs: 2_000,
  syncMs: 500,
  quietMs: 100,
  lingerMs: 2_000,
  dialTimeoutMs: 3_000,
  retryMinMs: 100,
  retryMaxMs: 5_000,
}
