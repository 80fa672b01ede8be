import { z } from '@hono/zod-openapi'
import { ReasonSchema, TimeSchema } from '../wire-fields.ts'
import { RightSchema } from './scope-schemas.ts'

const AdministrativeStateSchema = z.enum(['enabled', 'drained', 'disabled'])

const MAX_EXPIRY_SECONDS = 366 * 86_400

/** A state that takes a provider out needs a reason; only such a state can run out. */
export const ProviderStateSchema = z
  .strictObject({
    state: AdministrativeStateSchema,
    reason: ReasonSchema.optional().openapi({ description: 'Required unless `state` is `enabled`.' }),
    expires_at: z.iso.datetime({ offset: true }).optional().openapi({ format: 'date-time' }),
    expires_in_seconds: z.int().min(1).max(MAX_EXPIRY_SECONDS).optional(),
  })
  .superRefine((change, context) => {
    const refuse = (member: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [member], message })
    if (change.state !== 'enabled' && change.reason === undefined)
      refuse('reason', `is needed to make a provider ${change.state}`)
    if (change.state === 'enabled' && change.expires_at !== undefined)
      refuse('expires_at', 'has no meaning for "enabled"')
    if (change.state === 'enabled' && change.expires_in_seconds !== undefined) {
      refuse('expires_in_seconds', 'has no meaning for "enabled"')
    }
    if (change.expires_at !== undefined && change.expires_in_seconds !== undefined) {
      refuse('expires_in_seconds', 'cannot stand beside expires_at')
    }
  })
  .openapi('ProviderStateChange')

const CapabilitiesSchema = z
  .object({
    config_at_create: z.boolean(),
    update_config: z.boolean(),
    get: z.boolean(),
    list: z.boolean(),
    delete: z.boolean(),
    adopt_by_label: z.boolean(),
    idempotent_create: z.boolean(),
    max_upstreams: z.int(),
    upstream_schemes: z.array(z.string()).readonly(),
    token_placement: z.enum(['path', 'query', 'setup']),
    credentials_at_create: z.array(z.array(RightSchema).readonly()).readonly(),
    mint_credential: z.boolean(),
    revoke_credential: z.boolean(),
    credential_limit: z.int().optional(),
    max_credential_ttl_seconds: z.number().optional(),
    revokes_live_sessions: z.boolean(),
    moqt_drafts: z.array(z.string()).readonly(),
    origin_fallback: z.enum(['native', 'coordinator', 'bridge', 'none']),
  })
  .openapi('AdapterCapabilities')

export const DiagnosticSchema = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  pointer: z.string().openapi({ description: 'RFC 6901 pointer into the document that was read.' }),
})

export const HeldBackSchema = z
  .object({
    version: z.string(),
    since: TimeSchema,
    last_seen_at: TimeSchema,
    lost_share: z.number().openapi({ description: 'Of the coverage, 0 to 1.' }),
    because: z.string(),
    accepted_at: TimeSchema.openapi({ description: 'Then it is believed, if it is still the same.' }),
  })
  .openapi('HeldBackAdvertisement', { description: 'A newer advertisement that loses too much to be used unseen.' })

export const ProviderSchema = z
  .object({
    provider: z.string(),
    adapter: z.string(),
    capabilities: CapabilitiesSchema,
    administrative: z.object({
      state: AdministrativeStateSchema,
      reason: z.string().optional(),
      by: z.string().optional(),
      since: TimeSchema.optional(),
      expires_at: TimeSchema.optional().openapi({ description: 'Then it is `enabled` again.' }),
    }),
    health: z.object({ state: z.enum(['unknown', 'up', 'degraded', 'down']), since: TimeSchema, reason: z.string() }),
    breaker: z.object({
      state: z.enum(['closed', 'open', 'half_open']),
      failures: z.int(),
      successes: z.int(),
      rejects: z.int(),
      last_error: z.object({ kind: z.string(), detail: z.string(), at: TimeSchema }).optional(),
    }),
    advertisement: z
      .object({
        version: z.string(),
        fetched_at: TimeSchema,
        confirmed_at: TimeSchema,
        age_seconds: z.number(),
        stale: z.boolean(),
        expired: z.boolean(),
        capability_types: z.array(z.string()).readonly(),
        diagnostics: z.array(DiagnosticSchema).readonly(),
      })
      .optional(),
    advertisement_error: z.string().optional(),
    advertisement_held_back: HeldBackSchema.optional(),
    priority: z.number(),
    weight: z.number(),
  })
  .openapi('Provider')

export const ProviderListSchema = z.object({ providers: z.array(ProviderSchema).readonly() }).openapi('ProviderList')
