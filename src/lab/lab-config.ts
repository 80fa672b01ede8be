import type { PublishedFootprint } from './footprint-endpoint.ts'

/**
 * The kinds of reference CDN. They differ as the world differs: `draft` is the draft's OpenAPI and no more
 * (draft-api.ts), `extended` adds the operations that the draft expects (extended-api.ts), `cloudflare` is the
 * current generation of that vendor's API (cloudflare-api.ts).
 */
export type LabKind = 'draft' | 'extended' | 'cloudflare'

/** Where a lab CDN process finds its API token, if not in its options. */
export const API_TOKEN_VARIABLE = 'MOQ_LAB_API_TOKEN'

/** What one lab CDN process is started with (argv[2], as JSON). All listeners are on `host`; port 0: any free one. */
export interface LabCdnOptions {
  readonly kind: LabKind
  /** Its name in logs and in the advertisement, e.g. `cdn-a`. */
  readonly name: string
  readonly host: string
  readonly ports: { readonly api: number; readonly fci: number; readonly relay: number; readonly admin: number }
  /** Where it keeps its scopes, so that they outlive the process. */
  readonly dataDir: string
  /** Bearer token that its provisioning API wants. */
  readonly apiToken: string
  /** The account id in the cloudflare-shaped paths. */
  readonly accountId: string
  /** The FCI document that it advertises (RFC 8008), as JSON. */
  readonly advertisement: unknown
  /** Named footprints that it publishes; default: none. */
  readonly footprints?: readonly PublishedFootprint[]
  /** The geofeed that it publishes (RFC 8805); default: none. */
  readonly geofeed?: string
  /** How many scopes the account can have (cloudflare only: error 21008); default 100 000. */
  readonly scopeLimit?: number
}

/** Where the listeners of one lab CDN answer. */
export interface LabCdnUrls {
  /** What an adapter is configured with: the origin; of the cloudflare kind with `/client/v4`. No trailing slash. */
  readonly apiUrl: string
  /** The advertisement itself, ready to GET. */
  readonly fciUrl: string
  /** `moqt://host:port`, without a trailing slash; clients connect to `{relayUrl}/{token}`. */
  readonly relayUrl: string
  /** Origin of the admin listener. */
  readonly adminUrl: string
}

/** Sent by IPC and printed as one JSON line on stdout when every listener is open. */
export interface LabCdnReady extends LabCdnUrls {
  readonly ready: true
  readonly name: string
  readonly pid: number
}

/** Body of `PUT /fault` on the admin listener; `DELETE /fault` clears; `GET /fault` tells. Absent members: no such fault. */
export interface Fault {
  /** Which listener misbehaves; default `api`. */
  readonly target?: 'api' | 'fci'
  /** Every answer, reset or stall comes this much after the request arrived. */
  readonly latencyMs?: number
  /** Answer with this status (400-599) and a vendor-shaped error body; the request has no effect. */
  readonly status?: number
  /** With `status` 429: the `Retry-After` header, in seconds. */
  readonly retryAfterSeconds?: number
  /** Reset the connection before (`before`) or after (`after`) the request took effect. */
  readonly reset?: 'before' | 'after'
  /** Never answer; `after`: the request takes effect first. */
  readonly stall?: 'before' | 'after'
  /**
   * The request takes effect, but the answer is 2xx with a body that is not of the documented shape:
   * `text` is no JSON, `shape` is JSON of another shape, `huge` streams more than 5 MB.
   */
  readonly garbage?: 'text' | 'shape' | 'huge'
  /** Apply to this many requests, then clear itself; absent: until cleared. Not together with `relayDown`. */
  readonly times?: number
  /** Apply only to requests whose method and path match, e.g. `POST /moq/scopes`. Path is a prefix. */
  readonly match?: { readonly method?: string; readonly path?: string }
  /** The MoQ relay is down (listener closed, sessions cut). Independent of `target`. */
  readonly relayDown?: boolean
  /** Clears itself after this long unless it is set anew: a dead-man timer for whoever turns the dial. */
  readonly expiresInMs?: number
}
