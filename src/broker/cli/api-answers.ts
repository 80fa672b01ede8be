import { z } from 'zod'

/**
 * What the commands show of the API's answers. Unknown members are ignored and states are plain text, so that a newer
 * broker's answers can still be shown; `--json` prints an answer as it came.
 */

const PlacementAnswer = z.object({
  provider: z.string(),
  role: z.string(),
  state: z.string(),
  scope_id: z.string().optional(),
  fallback: z.object({ to: z.string(), provider: z.string().optional(), url: z.string().optional() }).optional(),
  error: z
    .object({ code: z.string(), detail: z.string(), attempts: z.number(), retry_at: z.string().optional() })
    .optional(),
})
export type PlacementAnswer = z.infer<typeof PlacementAnswer>

export const ScopeAnswer = z.object({
  scope_id: z.string(),
  name: z.string().optional(),
  state: z.string(),
  primary: z.string(),
  promoting: z.string().optional(),
  config: z.object({ origin_fallback: z.object({ url: z.string().optional() }).optional() }).optional(),
  placements: z.array(PlacementAnswer),
  operation: z.string().optional(),
  revision: z.number(),
  created_at: z.string(),
  updated_at: z.string(),
})
export type ScopeAnswer = z.infer<typeof ScopeAnswer>

/** Where clients connect; in the answer to a creation only. */
export const CreatedScopeAnswer = z.object({ ...ScopeAnswer.shape, url: z.string(), token: z.string() })

export const ScopePageAnswer = z.object({ scopes: z.array(ScopeAnswer), next_cursor: z.string().optional() })

export const CredentialsAnswer = z.object({
  scope_id: z.string(),
  credentials: z.array(
    z.object({
      provider: z.string(),
      role: z.string(),
      rights: z.array(z.string()),
      connect_url: z.string(),
      expires_at: z.string().optional(),
    }),
  ),
  withheld: z.number().default(0),
})

export const EventsAnswer = z.object({
  events: z.array(
    z.object({
      sequence: z.number(),
      at: z.string(),
      type: z.string(),
      by: z.string(),
      provider: z.string().optional(),
      detail: z.string(),
    }),
  ),
  next_after: z.number().optional(),
})

export const OperationAnswer = z.object({
  operation_id: z.string(),
  kind: z.string(),
  scope_id: z.string(),
  state: z.string(),
  requested_by: z.string(),
  reason: z.string().optional(),
  failover: z.object({ from: z.string(), to: z.string() }).optional(),
  steps: z.array(
    z.object({
      provider: z.string(),
      action: z.string(),
      aim: z.string(),
      state: z.string(),
      started_at: z.string(),
      ended_at: z.string().optional(),
      error: z.object({ code: z.string(), detail: z.string() }).optional(),
    }),
  ),
  outcome: z.object({ code: z.string(), detail: z.string() }).optional(),
  created_at: z.string(),
  ended_at: z.string().optional(),
})
export type OperationAnswer = z.infer<typeof OperationAnswer>

const HeldBackAnswer = z.object({
  version: z.string(),
  since: z.string(),
  because: z.string(),
  accepted_at: z.string(),
})

export const ProviderAnswer = z.object({
  provider: z.string(),
  adapter: z.string(),
  administrative: z.object({
    state: z.string(),
    reason: z.string().optional(),
    by: z.string().optional(),
    expires_at: z.string().optional(),
  }),
  health: z.object({ state: z.string(), since: z.string(), reason: z.string() }),
  breaker: z.object({
    state: z.string(),
    failures: z.number(),
    last_error: z.object({ kind: z.string(), detail: z.string(), at: z.string() }).optional(),
  }),
  advertisement: z
    .object({
      version: z.string(),
      age_seconds: z.number(),
      stale: z.boolean(),
      expired: z.boolean(),
      capability_types: z.array(z.string()),
      diagnostics: z.array(z.object({ severity: z.string(), message: z.string(), pointer: z.string() })),
    })
    .optional(),
  advertisement_error: z.string().optional(),
  advertisement_held_back: HeldBackAnswer.optional(),
  capabilities: z.record(z.string(), z.unknown()),
  priority: z.number(),
  weight: z.number(),
})
export type ProviderAnswer = z.infer<typeof ProviderAnswer>

export const AdvertisementAnswer = z.object({
  provider: z.string(),
  profile: z.string(),
  version: z.string(),
  fetched_at: z.string(),
  age_seconds: z.number(),
  stale: z.boolean(),
  expired: z.boolean(),
  following: z.string().optional(),
  error: z.string().optional(),
  held_back: HeldBackAnswer.optional(),
  diagnostics: z.array(z.object({ severity: z.string(), message: z.string(), pointer: z.string() })),
  unresolved: z.array(z.object({ uri: z.string(), why: z.string() })).default([]),
  footprint_error: z.string().optional(),
  advertisement: z.object({
    capabilities: z.array(
      z.object({
        'capability-type': z.string(),
        'capability-value': z.unknown(),
        footprints: z.array(z.unknown()).optional(),
      }),
    ),
  }),
})
export type AdvertisementAnswer = z.infer<typeof AdvertisementAnswer>

export const AdvertisementHistoryAnswer = z.object({
  changes: z.array(
    z.object({
      at: z.string(),
      kind: z.string(),
      version: z.string(),
      via: z.string(),
      by: z.string().optional(),
      lost_share: z.number(),
      because: z.string().optional(),
      differences: z.array(z.string()),
    }),
  ),
})
export type AdvertisementHistoryAnswer = z.infer<typeof AdvertisementHistoryAnswer>

export const ProviderListAnswer = z.object({ providers: z.array(ProviderAnswer) })

export const DecisionAnswer = z.object({
  client: z.string(),
  candidates: z.array(
    z.object({
      provider: z.string(),
      connect_url: z.string().optional(),
      connect_url_withheld: z.string().optional(),
      matched: z.object({ type: z.string(), value: z.string(), prefix_length: z.number() }),
      priority: z.number(),
      weight: z.number(),
      because: z.array(z.string()).optional(),
      behind: z.object({ provider: z.string(), because: z.string() }).optional(),
    }),
  ),
  ttl_seconds: z.number(),
  panic: z.boolean(),
  rejected: z.array(z.object({ provider: z.string(), rule: z.string(), because: z.string() })).optional(),
  policy: z.string().optional(),
  versions: z.object({ geo: z.array(z.object({ name: z.string(), version: z.string() })) }).optional(),
  coverage: z
    .object({
      class: z.number(),
      prefix: z.string(),
      answer_prefix: z.string(),
      map: z.string(),
      age_seconds: z.number(),
      kept: z.boolean(),
      read_plainly: z.array(z.string()),
    })
    .optional(),
  advertisements: z
    .array(z.object({ provider: z.string(), version: z.string(), age_seconds: z.number(), stale: z.boolean() }))
    .optional(),
})
export type DecisionAnswer = z.infer<typeof DecisionAnswer>

export const KeyAnswer = z.object({ key_id: z.string(), name: z.string(), role: z.string(), created_at: z.string() })
export const KeyListAnswer = z.object({ keys: z.array(KeyAnswer) })
export const CreatedKeyAnswer = z.object({ ...KeyAnswer.shape, key: z.string() })
