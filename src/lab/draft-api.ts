import type { ApiDeps } from './api-deps.ts'
import { addDraftEnvelope, allowOnly, readRequest } from './draft-envelope.ts'
import { createScopeRequestSchema, type ScopeConfig, upstreamsFromConfig } from './draft-wire.ts'
import type { LabApp } from './http-listener.ts'
import type { JsonObject } from './json-object.ts'
import type { LabScope, Operation } from './scope-registry.ts'

/**
 * The draft and nothing more (its OpenAPI 0.0.1): `POST /moq/scopes`. Bearer authentication and problem details
 * are local policy, since the draft leaves both open.
 */
export function addDraftApi(app: LabApp, deps: ApiDeps): void {
  addDraftEnvelope(app, deps)

  app.post('/moq/scopes', async (c) => {
    const request = await readRequest(c, createScopeRequestSchema)
    if (request instanceof Response) return request
    const scope = newScope(deps, request.config, [['publish', 'subscribe']])
    deps.registry.put(scope)
    return c.json(createdScope(deps, scope, request.config), 201)
  })
  allowOnly(app, '/moq/scopes', ['POST'])
}

/** A scope that is not recorded yet, with one token for each set of operations. */
export function newScope(
  { registry }: ApiDeps,
  config: ScopeConfig | undefined,
  tokens: readonly (readonly Operation[])[],
): LabScope {
  const id = registry.newId()
  const created = registry.nextInstant()
  return {
    id,
    created,
    modified: created,
    upstreams: upstreamsFromConfig(config),
    tokens: tokens.map((operations) => registry.newToken(id, { operations })),
  }
}

/** `Scope` of the draft's OpenAPI; `config` is the echo of what was asked for. */
export function createdScope({ relayUrl }: ApiDeps, scope: LabScope, config: ScopeConfig | undefined): JsonObject {
  return {
    scope_id: scope.id,
    url: relayUrl,
    token: scope.tokens[0]?.secret,
    ...(config !== undefined && { config }),
  }
}
