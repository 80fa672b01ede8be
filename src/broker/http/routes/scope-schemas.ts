import { z } from '@hono/zod-openapi'
import { IdSchema, NameSchema, ReasonSchema, TimeSchema } from '../wire-fields.ts'

const ORIGIN_SCHEMES = ['moqt:', 'https:', 'wss:', 'ws:']
const MAX_URL_LENGTH = 2048

const OriginUrlSchema = z
  .string()
  .max(MAX_URL_LENGTH)
  .superRefine((text, context) => {
    const fault = originFault(text)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })
  .openapi({
    format: 'uri',
    description:
      'Absolute URL of the scheme moqt, https, wss or ws, without user information or fragment. It may hold a token.',
    example: 'moqt://origin.example.com',
  })

function originFault(text: string): string | undefined {
  if (!/^[a-z]+:\/\/[^/?#]/i.test(text) || !/^[\x21-\x7e]+$/.test(text)) return 'is not an absolute URL'
  if (!URL.canParse(text)) return 'is not an absolute URL'
  const url = new URL(text)
  if (!ORIGIN_SCHEMES.includes(url.protocol)) return 'has none of the schemes moqt, https, wss, ws'
  if (text.includes('#')) return 'has a fragment, which a relay cannot send'
  if (url.username !== '' || url.password !== '') return 'holds user information; put a token into its path or query'
  return undefined
}

const ProviderSetSchema = z
  .array(IdSchema)
  .min(1)
  .max(100)
  .refine((providers) => new Set(providers).size === providers.length, 'names a provider twice')
  .openapi({ uniqueItems: true, minItems: 1, maxItems: 100 })

/** The draft's `ScopeConfig`. */
const ScopeConfigSchema = z
  .object({ origin_fallback: z.object({ url: OriginUrlSchema.optional() }).optional() })
  .openapi('ScopeConfig')

/** The draft's `CreateScopeRequest` and our optional members. Unknown members are ignored: another draft may know them. */
export const CreateScopeSchema = z
  .object({
    config: ScopeConfigSchema.optional(),
    name: NameSchema.optional(),
    primary: IdSchema.optional().openapi({ description: 'Where publishers connect. Default: the broker chooses.' }),
    providers: ProviderSetSchema.optional().openapi({ description: 'Default: every enabled provider.' }),
  })
  .openapi('CreateScopeRequest')

/** RFC 7396: `null` removes, absent leaves as it is. */
export const UpdateScopeSchema = z
  .strictObject({
    name: NameSchema.nullable().optional(),
    config: z
      .strictObject({
        origin_fallback: z.strictObject({ url: OriginUrlSchema.nullable().optional() }).nullable().optional(),
      })
      .nullable()
      .optional(),
    providers: ProviderSetSchema.optional().openapi({ description: 'The whole new set; it must keep the primary.' }),
  })
  .openapi('UpdateScopeRequest')

export const FailoverSchema = z
  .strictObject({
    to: IdSchema.optional().openapi({ description: 'The new primary. Default: the broker chooses.' }),
    reason: ReasonSchema,
  })
  .openapi('FailoverRequest')

export const ScopeStateSchema = z.enum(['provisioning', 'ready', 'degraded', 'failed', 'deleting'])

const PlacementSchema = z
  .object({
    provider: z.string(),
    role: z.enum(['primary', 'secondary']),
    state: z.enum(['pending', 'ready', 'unwired', 'failed', 'leaving']),
    scope_id: z.string().optional(),
    url: z.string().optional(),
    fallback: z
      .object({
        to: z.enum(['nothing', 'origin', 'provider', 'unknown']),
        provider: z.string().optional(),
        url: z.string().optional().openapi({ description: 'Cut to scheme and host.' }),
      })
      .optional(),
    error: z
      .object({
        code: z.string(),
        detail: z.string(),
        at: TimeSchema,
        attempts: z.int(),
        retry_at: TimeSchema.optional().openapi({ description: 'Absent: nobody retries until something changes.' }),
      })
      .optional(),
  })
  .openapi('Placement')

/** What everybody with a key may see of a scope. */
export const ScopeSchema = z
  .object({
    scope_id: z.string(),
    name: z.string().optional(),
    state: ScopeStateSchema,
    primary: z.string(),
    promoting: z.string().optional().openapi({ description: 'A failover is preparing this provider.' }),
    url: z.string().optional().openapi({ description: "Base URL of the primary's relay." }),
    config: z
      .object({ origin_fallback: z.object({ url: z.string() }) })
      .optional()
      .openapi({ description: 'The URL is cut to scheme and host, since it may hold a token.' }),
    placements: z.array(PlacementSchema).readonly(),
    owner: z.string().openapi({ description: 'Id of the API key that made it.' }),
    operation: z.string().optional().openapi({ description: 'The operation at work.' }),
    revision: z.int(),
    created_at: TimeSchema,
    updated_at: TimeSchema,
  })
  .openapi('Scope')

/** The answer to a creation: the draft's members, with the primary's token and the whole configuration. */
export const CreatedScopeSchema = z
  .object({
    ...ScopeSchema.shape,
    url: z.string(),
    token: z.string().openapi({ description: 'Clients connect to `{url}/{token}`.' }),
    config: ScopeConfigSchema.optional(),
  })
  .openapi('CreatedScope')

export const ScopePageSchema = z
  .object({ scopes: z.array(ScopeSchema).readonly(), next_cursor: z.string().optional() })
  .openapi('ScopePage')

export const RightSchema = z.enum(['publish', 'subscribe'])

export const CredentialsSchema = z
  .object({
    scope_id: z.string(),
    credentials: z
      .array(
        z.object({
          provider: z.string(),
          role: z.enum(['primary', 'secondary']),
          rights: z.array(RightSchema).readonly(),
          connect_url: z.string(),
          expires_at: z.string().optional(),
        }),
      )
      .readonly(),
    withheld: z.int().openapi({ description: 'How many more there are that a reader key may not have.' }),
  })
  .openapi('ScopeCredentials')

export const EventsSchema = z
  .object({
    events: z
      .array(
        z.object({
          sequence: z.int(),
          at: TimeSchema,
          type: z.string(),
          by: z.string(),
          operation: z.string().optional(),
          provider: z.string().optional(),
          detail: z.string(),
        }),
      )
      .readonly(),
    next_after: z.int().optional(),
  })
  .openapi('ScopeEvents')

export const OperationSchema = z
  .object({
    operation_id: z.string(),
    kind: z.enum(['create', 'update', 'failover', 'delete', 'repair']),
    scope_id: z.string(),
    state: z.enum(['running', 'succeeded', 'degraded', 'failed']),
    requested_by: z.string(),
    reason: z.string().optional(),
    failover: z.object({ from: z.string(), to: z.string() }).optional(),
    steps: z
      .array(
        z.object({
          provider: z.string(),
          action: z.string(),
          aim: z.string(),
          state: z.string(),
          started_at: TimeSchema,
          ended_at: TimeSchema.optional(),
          error: z.object({ code: z.string(), detail: z.string() }).optional(),
        }),
      )
      .readonly(),
    outcome: z.object({ code: z.string(), detail: z.string() }).optional(),
    created_at: TimeSchema,
    ended_at: TimeSchema.optional(),
  })
  .openapi('Operation')
