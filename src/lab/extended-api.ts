import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiDeps } from './api-deps.ts'
import { createdScope, newScope } from './draft-api.ts'
import { addDraftEnvelope, allowOnly, readRequest } from './draft-envelope.ts'
import {
  configFromUpstreams,
  createScopeRequestSchema,
  originFallbackSchema,
  upstreamsFromConfig,
} from './draft-wire.ts'
import type { LabApp, LabEnv } from './http-listener.ts'
import { problem } from './problem.ts'
import type { LabScope } from './scope-registry.ts'

const DEFAULT_PAGE = 50
const MAX_PAGE = 200

const createRequestSchema = createScopeRequestSchema.extend({ label: z.string().min(1).max(256).exactOptional() })

const patchRequestSchema = z.object({
  config: z.object({ origin_fallback: originFallbackSchema.nullable().exactOptional() }).exactOptional(),
})

const mintRequestSchema = z.object({
  operations: z
    .array(z.enum(['publish', 'subscribe']))
    .min(1)
    .refine((operations) => new Set(operations).size === operations.length, 'must not name an operation twice'),
})

const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  cursor: z
    .string()
    .transform((cursor) => Number(Buffer.from(cursor, 'base64url').toString('latin1')))
    .pipe(z.number().int().positive())
    .optional(),
})

/**
 * The draft, and what it expects to come: list, get, update, delete, a `subscribe_token`, `label`,
 * `Idempotency-Key`, and tokens that are minted and revoked. All of it is local policy.
 *
 * - `POST /moq/scopes` {config?, label?} - 201 {scope_id, url, token, subscribe_token, label?, config?}
 * - `GET /moq/scopes?limit&cursor` - 200 {scopes: [{scope_id, url, label?, config}], next_cursor?}, oldest first
 * - `GET /moq/scopes/{id}` - 200 {scope_id, url, label?, config}; never tokens
 * - `PATCH /moq/scopes/{id}` {config: {origin_fallback: {url} | null}} - 200 as get (RFC 7396)
 * - `DELETE /moq/scopes/{id}` - 204
 * - `POST /moq/scopes/{id}/tokens` {operations} - 201 {token_id, token, operations}
 * - `DELETE /moq/scopes/{id}/tokens/{token_id}` - 204; refuses new sessions, does not close old ones
 */
export function addExtendedApi(app: LabApp, deps: ApiDeps): void {
  addDraftEnvelope(app, deps)
  const { registry, relay, relayUrl } = deps

  const wireScope = (scope: LabScope) => ({
    scope_id: scope.id,
    url: relayUrl,
    ...(scope.label !== undefined && { label: scope.label }),
    config: configFromUpstreams(scope.upstreams),
  })
  const findScope = (c: Context<LabEnv, '/moq/scopes/:scope_id'>): LabScope | Response =>
    registry.get(c.req.param('scope_id')) ?? problem(404, 'there is no scope with this id')

  app.get('/moq/scopes', (c) => {
    const query = pageQuerySchema.safeParse(c.req.query())
    if (!query.success) return problem(400, '"limit" must be a positive whole number, "cursor" one that a page gave')
    const { limit, cursor = 0 } = query.data
    const rest = registry.list().filter((scope) => scope.created > cursor)
    const scopes = rest.slice(0, Math.min(limit, MAX_PAGE))
    const last = scopes.at(-1)
    const more = last !== undefined && scopes.length < rest.length
    return c.json({ scopes: scopes.map(wireScope), ...(more && { next_cursor: cursorAfter(last) }) })
  })

  app.post('/moq/scopes', async (c) => {
    const request = await readRequest(c, createRequestSchema)
    if (request instanceof Response) return request
    const key = c.req.header('idempotency-key')
    const fingerprint = fingerprintOf(request)
    const earlier = key === undefined ? undefined : registry.findByCreationKey(key)?.creation
    if (earlier !== undefined) {
      if (earlier.fingerprint !== fingerprint) return problem(422, 'this Idempotency-Key came with another body before')
      return c.body(earlier.answer, 201, { 'content-type': 'application/json' })
    }
    const { label } = request
    const scope = newScope(deps, request.config, [['publish', 'subscribe'], ['subscribe']])
    const answer = JSON.stringify({
      ...createdScope(deps, scope, request.config),
      subscribe_token: scope.tokens[1]?.secret,
      ...(label !== undefined && { label }),
    })
    registry.put({
      ...scope,
      ...(label !== undefined && { label }),
      ...(key !== undefined && { creation: { key, fingerprint, answer } }),
    })
    return c.body(answer, 201, { 'content-type': 'application/json' })
  })
  allowOnly(app, '/moq/scopes', ['GET', 'POST'])

  app.get('/moq/scopes/:scope_id', (c) => {
    const scope = findScope(c)
    return scope instanceof Response ? scope : c.json(wireScope(scope))
  })

  app.patch('/moq/scopes/:scope_id', async (c) => {
    const request = await readRequest(c, patchRequestSchema)
    if (request instanceof Response) return request
    const scope = findScope(c)
    if (scope instanceof Response) return scope
    const fallback = request.config?.origin_fallback
    if (fallback === undefined) return c.json(wireScope(scope))
    const upstreams = upstreamsFromConfig(fallback === null ? {} : { origin_fallback: fallback })
    const changed = { ...scope, modified: registry.nextInstant(), upstreams }
    registry.put(changed)
    relay.refresh(scope.id)
    return c.json(wireScope(changed))
  })

  app.delete('/moq/scopes/:scope_id', (c) => {
    const scope = findScope(c)
    if (scope instanceof Response) return scope
    registry.delete(scope.id)
    relay.drop(scope.id)
    return c.body(null, 204)
  })
  allowOnly(app, '/moq/scopes/:scope_id', ['GET', 'PATCH', 'DELETE'])

  app.post('/moq/scopes/:scope_id/tokens', async (c) => {
    const request = await readRequest(c, mintRequestSchema)
    if (request instanceof Response) return request
    const scope = findScope(c)
    if (scope instanceof Response) return scope
    const token = registry.newToken(scope.id, request)
    registry.put({ ...scope, tokens: [...scope.tokens, token] })
    return c.json({ token_id: token.id, token: token.secret, operations: token.operations }, 201)
  })
  allowOnly(app, '/moq/scopes/:scope_id/tokens', ['POST'])

  app.delete('/moq/scopes/:scope_id/tokens/:token_id', (c) => {
    const scope = findScope(c)
    if (scope instanceof Response) return scope
    const tokens = scope.tokens.filter((token) => token.id !== c.req.param('token_id'))
    if (tokens.length === scope.tokens.length) return problem(404, 'this scope has no token with this id')
    registry.put({ ...scope, tokens })
    return c.body(null, 204)
  })
  allowOnly(app, '/moq/scopes/:scope_id/tokens/:token_id', ['DELETE'])
}

function cursorAfter(scope: LabScope): string {
  return Buffer.from(String(scope.created), 'latin1').toString('base64url')
}

/** Bodies that ask for the same have the same one; it tells nothing about the tokens inside. */
function fingerprintOf(request: z.infer<typeof createRequestSchema>): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('base64url')
}
