import { z } from 'zod'
import type { Right } from '../capabilities.ts'
import type { Credential } from '../contract.ts'
import { pathTokenSchema } from '../relay-url.ts'

const RIGHTS: readonly Right[] = ['publish', 'subscribe']

const hexIdSchema = z.string().regex(/^[0-9a-fA-F]{32}$/, 'must be 32 hex digits')

/** The envelope of every answer; gives its `result`. */
export function resultOf<T>(result: z.ZodType<T>): z.ZodType<T> {
  return z.object({ success: z.literal(true), result }).transform((envelope) => envelope.result)
}

/** The envelope where the result says nothing. */
export const successSchema = z.object({ success: z.literal(true) })

const tokenSchema = z.object({
  jti: hexIdSchema,
  operations: z.array(z.string()),
  expires: z.string().optional(),
  /** Only in the answer that made the token. */
  secret: pathTokenSchema.optional(),
})

export type WireToken = z.infer<typeof tokenSchema>

/** Issuers are a union on `type`; unknown types MUST be ignored, a known type of unknown shape is a fault. */
const issuersSchema = z
  .array(
    z.union([
      z.object({ type: z.literal('cloudflare_jwt'), cloudflare_tokens: z.array(tokenSchema) }),
      z
        .object({ type: z.string().refine((type) => type !== 'cloudflare_jwt') })
        .transform(({ type }) => ({ type, cloudflare_tokens: [] })),
    ]),
  )
  .transform((issuers) => issuers.flatMap((issuer): readonly WireToken[] => issuer.cloudflare_tokens))

/** The tokens of a relay: answer of list tokens, and of mint with the new token alone. */
export const tokensSchema = z.object({ issuers: issuersSchema }).transform(({ issuers }) => issuers)

/**
 * Answer of create. Tokens come as `issuers` (generation 3) or as two members (generation 1, npm 6.5 to 7.0);
 * either way a publisher's and a subscriber's credential MUST be among them.
 */
export const createdRelaySchema = z
  .object({
    uid: hexIdSchema,
    issuers: issuersSchema.optional(),
    token_publish_subscribe: pathTokenSchema.optional(),
    token_subscribe: pathTokenSchema.optional(),
  })
  .transform((relay, context) => {
    const credentials = (relay.issuers ?? []).flatMap((token) => credentialFromWire(token) ?? [])
    const publisher =
      credentials.find((credential) => hasExactly(credential, ['publish', 'subscribe'])) ??
      plainCredential(relay.token_publish_subscribe, ['publish', 'subscribe'])
    const subscriber =
      credentials.find((credential) => hasExactly(credential, ['subscribe'])) ??
      plainCredential(relay.token_subscribe, ['subscribe'])
    if (publisher !== undefined && subscriber !== undefined)
      return { uid: relay.uid, credentials: [publisher, subscriber] }
    context.addIssue({ code: 'custom', message: 'holds no credential for publishers or none for subscribers' })
    return z.NEVER
  })

/** A token with its secret as credential; `undefined` without a secret or without a right that we know. */
export function credentialFromWire(token: WireToken): Credential | undefined {
  const rights = RIGHTS.filter((right) => token.operations.includes(right))
  if (token.secret === undefined || rights.length === 0) return undefined
  return {
    remoteId: token.jti,
    rights,
    secret: token.secret,
    ...(token.expires !== undefined && { expiresAt: token.expires }),
  }
}

/** Whether the credential carries these rights and no others. */
export function hasExactly(credential: Credential, rights: readonly Right[]): boolean {
  return credential.rights.length === rights.length && rights.every((right) => credential.rights.includes(right))
}

function plainCredential(secret: string | undefined, rights: readonly Right[]): Credential | undefined {
  return secret === undefined ? undefined : { rights, secret }
}

const urlListSchema = z.array(z.object({ url: z.string() }))

/** Answer of get: `config.upstreams` (generation 3) or `config.origin_fallback.origins` (generation 1). */
export const relaySchema = z
  .object({
    uid: hexIdSchema,
    name: z.string(),
    config: z.object({
      upstreams: z.object({ enabled: z.boolean().optional(), upstreams: urlListSchema.optional() }).optional(),
      origin_fallback: z.object({ enabled: z.boolean().optional(), origins: urlListSchema.optional() }).optional(),
    }),
  })
  .transform(({ uid, name, config: { upstreams, origin_fallback } }) => {
    const list = upstreams?.upstreams ?? origin_fallback?.origins ?? []
    const enabled = (upstreams ?? origin_fallback)?.enabled !== false
    return { uid, name, upstreams: enabled ? list.map(({ url }) => url) : [] }
  })

/** One page of the list, newest first; it holds metadata only. */
export const relayPageSchema = z.array(
  z.object({
    uid: hexIdSchema,
    name: z.string(),
    created: z.string().refine((time) => !Number.isNaN(Date.parse(time))),
  }),
)

/** `config` of PUT. A sub-object that is present is replaced whole; an empty list must also be switched off. */
export function upstreamsToWire(urls: readonly string[]): object {
  return { upstreams: { enabled: urls.length > 0, upstreams: urls.map((url) => ({ url })) } }
}
