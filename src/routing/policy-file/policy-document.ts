import { z } from 'zod'

const providerId = z.string().min(1).max(63)
const name = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 letters, digits, ".", "_" or "-"')
const words = z.array(z.string().min(1).max(200)).max(100)
const share = z.number().min(0).max(1)
const seconds = z.number().int().min(1).max(86_400)
const bytes = z.number().min(0)

const RuleSchema = z.strictObject({
  /** Named in answers and findings. */
  id: name,
  action: z.enum(['allow', 'deny']),
  /** Footprint objects as in an advertisement (RFC 8006 4.2.2.2, RFC 9388); an empty list means everybody. */
  footprints: z.array(z.record(z.string(), z.unknown())).max(1_000),
  /** Absent: all. */
  providers: z.array(providerId).min(1).max(100).optional(),
})

const TermsSchema = z.strictObject({
  /** Lower is preferred. */
  priority: z.number().int().min(0).max(1000).optional(),
  /** Share among equals; 0 serves only when nobody else can. */
  weight: z.number().min(0).max(10_000).optional(),
  /** Per unit of traffic, in any one currency. */
  price: z.number().min(0).optional(),
  /** Not used, for this reason. An empty text takes a wider level's exclusion back. */
  excluded: z.string().max(500).optional(),
  volume: z
    .strictObject({
      period: z.enum(['day', 'month']),
      committed_bytes: bytes.optional(),
      catch_up: z.number().min(1).max(100).default(1),
      soft_bytes: bytes.optional(),
      hard_bytes: bytes.optional(),
    })
    .optional(),
})

const SETTINGS = {
  ttl_seconds: seconds.optional(),
  degraded_ttl_seconds: seconds.optional(),
  require_moq_capability: z.boolean().optional(),
  stickiness: z.enum(['session', 'prefix', 'scope']).optional(),
  balance: z
    .strictObject({
      by: z.enum(['weight', 'latency', 'cost']).optional(),
      within_ms: z.number().min(0).max(60_000).optional(),
      within_percent: z.number().min(0).max(1_000).optional(),
    })
    .optional(),
  needs: z
    .strictObject({
      delivery_protocols: words.optional(),
      moq_drafts: words.optional(),
      transports: words.optional(),
      roles: words.optional(),
      metadata: words.optional(),
      private_features: z
        .array(z.strictObject({ oid: z.string().min(1), type: z.string().min(1) }))
        .max(100)
        .optional(),
    })
    .optional(),
  quality: z
    .strictObject({
      max_error_share: share.optional(),
      max_rebuffer_share: share.optional(),
      min_throughput_kbps: z.number().min(0).optional(),
    })
    .optional(),
  when_all_down: z.enum(['serve', 'refuse']).optional(),
  when_all_full: z.enum(['serve', 'refuse']).optional(),
  usage_max_age_seconds: seconds.optional(),
  rules: z.array(RuleSchema).max(500).optional(),
  otherwise: z.enum(['allow', 'deny']).optional(),
  providers: z.record(providerId, TermsSchema).optional(),
} as const

/** What may be set at every level; each level gives only what differs. */
export const SettingsSchema = z.strictObject(SETTINGS)
export type Settings = z.infer<typeof SettingsSchema>

const LevelSchema = z.strictObject({ profile: name.optional(), ...SETTINGS })

const OverrideSchema = z
  .strictObject({
    id: name,
    reason: z.string().min(1).max(500),
    expires_at: z.iso.datetime({ offset: true }),
    /** At most one of both; neither: everything. */
    scope: name.optional(),
    tenant: name.optional(),
    set: SettingsSchema,
  })
  .refine(({ scope, tenant }) => scope === undefined || tenant === undefined, {
    path: ['tenant'],
    message: 'cannot stand beside scope',
  })

/** The policy file (docs/routing.md, section 8). Later levels win: defaults, tenant, scope, overrides. */
export const PolicyDocumentSchema = z.strictObject({
  version: z.literal(1),
  defaults: SettingsSchema.optional(),
  /** Settings by name, for tenants and scopes to build on; they may build on one another. */
  profiles: z.record(name, z.strictObject({ extends: name.optional(), ...SETTINGS })).optional(),
  /** By the id of the API key that owns the scopes. */
  tenants: z.record(name, LevelSchema).optional(),
  /** By scope id. */
  scopes: z.record(name, LevelSchema).optional(),
  overrides: z.array(OverrideSchema).max(1_000).optional(),
})
export type PolicyDocument = z.infer<typeof PolicyDocumentSchema>

/** What is wrong or doubtful in a policy file. With an error in it, it is not taken. */
export interface PolicyFinding {
  readonly severity: 'error' | 'warning'
  /** Stable name, e.g. `unknown-provider`. */
  readonly code: string
  readonly message: string
  /** RFC 6901 pointer into the document. */
  readonly pointer: string
}

/** RFC 6901. */
export function pointerTo(...path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
