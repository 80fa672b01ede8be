import { z } from 'zod'
import { readProviderId } from '../../fci/cdn-path.ts'
import { parsePrefix } from '../../fci/prefix.ts'
import { httpUrl, milliseconds, secret } from './config-fields.ts'
import { DnsSchema } from './dns-schema.ts'
import { FciSchema, OutboundSchema } from './fci-schema.ts'
import { FederationSchema } from './federation-schema.ts'
import { FootprintSourcesSchema, GeofeedsSchema } from './footprint-sources-schema.ts'

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and "-", and start with a letter or digit')

const EmbeddedStoreSchema = z.strictObject({
  kind: z.literal('embedded'),
  path: z.string().min(1).default('data/broker'),
})

const RedisStoreSchema = z
  .strictObject({
    kind: z.literal('redis'),
    url: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
    sentinels: z
      .strictObject({
        name: z.string().min(1),
        nodes: z.array(z.string().regex(/^.+:\d+$/, 'must be host:port')).min(1),
      })
      .optional(),
    cluster: z
      .array(z.string().regex(/^.+:\d+$/, 'must be host:port'))
      .min(1)
      .optional(),
    prefix: id.default('moq-broker'),
    username: z.string().optional(),
    password: secret.optional(),
    ca_file: z.string().optional(),
    timeout_ms: milliseconds(100, 30_000).default(2_000),
  })
  .check((context) => {
    const given = ['url', 'sentinels', 'cluster'].filter((key) => Object.hasOwn(context.value, key))
    if (given.length !== 1) {
      context.issues.push({
        code: 'custom',
        message: 'give exactly one of url, sentinels and cluster',
        input: given,
        path: [],
      })
    }
    const url = context.value.url
    if (url !== undefined && URL.canParse(url) && new URL(url).password !== '') {
      context.issues.push({
        code: 'custom',
        message: 'must not hold a password; use store.password: env:NAME',
        input: '',
        path: ['url'],
      })
    }
  })

/** Where clients of a provider are sent by DNS, redirects and content steering. */
const TargetSchema = z.strictObject({
  /** Host name, with a port if needed (RFC 8804 2.2); DNS answers it as CNAME. */
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, 'must be a host name in lower case, perhaps with :port'),
  scheme: z.enum(['http', 'https']).optional(),
  path_prefix: z
    .string()
    .regex(/^\/([\x21\x23-\x3b\x3d\x3f-\x7e]*\/)?$/, 'must begin and end with "/"')
    .optional(),
  include_redirecting_host: z.boolean().default(false),
  /** Answered as A and AAAA instead of a CNAME. */
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
})

const ProviderSchema = z.strictObject({
  id,
  adapter: z.string(),
  /** Its CDN Provider ID, if it is a gateway that may advertise what comes from us (RFC 7975 4.8). */
  pid: z
    .string()
    .refine((text) => readProviderId(text) !== undefined, 'must be a CDN Provider ID such as AS64496:0')
    .optional(),
  options: z.record(z.string(), z.unknown()).default({}),
  fci: FciSchema.optional(),
  /** A file with an advertisement instead of a URL. */
  fci_file: z.string().optional(),
  /** Lower is preferred. */
  priority: z.number().int().min(0).max(1000).default(100),
  weight: z.number().int().min(0).max(10_000).default(100),
  timeout_ms: milliseconds(100, 60_000).default(5_000),
  /** `websocket`: its relay takes MoQ over WebSocket, so canaries can watch it. `none`: only its API is watched. */
  probe: z.enum(['websocket', 'none']).default('none'),
  /** Where its clients are sent, instead of the `FCI.RedirectTarget` that it advertises (RFC 8804 2.3). */
  target: TargetSchema.optional(),
  /** Admin listener of a lab CDN, for drills with a real fault. */
  fault_url: httpUrl.optional(),
})

