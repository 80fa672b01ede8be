import { z } from 'zod'
import { isStrictProviderId } from '../../fci/cdn-path.ts'

const secret = z.string().min(1)
const seconds = z.number().int().min(0).max(31_536_000)
const host = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, 'must be a host name in lower case, perhaps with :port')

/** A Footprint object on the wire (RFC 8006 4.2.2.2). */
const FootprintSchema = z.strictObject({
  'footprint-type': z.string().min(1),
  'footprint-value': z.array(z.unknown()).min(1),
})

const ContractSchema = z.strictObject({
  /** Only clients in it are spoken of; different types narrow each other (RFC 9388 2.2). Absent: all clients. */
  footprint: z.array(FootprintSchema).min(1).optional(),
  /** FCI payload types that may be told. Absent: all that we understand. */
  capability_types: z.array(z.string().min(1)).optional(),
  /** Named footprints of type `resource` too. */
  allow_resource_footprints: z.boolean().default(false),
  /** The redirect targets of the CDNs instead of our own. */
  pass_redirect_targets: z.boolean().default(false),
  /** This share of every capacity limit is kept back. */
  reserve_share: z.number().min(0).max(1).default(0),
  /** Most gateways on the way, this one among them. */
  max_hops: z.number().int().min(1).max(64).default(8),
  /** How the peer combines different footprint types in one list; `or` against RFC 9388. */
  combination: z.enum(['and', 'or']).default('and'),
  /** Whether the peer understands footprints of type `expr`. */
  expressions: z.boolean().default(false),
  /** Whether paths name other gateways, or hold only a digest of their ids. */
  show_provider_ids: z.boolean().default(false),
})

const PeerSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and "-", and start with a letter or digit'),
  /** Its CDN Provider ID (RFC 7975 4.8): what came through it is not told to it again. */
  pid: z.string().refine(isStrictProviderId, 'must be a CDN Provider ID such as AS64496:0').optional(),
  /** With which it asks us. */
  token: secret,
  /** Which forms of the advertisement it may ask for. */
  profiles: z
    .array(z.enum(['http', 'svta', 'alto']))
    .min(1)
    .default(['http', 'svta', 'alto']),
  contract: ContractSchema.prefault({}),
  /** Where SVTA subscriptions may have their updates sent. Absent: it may not subscribe. */
  notifications: z
    .strictObject({
      /** `https://host` or `https://host:port`; nothing else is called. */
      origins: z.array(z.url({ protocol: /^https?$/ })).min(1),
      /** With which we come. */
      token: secret.optional(),
      max_subscriptions: z.number().int().min(1).max(100).default(4),
    })
    .optional(),
})

/** What we tell other CDNs about those below us. */
export const FederationSchema = z.strictObject({
  /** Our CDN Provider ID (RFC 7975 4.8). */
  provider_id: z
    .string()
    .refine(isStrictProviderId, 'must be "AS", a number, ":" and letters, digits, ".", "-", "_", such as AS64496:0'),
  /** Where peers are to send clients (RFC 8804 2.3). */
  redirect_target: z
    .strictObject({
      dns_host: host.optional(),
      http_host: host.optional(),
      scheme: z.enum(['http', 'https']).optional(),
      path_prefix: z
        .string()
        .regex(/^\/([\x21\x23-\x3b\x3d\x3f-\x7e]*\/)?$/, 'must begin and end with "/"')
        .optional(),
      include_redirecting_host: z.boolean().default(false),
    })
    .optional(),
  /** A change is published when nothing else has changed for this long. */
  quiet_ms: z.number().int().min(0).max(3_600_000).default(2_000),
  /** `Cache-Control` of what is published (RFC 5861). */
  max_age_seconds: seconds.default(60),
  stale_while_revalidate_seconds: seconds.default(60),
  stale_if_error_seconds: seconds.default(86_400),
  /** So many former versions can be asked for the changes since. */
  history: z.number().int().min(0).max(1000).default(16),
  /** Streams open at once, of each peer. */
  max_streams: z.number().int().min(0).max(10_000).default(16),
  peers: z.array(PeerSchema).max(1000).default([]),
})

export type FederationConfig = z.infer<typeof FederationSchema>
export type PeerConfig = FederationConfig['peers'][number]
