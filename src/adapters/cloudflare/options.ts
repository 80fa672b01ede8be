import { z } from 'zod'
import { type Capabilities, NO_CAPABILITIES } from '../capabilities.ts'
import { apiUrlOption, headerSecretOption, moqtDraftsOption, schemesOption } from '../option-fields.ts'
import { relayUrlSchema } from '../relay-url.ts'

/** Most tokens that one relay holds; the next one is refused with code 21009. */
export const TOKENS_PER_RELAY = 10

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60

/** Cloudflare documents an ordered list without a length; we ask for no more than this. */
const MAX_UPSTREAMS = 10

/** Options of a Cloudflare account with MoQ relays. */
export const cloudflareOptionsSchema = z.strictObject({
  base_url: apiUrlOption.default('https://api.cloudflare.com/client/v4'),
  account_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an account id (letters, digits, "-" and "_")'),
  /** API token with the account permission "MoQ Write". */
  api_token: headerSecretOption,
  /** Base of connect URLs, such as `https://draft-16.cloudflare.mediaoverquic.com`; the API does not tell it. */
  relay_url: relayUrlSchema,
  /** Put before the label in a relay's name, so that the dashboard shows whose relay it is. */
  name_prefix: z.string().max(64).default(''),
  upstream_schemes: schemesOption.default(['moqt', 'https']),
  moqt_drafts: moqtDraftsOption.default(['16']),
})

export type CloudflareOptions = z.infer<typeof cloudflareOptionsSchema>

/** What the relays API can do (generation 3, `npm cloudflare` 7.1.0 and later). */
export function cloudflareCapabilities(options: CloudflareOptions): Capabilities {
  return {
    ...NO_CAPABILITIES,
    updateConfig: true,
    get: true,
    list: true,
    delete: true,
    adoptByLabel: true,
    maxUpstreams: MAX_UPSTREAMS,
    upstreamSchemes: options.upstream_schemes,
    tokenPlacement: 'path',
    credentialsAtCreate: [['publish', 'subscribe'], ['subscribe']],
    mintCredential: true,
    revokeCredential: true,
    credentialLimit: TOKENS_PER_RELAY,
    maxCredentialTtlSeconds: ONE_YEAR_SECONDS,
    moqtDrafts: options.moqt_drafts,
    originFallback: 'native',
  }
}
