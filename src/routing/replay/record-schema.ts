import { z } from 'zod'

const texts = z.array(z.string()).readonly()

const LimitNameSchema = z.object({
  id: z.string().exactOptional(),
  limitType: z.string(),
  telemetrySource: z.object({ id: z.string(), metric: z.string() }).exactOptional(),
})

const MatchSchema = z.object({
  type: z.enum(['ipv4cidr', 'ipv6cidr', 'asn', 'countrycode', 'subdivisioncode', 'global']),
  value: z.string(),
  prefixLength: z.number(),
})

const CapabilitiesSchema = z.object({
  deliveryProtocols: texts,
  metadataTypes: texts,
  privateFeatures: z.array(z.object({ oid: z.string(), type: z.string() })).readonly(),
  moq: z
    .object({
      drafts: texts.exactOptional(),
      transports: texts.exactOptional(),
      roles: texts.exactOptional(),
      fallbackKinds: texts.exactOptional(),
    })
    .exactOptional(),
  capacityLimits: z
    .array(
      LimitNameSchema.extend({
        maximumHard: z.number(),
        maximumSoft: z.number(),
        current: z.number().exactOptional(),
      }),
    )
    .readonly(),
})

const ProviderSchema = z.object({
  id: z.string(),
  administrative: z.object({ state: z.enum(['enabled', 'drained', 'disabled']), reason: z.string().exactOptional() }),
  health: z.object({ state: z.enum(['unknown', 'up', 'degraded', 'down']), reason: z.string().exactOptional() }),
  priority: z.number(),
  weight: z.number(),
  drilled: z.object({ drill: z.string() }).exactOptional(),
  advertisement: z
    .object({
      version: z.string(),
      fetchedAt: z.number(),
      confirmedAt: z.number(),
      stale: z.boolean(),
      expired: z.boolean(),
      /** Absent: it has expired, so it was not looked at. */
      coverage: z
        .object({
          moq: MatchSchema.exactOptional(),
          saysMoq: z.boolean(),
          delivery: MatchSchema.exactOptional(),
          saysDelivery: z.boolean(),
          capabilities: CapabilitiesSchema,
        })
        .exactOptional(),
    })
    .exactOptional(),
  usage: z.array(z.object({ limit: LimitNameSchema, value: z.number(), at: z.number() })).readonly(),
  measured: z
    .object({
      rttMs: z.number().exactOptional(),
      errorShare: z.number().exactOptional(),
      rebufferShare: z.number().exactOptional(),
      throughputKbps: z.number().exactOptional(),
      of: z.string(),
      weight: z.number(),
      ageSeconds: z.number(),
    })
    .exactOptional(),
})

const PolicySchema = z.object({
  revision: z.string(),
  ttlSeconds: z.number(),
  degradedTtlSeconds: z.number(),
  requireMoqCapability: z.boolean(),
  needs: z.object({
    deliveryProtocols: texts.exactOptional(),
    moqDrafts: texts.exactOptional(),
    transports: texts.exactOptional(),
    roles: texts.exactOptional(),
    metadataTypes: texts.exactOptional(),
    privateFeatures: z
      .array(z.object({ oid: z.string(), type: z.string() }))
      .readonly()
      .exactOptional(),
  }),
  /** Those whose footprint holds the client; the others decide nothing. */
  rules: z
    .array(z.object({ id: z.string(), action: z.enum(['allow', 'deny']), providers: texts.exactOptional() }))
    .readonly(),
  otherwise: z.enum(['allow', 'deny']),
  terms: z.record(
    z.string(),
    z.object({
      priority: z.number().exactOptional(),
      weight: z.number().exactOptional(),
      price: z.number().exactOptional(),
      excluded: z.string().exactOptional(),
      volume: z
        .object({
          period: z.enum(['day', 'month']),
          committed: z.number().exactOptional(),
          catchUp: z.number(),
          soft: z.number().exactOptional(),
          hard: z.number().exactOptional(),
        })
        .exactOptional(),
    }),
  ),
  stickiness: z.enum(['session', 'prefix', 'scope']),
  balance: z.object({ by: z.enum(['weight', 'latency', 'cost']), withinMs: z.number(), withinPercent: z.number() }),
  quality: z.object({
    maxErrorShare: z.number().exactOptional(),
    maxRebufferShare: z.number().exactOptional(),
    minThroughputKbps: z.number().exactOptional(),
  }),
  whenAllDown: z.enum(['serve', 'refuse']),
  whenAllFull: z.enum(['serve', 'refuse']),
  usageMaxAgeMs: z.number(),
})

/** One decision with everything that it was made of: `replay` gives the same answer again. */
export const DecisionRecordSchema = z.object({
  v: z.literal(1),
  /** Milliseconds since the epoch. */
  at: z.number(),
  client: z.object({
    address: z.string(),
    asn: z.number().exactOptional(),
    country: z.string().exactOptional(),
    subdivision: z.string().exactOptional(),
  }),
  scope: z.object({ id: z.string(), owner: z.string() }).exactOptional(),
  session: z.string().exactOptional(),
  /** The draw's key. */
  key: z.string(),
  /** Versions of what the client's facts and matches come from. */
  map: z.string().exactOptional(),
  /** Milliseconds since the epoch. */
  mapMadeAt: z.number().exactOptional(),
  /** The decision class in that map, and a prefix around the client that lies in it. */
  class: z.number().exactOptional(),
  prefix: z.string().exactOptional(),
  geo: z.array(z.object({ name: z.string(), version: z.string() })).readonly(),
  placements: z.record(z.string(), z.enum(['ready', 'not_ready'])).exactOptional(),
  policy: PolicySchema,
  providers: z.array(ProviderSchema).readonly(),
  answer: z.object({
    candidates: texts,
    rejected: z.array(z.object({ provider: z.string(), rule: z.string() })).readonly(),
    ttlSeconds: z.number(),
    panic: z.boolean(),
  }),
})
export type DecisionRecord = z.infer<typeof DecisionRecordSchema>
