import { z } from 'zod'
import type { Credential, RemoteScope } from '../contract.ts'
import type { RemoteFault } from '../http-client.ts'
import { pathTokenSchema, relayUrlSchema, remoteIdSchema } from '../relay-url.ts'

const rightsSchema = z.array(z.enum(['publish', 'subscribe'])).min(1)

const configSchema = z.object({
  origin_fallback: z.object({ url: z.string().min(1).nullish() }).nullish(),
})

/** 201 of Create Scope (draft, "Scope Provisioning"): the three members that OpenAPI 0.0.1 requires. */
export const createdScopeSchema = z.object({ scope_id: remoteIdSchema, url: relayUrlSchema, token: pathTokenSchema })

/** The same where the provider also answers a credential for subscribers. */
export const createdScopeWithSubscribeTokenSchema = createdScopeSchema.extend({ subscribe_token: pathTokenSchema })

/** A scope as get and list answer it. Beyond the draft. */
export const scopeSchema = z.object({
  scope_id: remoteIdSchema,
  url: relayUrlSchema.optional(),
  label: z.string().nullish(),
  config: configSchema.nullish(),
})

/** One page of the list. Beyond the draft. */
export const scopePageSchema = z.object({ scopes: z.array(scopeSchema), next_cursor: z.string().min(1).nullish() })

/** 201 of a minted token. Beyond the draft. */
export const mintedTokenSchema = z
  .object({ token_id: remoteIdSchema, token: pathTokenSchema, operations: rightsSchema })
  .transform(
    ({ token_id, token, operations }): Credential => ({ remoteId: token_id, rights: operations, secret: token }),
  )

/** `config` of a request; `undefined` upstream becomes `null` only where it must clear. */
export function fallbackToWire(url: string | undefined): { origin_fallback: { url: string } | null } {
  return { origin_fallback: url === undefined ? null : { url } }
}

/** Absent `config` tells nothing about upstreams; a `config` without fallback tells that there are none. */
export function scopeFromWire(scope: z.infer<typeof scopeSchema>): RemoteScope {
  const config = scope.config ?? undefined
  const url = config?.origin_fallback?.url
  return {
    scopeId: scope.scope_id,
    ...(typeof scope.label === 'string' && { label: scope.label }),
    ...(config !== undefined && { upstreams: typeof url === 'string' ? [url] : [] }),
  }
}

const problemSchema = z.object({
  type: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  error: z
    .union([z.string(), z.object({ code: z.string().optional(), message: z.string().optional() })])
    .optional()
    .catch(undefined),
})

/** The draft defines no error body, so the usual forms are read: RFC 9457 problem, `{error}`, `{code, message}`. */
export function readDraftFault(_status: number, json: unknown): RemoteFault {
  const parsed = problemSchema.safeParse(json)
  if (!parsed.success) return {}
  const { error, code, message, detail, title } = parsed.data
  if (typeof error === 'object') return { code: error.code, message: error.message }
  return { code, message: detail ?? message ?? title ?? error }
}
