import type { Context } from 'hono'
import { type ApiDeps, checkBearer } from './api-deps.ts'
import { parseCloudflareBody, readCloudflareBody } from './cloudflare-body.ts'
import { failure, onlyDocumentedMethods, success } from './cloudflare-envelope.ts'
import { pageOf } from './cloudflare-page.ts'
import { addTokenRoutes, defaultExpiry, type FindRelay } from './cloudflare-tokens.ts'
import {
  createRequestSchema,
  relayDetail,
  relaySummary,
  tokenCollection,
  updateRequestSchema,
} from './cloudflare-wire.ts'
import type { LabApp, LabEnv } from './http-listener.ts'
import type { LabScope } from './scope-registry.ts'
import { isUpstreamUrl } from './upstream-url.ts'

const ACCOUNT = '/client/v4/accounts/:account_id/*'
const RELAYS = '/client/v4/accounts/:account_id/moq/relays'
const RELAY = `${RELAYS}/:relay_id`

/**
 * The current generation ("G3") of Cloudflare's MoQ API, with its error codes (moq-providers.md 1.1): created by
 * name alone, configured by PUT, tokens shown once. Revocation refuses new sessions and leaves open ones alone.
 */
export function addCloudflareApi(app: LabApp, deps: ApiDeps): void {
  const { registry, relay } = deps
  addAccountRules(app, deps)

  const findRelay: FindRelay = (id) => {
    if (!/^[0-9a-f]{32}$/.test(id)) return failure(21003)
    return registry.get(id) ?? failure(21007)
  }
  const detail = (scope: LabScope) => {
    const connected = relay.sessions().some((session) => session.scopeId === scope.id && !session.upstream)
    return relayDetail(scope, connected)
  }

  app.post(RELAYS, async (c) => {
    const body = await readCloudflareBody(c)
    if (body instanceof Response) return body
    const parsed = parseCloudflareBody(body.value, createRequestSchema)
    if (parsed instanceof Response) return parsed
    const { name, config } = parsed.request
    if (name === undefined) return failure(21002)
    if (name === '') return failure(21011)
    if (!isEmptyConfig(config)) return failure(21014)
    if (registry.size >= deps.scopeLimit) return failure(21008)
    const scope = newRelay(deps, name)
    registry.put(scope)
    return success(201, { result: { ...detail(scope), ...tokenCollection(scope.tokens, 'with_secret') } })
  })

  app.get(RELAYS, (c) => {
    const page = pageOf(registry.list(), c.req.query())
    if (page === undefined) return failure(21004)
    const { relays, total } = page
    return success(200, { result: relays.map(relaySummary), result_info: { count: relays.length, total } })
  })
  onlyDocumentedMethods(app, RELAYS)

  app.get(RELAY, (c) => {
    const scope = findRelay(c.req.param('relay_id'))
    return scope instanceof Response ? scope : success(200, { result: detail(scope) })
  })

  app.put(RELAY, async (c) => {
    const body = await readCloudflareBody(c)
    const scope = findRelay(c.req.param('relay_id'))
    if (scope instanceof Response) return scope
    if (body instanceof Response) return body
    const parsed = parseCloudflareBody(body.value, updateRequestSchema)
    if (parsed instanceof Response) return parsed
    const { name, config } = parsed.request
    if (name === '') return failure(21011)
    const urls = config?.upstreams?.upstreams?.map(({ url }) => url)
    if (urls !== undefined && !urls.every(isUpstreamUrl)) return failure(21013)
    const enabled = config?.upstreams?.enabled
    const changed: LabScope = {
      ...scope,
      modified: registry.nextInstant(),
      ...(name !== undefined && { label: name }),
      ...(config?.upstreams !== undefined && {
        upstreams: { ...(enabled !== undefined && { enabled }), ...(urls !== undefined && { urls }) },
      }),
    }
    registry.put(changed)
    if (config?.upstreams !== undefined) relay.refresh(scope.id)
    return success(200, { result: detail(changed) })
  })

  app.delete(RELAY, (c) => {
    const scope = findRelay(c.req.param('relay_id'))
    if (scope instanceof Response) return scope
    registry.delete(scope.id)
    relay.drop(scope.id)
    return success(200, { result: null })
  })
  onlyDocumentedMethods(app, RELAY)

  addTokenRoutes(app, deps, findRelay)
}

function addAccountRules(app: LabApp, { apiToken, accountId }: ApiDeps): void {
  app.use(async (c, next) => {
    switch (checkBearer(c, apiToken)) {
      case 'right':
        return next()
      case 'missing':
        return failure(10000, 401)
      case 'wrong':
        return failure(10000)
    }
  })
  app.use(ACCOUNT, async (c: Context<LabEnv, typeof ACCOUNT>, next) =>
    c.req.param('account_id') === accountId ? next() : failure(7003),
  )
  app.notFound(() => failure(7000))
  app.onError(() => failure(21006))
}

/** The two default tokens come with every relay: one for publishers, one for subscribers. */
function newRelay({ registry, now }: ApiDeps, name: string): LabScope {
  const id = registry.newId()
  const expires = defaultExpiry(now())
  const created = registry.nextInstant()
  return {
    id,
    label: name,
    created,
    modified: created,
    upstreams: { enabled: false, urls: [] },
    tokens: [
      registry.newToken(id, { operations: ['publish', 'subscribe'], expires }),
      registry.newToken(id, { operations: ['subscribe'], expires }),
    ],
  }
}

function isEmptyConfig(config: unknown): boolean {
  if (config === undefined || config === null) return true
  return typeof config === 'object' && !Array.isArray(config) && Object.keys(config).length === 0
}
