import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { etagOf } from '../conditional.ts'
import { decodeCursor, encodeCursor, nextLink } from '../cursor.ts'
import { ProblemError } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import { changeContextOf, followChange } from '../scope-change.ts'
import {
  BODY_PROBLEMS,
  CHANGE_PROBLEMS,
  COMMON_PROBLEMS,
  CursorParamSchema,
  IdempotencyHeaderSchema,
  IdSchema,
  jsonAnswer,
  LimitSchema,
  NameSchema,
  problemAnswer,
} from '../wire-fields.ts'
import {
  CreatedScopeSchema,
  CreateScopeSchema,
  OperationSchema,
  ScopePageSchema,
  ScopeStateSchema,
} from './scope-schemas.ts'
import { createdScopeToWire, operationToWire, scopeToWire } from './scope-wire.ts'

type Deps = Pick<HttpDeps, 'scopes' | 'keys' | 'limits'>

/** `POST /moq/scopes` (draft-englishm-moq-cdn-provisioning 3) and `GET /moq/scopes`. */
export function addScopeCollectionRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addCreateScope(app, deps)
  addListScopes(app, deps)
}

function addCreateScope(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const { scopes, keys, limits } = deps
  const route = createRoute({
    method: 'post',
    path: '/moq/scopes',
    operationId: 'create-scope',
    tags: ['Scopes'],
    summary: 'Create a scope',
    description:
      'Role: operator. Provisions one scope on every wanted provider and points the secondaries at the primary.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes, optional: true })],
    request: {
      headers: IdempotencyHeaderSchema,
      body: { required: false, content: { 'application/json': { schema: CreateScopeSchema } } },
    },
    responses: {
      201: {
        ...jsonAnswer('The scope exists; `degraded` if some provider failed.', CreatedScopeSchema),
        headers: z.object({ Location: z.string(), ETag: z.string() }),
      },
      202: {
        ...jsonAnswer('The creation goes on; poll the operation.', OperationSchema),
        headers: z.object({ Location: z.string() }),
      },
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...CHANGE_PROBLEMS,
      404: problemAnswer('`not-found`: a replayed request, and its scope has been deleted since.'),
    },
  })
  app.openapi(route, async (c) => {
    const { config, ...wanted } = c.req.valid('json')
    const origin = config?.origin_fallback?.url
    const request = {
      ...(wanted.name === undefined ? {} : { name: wanted.name }),
      ...(wanted.primary === undefined ? {} : { primary: wanted.primary }),
      ...(wanted.providers === undefined ? {} : { providers: wanted.providers }),
      ...(origin === undefined ? {} : { origin }),
    }
    const change = await changeContextOf(c, await c.req.text(), () => Promise.resolve(undefined))
    const accepted = await scopes.create(request, change)
    const { answer, operation } = await followChange(c, { scopes, waitMs: limits.waitMs }, accepted)
    if (answer === 'later') return c.json(operationToWire(operation), 202)
    const view = await scopes.get(accepted.scope)
    if (view === undefined) {
      throw new ProblemError({
        kind: 'not-found',
        detail: `Scope ${accepted.scope} was made by this request and has been deleted since.`,
      })
    }
    const created = createdScopeToWire(view, await scopes.secrets(view.id))
    if (created === undefined) {
      throw new ProblemError({
        kind: 'operation-failed',
        detail: `Scope ${view.id} exists, but has no primary that clients can connect to now. Read it again later.`,
        members: { operation: operation.id, scope: view.id },
      })
    }
    c.header('Location', `/moq/scopes/${view.id}`)
    c.header('ETag', etagOf(view.revision))
    return c.json(created, 201)
  })
}

function addListScopes(app: OpenAPIHono<AppEnv>, { scopes, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/moq/scopes',
    operationId: 'list-scopes',
    tags: ['Scopes'],
    summary: 'List scopes, newest first',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    request: {
      query: z.strictObject({
        limit: LimitSchema,
        cursor: CursorParamSchema.optional(),
        state: ScopeStateSchema.optional(),
        provider: IdSchema.optional(),
        name: NameSchema.optional(),
      }),
    },
    responses: {
      200: {
        ...jsonAnswer('One page.', ScopePageSchema),
        headers: z.object({
          Link: z.string().optional().openapi({ description: '`rel="next"`, unless this is the last page.' }),
        }),
      },
      ...COMMON_PROBLEMS,
    },
  })
  app.openapi(route, async (c) => {
    const { limit, cursor, state, provider, name } = c.req.valid('query')
    const page = await scopes.list({
      limit,
      ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }),
      ...(state === undefined ? {} : { state }),
      ...(provider === undefined ? {} : { provider }),
      ...(name === undefined ? {} : { name }),
    })
    const next = page.after === undefined ? undefined : encodeCursor(page.after)
    if (next !== undefined) c.header('Link', nextLink(c.req.url, 'cursor', next))
    return c.json({ scopes: page.scopes.map(scopeToWire), next_cursor: next }, 200)
  })
}
