import { z } from 'zod'
import { type Capabilities, NO_CAPABILITIES } from '../capabilities.ts'
import { apiUrlOption, headerSecretOption, moqtDraftsOption, schemesOption } from '../option-fields.ts'

/** Operations beyond the draft's Create Scope; see `docs/adapters.md` for their requests. */
export type DraftHttpOperation = 'get' | 'list' | 'update' | 'delete' | 'mint' | 'revoke'

/** `name: scheme` or `name`, as in `authorization: Bearer` or `x-api-key`. */
const tokenHeaderOption = z
  .string()
  .regex(/^[A-Za-z0-9-]+(?:: ?[A-Za-z0-9-]+)?$/, 'must be "<header name>" or "<header name>: <scheme>"')

/** Options of a provider that speaks the draft. Everything beyond the draft is off unless switched on. */
export const draftHttpOptionsSchema = z
  .strictObject({
    base_url: apiUrlOption,
    token: headerSecretOption,
    token_header: tokenHeaderOption.default('authorization: Bearer'),
    operations: z.array(z.enum(['get', 'list', 'update', 'delete', 'mint', 'revoke'])).default([]),
    /** A creation also answers a `subscribe_token`. */
    subscribe_token: z.boolean().default(false),
    /** Creation takes a `label` and the list gives it back. */
    labels: z.boolean().default(false),
    /** Creation honours the `Idempotency-Key` header. */
    idempotency_key: z.boolean().default(false),
    upstream_schemes: schemesOption.default(['moqt', 'https']),
    moqt_drafts: moqtDraftsOption.default([]),
    /** Revoking a token closes the sessions opened with it. */
    revokes_live_sessions: z.boolean().default(false),
  })
  .superRefine((options, context) => {
    const revokes = options.operations.includes('revoke')
    if (revokes && !options.operations.includes('mint')) {
      context.addIssue({
        code: 'custom',
        path: ['operations'],
        message: '"revoke" needs "mint": only minted tokens have an id',
      })
    }
    if (options.revokes_live_sessions && !revokes) {
      context.addIssue({ code: 'custom', path: ['revokes_live_sessions'], message: 'needs "revoke" in operations' })
    }
  })

export type DraftHttpOptions = z.infer<typeof draftHttpOptionsSchema>

/** What the draft alone allows, plus what the options switch on. */
export function draftHttpCapabilities(options: DraftHttpOptions): Capabilities {
  const can = (operation: DraftHttpOperation): boolean => options.operations.includes(operation)
  return {
    ...NO_CAPABILITIES,
    configAtCreate: true,
    updateConfig: can('update'),
    get: can('get'),
    list: can('list'),
    delete: can('delete'),
    adoptByLabel: options.labels && can('list') && can('mint'),
    idempotentCreate: options.idempotency_key,
    maxUpstreams: 1,
    upstreamSchemes: options.upstream_schemes,
    tokenPlacement: 'path',
    credentialsAtCreate: options.subscribe_token
      ? [['publish', 'subscribe'], ['subscribe']]
      : [['publish', 'subscribe']],
    mintCredential: can('mint'),
    revokeCredential: can('revoke'),
    revokesLiveSessions: options.revokes_live_sessions,
    moqtDrafts: options.moqt_drafts,
    originFallback: 'native',
  }
}
