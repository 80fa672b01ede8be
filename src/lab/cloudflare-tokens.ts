import type { ApiDeps } from './api-deps.ts'
import { parseCloudflareBody, readCloudflareBody } from './cloudflare-body.ts'
import { failure, onlyDocumentedMethods, success } from './cloudflare-envelope.ts'
import { mintRequestSchema, operationsSchema, tokenCollection } from './cloudflare-wire.ts'
import type { LabApp } from './http-listener.ts'
import { type Instant, instantFromMs, parseRfc3339 } from './instant.ts'
import type { LabScope } from './scope-registry.ts'

const TOKEN_LIMIT = 10
const YEAR_MS = 365 * 24 * 60 * 60 * 1000

const TOKENS = '/client/v4/accounts/:account_id/moq/relays/:relay_id/tokens'
const TOKEN = `${TOKENS}/:jti`

/** The relay that a path names; or 21003 where it cannot be an id, 21007 where there is none. */
export type FindRelay = (id: string) => LabScope | Response

/** One year from now: both the default and the longest life of a token. */
export function defaultExpiry(nowMs: number): Instant {
  return instantFromMs(nowMs + YEAR_MS)
}

/** Mint, list and revoke the tokens of a relay. */
export function addTokenRoutes(app: LabApp, { registry, now }: ApiDeps, findRelay: FindRelay): void {
  app.post(TOKENS, async (c) => {
    const body = await readCloudflareBody(c)
    const scope = findRelay(c.req.param('relay_id'))
    if (scope instanceof Response) return scope
    if (body instanceof Response) return body
    const parsed = parseCloudflareBody(body.value, mintRequestSchema)
    if (parsed instanceof Response) return parsed
    const operations = operationsSchema.safeParse(parsed.request.operations)
    if (!operations.success) return failure(21010)
    const expires = expiryFrom(parsed.request.expires, now())
    if (expires instanceof Response) return expires
    if (scope.tokens.length >= TOKEN_LIMIT) return failure(21009)
    const { label } = parsed.request
    const described = { operations: operations.data, expires, ...(label !== undefined && { label }) }
    const token = registry.newToken(scope.id, described)
    registry.put({ ...scope, tokens: [...scope.tokens, token] })
    return success(201, { result: tokenCollection([token], 'with_secret') })
  })

  app.get(TOKENS, (c) => {
    const scope = findRelay(c.req.param('relay_id'))
    if (scope instanceof Response) return scope
    return success(200, { result: tokenCollection(scope.tokens, 'metadata') })
  })
  onlyDocumentedMethods(app, TOKENS)

  app.delete(TOKEN, (c) => {
    const scope = findRelay(c.req.param('relay_id'))
    if (scope instanceof Response) return scope
    const jti = c.req.param('jti')
    if (!/^[0-9a-f]{32}$/.test(jti)) return failure(21003)
    const tokens = scope.tokens.filter((token) => token.id !== jti)
    if (tokens.length < scope.tokens.length) registry.put({ ...scope, tokens })
    return success(200, {})
  })
  onlyDocumentedMethods(app, TOKEN)
}

function expiryFrom(expires: string | undefined, nowMs: number): Instant | Response {
  const latest = defaultExpiry(nowMs)
  if (expires === undefined) return latest
  const instant = parseRfc3339(expires)
  if (instant === undefined) return failure(21004)
  return instant > latest || instant <= instantFromMs(nowMs) ? failure(21012) : instant
}
