import { z } from 'zod'
import { instantToRfc3339 } from './instant.ts'
import type { JsonObject } from './json-object.ts'
import type { LabScope, LabToken } from './scope-registry.ts'

/** Body of `PUT .../relays/{relay_id}`. Unknown members are ignored; a sub-object of `config` is replaced whole. */
export const updateRequestSchema = z.object({
  name: z.string().exactOptional(),
  config: z
    .object({
      upstreams: z
        .object({
          enabled: z.boolean().exactOptional(),
          upstreams: z.array(z.object({ url: z.string() })).exactOptional(),
        })
        .exactOptional(),
    })
    .exactOptional(),
})

/** Body of `POST .../relays`, before the rules that have codes of their own. */
export const createRequestSchema = z.object({ name: z.string().exactOptional(), config: z.unknown().optional() })

/** Body of `POST .../relays/{relay_id}/tokens`, before the rules that have codes of their own. */
export const mintRequestSchema = z.object({
  operations: z.unknown().optional(),
  expires: z.string().exactOptional(),
  label: z.string().exactOptional(),
})

export const operationsSchema = z.array(z.enum(['publish', 'subscribe'])).min(1)

/** A relay as the list shows it. */
export function relaySummary(scope: LabScope): JsonObject {
  return {
    uid: scope.id,
    name: scope.label ?? '',
    created: instantToRfc3339(scope.created),
    modified: instantToRfc3339(scope.modified),
  }
}

/** A relay as create, get and update show it; `status` only while anybody is connected. */
export function relayDetail(scope: LabScope, connected: boolean): JsonObject {
  const { enabled, urls } = scope.upstreams
  const upstreams = {
    ...(enabled !== undefined && { enabled }),
    ...(urls !== undefined && { upstreams: urls.map((url) => ({ url })) }),
  }
  return { ...relaySummary(scope), config: { upstreams }, ...(connected && { status: 'connected' }) }
}

/** How much of a token an answer shows. */
export type TokenView = 'with_secret' | 'metadata'

/**
 * The token collection of create (secrets shown once), mint (likewise) and list (never). The first issuer is of a
 * type that no client knows: the vendor's rule is to switch on `type` and ignore the rest, and this shows whether
 * a client does.
 */
export function tokenCollection(tokens: readonly LabToken[], view: TokenView): JsonObject {
  return {
    issuers: [
      { type: 'lab_future', issuer: 'lab', lab_future_tokens: [] },
      {
        type: 'cloudflare_jwt',
        issuer: 'cloudflare',
        cloudflare_tokens: tokens.map((token) => wireToken(token, view)),
      },
    ],
  }
}

function wireToken({ id, operations, created, expires, label, secret }: LabToken, view: TokenView): JsonObject {
  return {
    jti: id,
    operations,
    created: instantToRfc3339(created),
    ...(expires !== undefined && { expires: instantToRfc3339(expires) }),
    ...(label !== undefined && { label }),
    ...(view === 'with_secret' && { secret }),
  }
}