/** Every key of the configuration file. Unknown keys are refused. */
export const ConfigSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8080),
      /** Prefixes of proxies whose word is taken for who connected to them. */
      trusted_proxies: z
        .array(z.string().refine((text) => parsePrefix(text) !== undefined, 'must be a prefix such as 10.0.0.0/8'))
        .default([]),
      /** The field in which they tell it. */
      client_field: z.enum(['x-forwarded-for', 'forwarded']).default('x-forwarded-for'),
    })
    .prefault({}),
  store: z.discriminatedUnion('kind', [EmbeddedStoreSchema, RedisStoreSchema]).prefault({ kind: 'embedded' }),
  secrets: z
    .strictObject({
      /** 32 bytes as base64 or hex. Absent: made at first start and kept beside the embedded store. */
      encryption_key: secret.optional(),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      access: z.boolean().default(true),
    })
    .prefault({}),
  /** Keys that exist from the start, beside those made through the API. */
  keys: z
    .array(
      z.strictObject({ name: z.string().min(1).max(64), role: z.enum(['reader', 'operator', 'admin']), key: secret }),
    )
    .default([]),
  /** Where others reach this broker, e.g. behind a proxy. */
  public_url: httpUrl.optional(),
  outbound: OutboundSchema.prefault({}),
  providers: z.array(ProviderSchema).min(1, 'name at least one provider'),
  geo: z
    .array(
      z.strictObject({
        file: z.string().min(1),
        format: z.enum(['mmdb', 'csv', 'geofeed', 'ranges']),
        /** What the columns of a file of format `ranges` hold. */
        columns: z.array(z.enum(['start', 'end', 'asn', 'country', 'subdivision', 'ignore'])).optional(),
      }),
    )
    .default([]),
  footprint_sources: FootprintSourcesSchema,
  geofeeds: GeofeedsSchema.prefault({}),
  routing: z
    .strictObject({
      ttl_seconds: z.number().int().min(1).max(86_400).default(30),
      /** The same while something is degraded. */
      degraded_ttl_seconds: z.number().int().min(1).max(86_400).default(5),
      require_moq_capability: z.boolean().default(true),
      scope_cache_ms: milliseconds(0, 60_000).default(2_000),
      /** Where the compiled map is kept over restarts. Default: beside an embedded store; else nowhere. */
      coverage_file: z.string().min(1).optional(),
      /** How often the geo files are looked at for changes. */
      geo_check_ms: milliseconds(100, 86_400_000).default(30_000),
      /** A geo file that lost more than this share of its entries is not used. */
      geo_max_shrink: z.number().min(0).max(1).default(0.5),
      /** A policy (docs/routing.md, section 8) that holds while none is set over the API; read anew when it changes. */
      policy_file: z.string().min(1).optional(),
      /** `GET /route/stream` at once. */
      max_streams: z.number().int().min(0).max(100_000).default(1_000),
      /** Names of scopes that stand for their ids in redirects and content steering. */
      scope_names: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'must fit into a path segment')).default([]),
    })
    .prefault({}),
  /** Serves DNS; absent: not. */
  dns: DnsSchema.optional(),
  /** `/steering/{scope}/hls.json` and `dash.json`, for anybody. */
  steering: z
    .strictObject({
      enabled: z.boolean().default(false),
      /** Scopes, by id or name, whose players are told to stop asking. */
      ended: z.array(z.string()).default([]),
      /** How long a pathway that a player turned away from stands last for it. */
      penalty_seconds: z.number().int().min(1).max(86_400).default(120),
      /** How long a player may stay away before it counts as a new one. */
      session_seconds: z.number().int().min(60).max(2_592_000).default(86_400),
      session_requests_per_minute: z.number().int().min(1).max(100_000).default(60),
      /** New sessions of one address, behind which there may be many players. */
      client_requests_per_minute: z.number().int().min(1).max(1_000_000).default(1_200),
      /** The pathway that presentations name, where the others are to be cloned from it. */
      clone_from: id.optional(),
      /** Where players reach `/steering`; makes `RELOAD-URI` absolute. */
      public_url: httpUrl.optional(),
    })
    .prefault({}),
  redirect: z
    .strictObject({
      /** `/r/{scope}/{path}`, for anybody. */
      enabled: z.boolean().default(false),
    })
    .prefault({}),
  /** What `POST /measurements` reports is kept like this, in memory and in the store. */
  measurements: z
    .strictObject({
      /** A sample counts half as much after this long. */
      half_life_seconds: z.number().min(1).max(86_400).default(600),
      /** A neighbourhood of clients says something from so many samples on. */
      min_samples: z.number().min(1).max(10_000).default(5),
      /** Neighbourhoods (a provider's clients of one prefix, network or country) held at most. */
      max_groups: z.number().int().min(100).max(100_000).default(20_000),
    })
    .prefault({}),
  /** A sample of decisions with all that they were made of, to be replayed under another policy. */
  decision_log: z
    .strictObject({
      /** Share of decisions. */
      sample: z.number().min(0).max(1).default(0.01),
      /** The latest so many are remembered for dry runs. */
      remember: z.number().int().min(0).max(100_000).default(1_000),
      /** One JSON document a line. It holds client addresses. Absent: no file. */
      file: z.string().min(1).optional(),
      /** Beyond this the file is put aside as `FILE.1`, in place of the one before. */
      max_bytes: z.number().int().min(10_000).max(10_000_000_000).default(67_108_864),
    })
    .prefault({}),
  health: z
    .strictObject({
      /** Publish and receive canary objects through a scope of the broker's own. */
      canary: z.boolean().default(true),
      interval_ms: milliseconds(50, 60_000).default(1_000),
      /** This many bad intervals make a provider down; this many good ones make it up again. */
      fall: z.number().int().min(1).max(100).default(3),
      rise: z.number().int().min(1).max(100).default(3),
      connect_timeout_ms: milliseconds(100, 60_000).default(3_000),
    })
    .prefault({}),
  failover: z
    .strictObject({
      /** Give scopes another primary when theirs is down. */
      automatic: z.boolean().default(true),
      /** Not before it has been down for this long. */
      after_ms: milliseconds(0, 3_600_000).default(0),
      /** Failovers at once. */
      concurrency: z.number().int().min(1).max(256).default(16),
      /** Never when more than this share of all providers is down: then the fault is probably ours. */
      max_down_share: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  repair: z.strictObject({ interval_ms: milliseconds(50, 3_600_000).default(2_000) }).prefault({}),
  operations: z
    .strictObject({
      /** An operation whose broker has not been heard of for this long goes on at another replica. */
      claim_ms: milliseconds(1_000, 3_600_000).default(60_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body_bytes: z.number().int().min(1_024).max(10_000_000).default(65_536),
      request_timeout_ms: milliseconds(1_000, 600_000).default(60_000),
      /** A change that takes longer is answered with 202. */
      wait_ms: milliseconds(100, 600_000).default(30_000),
      drain_ms: milliseconds(0, 600_000).default(10_000),
    })
    .refine(({ wait_ms, request_timeout_ms }) => wait_ms < request_timeout_ms, {
      path: ['wait_ms'],
      message: 'must be less than limits.request_timeout_ms, or slow changes would end in 503 instead of 202',
    })
    .prefault({}),
  metrics: z.strictObject({ public: z.boolean().default(true) }).prefault({}),
  /** Absent: nothing is told to other CDNs. */
  federation: FederationSchema.optional(),
})

export type Config = z.infer<typeof ConfigSchema>
export type ProviderConfig = Config['providers'][number]
