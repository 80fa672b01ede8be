import { z } from 'zod'

const hostName = z
  .string()
  .regex(
    /^(?=.{1,240}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/,
    'must be a domain name in lower case',
  )
  .transform((name) => name.replace(/\.$/, ''))
const address = z.union([z.ipv4(), z.ipv6()])
const seconds = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max)
const powers = z.number().int().min(0)

/** The DNS server. */
export const DnsSchema = z.strictObject({
  /** UDP and TCP, each. */
  listen: z
    .array(z.strictObject({ host: address, port: z.number().int().min(0).max(65_535).default(53) }))
    .min(1)
    .default([{ host: '127.0.0.1', port: 53 }]),
  /** Names of scopes stand before this one. */
  zone: hostName,
  /** Name servers, the first as primary; with addresses where they lie in the zone. */
  ns: z.array(z.strictObject({ host: hostName, addresses: z.array(address).default([]) })).min(1),
  soa: z
    .strictObject({
      /** Mailbox as a name. Default: `hostmaster` in the zone. */
      rname: hostName.optional(),
      serial: z.number().int().min(1).max(0xffff_ffff).default(1),
      refresh: seconds(1, 0x7fff_ffff).default(7_200),
      retry: seconds(1, 0x7fff_ffff).default(900),
      expire: seconds(1, 0x7fff_ffff).default(1_209_600),
      /** How long a negative answer holds. */
      minimum: seconds(0, 86_400).default(60),
    })
    .prefault({}),
  /** Of SOA, NS and addresses of name servers; other answers hold as long as their decision. */
  ttl_seconds: seconds(1, 604_800).default(3_600),
  /** Answers TXT at `_explain` before a name with the reasons. */
  explain: z.boolean().default(false),
  /** Where those go whom no CDN with a DNS target may serve. */
  fallback: z
    .strictObject({ host: hostName.optional(), addresses: z.array(address).default([]) })
    .refine(({ host, addresses }) => (host === undefined) !== (addresses.length === 0), 'give host or addresses')
    .optional(),
  /** Processes that answer; with more than one, the broker's own does not. */
  processes: z.number().int().min(1).max(64).default(1),
  /** Largest answer over UDP. */
  max_udp: z.number().int().min(512).max(4_096).default(1_232),
  /** Bits of a client subnet that are used (RFC 7871). */
  ecs: z
    .strictObject({
      max_v4: z.number().int().min(0).max(32).default(24),
      max_v6: z.number().int().min(0).max(128).default(56),
    })
    .prefault({}),
  rrl: z
    .strictObject({
      /** Answers over UDP to one network of resolvers; 0: no bound. */
      responses_per_second: powers.max(10_000_000).default(1_000),
      /** Every so manieth beyond goes out truncated. */
      slip: powers.max(100).default(2),
      /** Every so manieth beyond goes out whole. */
      leak: powers.max(1_000).default(0),
      v4_prefix: z.number().int().min(8).max(32).default(24),
      v6_prefix: z.number().int().min(16).max(64).default(56),
      exempt: z.array(z.union([z.cidrv4(), z.cidrv6()])).default([]),
    })
    .prefault({}),
  tcp: z
    .strictObject({
      connections: z.number().int().min(1).max(65_536).default(256),
      /** The same from one address. */
      connections_per_client: z.number().int().min(1).max(65_536).default(16),
      idle_ms: z.number().int().min(100).max(600_000).default(10_000),
    })
    .prefault({}),
})

export type DnsConfig = z.infer<typeof DnsSchema>
