import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ScopeService, ScopeView } from '../../scopes/scope-service.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { etagOf, isNotModified } from '../conditional.ts'
import { ProblemError } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import { answerLater, changeContextOf, followChange } from '../scope-change.ts'
import {
  BODY_PROBLEMS,
  CHANGE_PROBLEMS,
  ChangeHeaderSchema,
  COMMON_PROBLEMS,
  IdParamSchema,
  jsonAnswer,
  NOT_FOUND,
} from '../wire-fields.ts'
import { FailoverSchema, OperationSchema, ScopeSchema, UpdateScopeSchema } from './scope-schemas.ts'
import { operationToWire, scopeToWire, updateFromWire } from './scope-wire.ts'

type Deps = Pick<HttpDeps, 'scopes' | 'keys' | 'limits'>

const CHANGED = {
  200: { ...jsonAnswer('Changed.', ScopeSchema), headers: z.object({ ETag: z.string() }) },
  202: {
    ...jsonAnswer('The change goes on; poll the operation.', OperationSchema),
    headers: z.object({ Location: z.string() }),
  },
}

/** `/moq/scopes/{id}`: read, change, delete, fail over. */
export function addScopeItemRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addGetScope(app, deps)
  addUpdateScope(app, deps)
  addDeleteScope(app, deps)
  addFailover(app, deps)
}

/** The scope, or the problem that there is none. */
export async function scopeOrProblem(scopes: ScopeService, id: string): Promise<ScopeView> {
  const view = await scopes.get(id)
  if (view !== undefined) return view
  throw new ProblemError({ kind: 'not-found', detail: `There is no scope ${id}.` })
}

function addGetScope(app: OpenAPIHono<AppEnv>, { scopes, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/moq/scopes/{id}',
    operationId: 'get-scope',
    tags: ['Scopes'],
    summary: 'Read a scope',
    description: 'Role: reader. Holds no token; see `get-scope-credentials`.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema, headers: z.object({ 'if-none-match': z.string().optional() }) },
    responses: {
      200: { ...jsonAnswer('The scope.', ScopeSchema), headers: z.object({ ETag: z.string() }) },
      304: { description: 'Unchanged since the revision in `If-None-Match`.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.openapi(route, async (c) => {
    const view = await scopeOrProblem(scopes, c.req.valid('param').id)
    c.header('ETag', etagOf(view.revision))
    c.header('Cache-Control', 'private, no-cache')
    if (isNotModified(c.req.header('if-none-match'), view.revision)) return c.body(null, 304)
    return c.json(scopeToWire(view), 200)
  })
}

function addUpdateScope(app: OpenAPIHono<AppEnv>, { scopes, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'patch',
    path: '/moq/scopes/{id}',
    operationId: 'update-scope',
    tags: ['Scopes'],
    summary: 'Change name, configuration or providers',
    description:
      'Role: operator. RFC 7396 merge patch: `null` removes, what is absent stays. For another primary: fail over.',
    middleware: [
      requireRole(keys, 'operator'),
      readJsonBody({ maxBytes: limits.bodyBytes, alsoAccepts: 'application/merge-patch+json' }),
    ],
    request: {
      params: IdParamSchema,
      headers: ChangeHeaderSchema,
      body: {
        required: true,
        content: {
          'application/merge-patch+json': { schema: UpdateScopeSchema },
          'application/json': { schema: UpdateScopeSchema },
        },
      },
    },
    responses: { ...CHANGED, ...COMMON_PROBLEMS, ...BODY_PROBLEMS, ...CHANGE_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const change = await changeContextOf(c, await c.req.text(), () => revisionOf(scopes, id))
    const accepted = await scopes.update(id, updateFromWire(c.req.valid('json')), change)
    const { answer, operation } = await followChange(c, { scopes, waitMs: limits.waitMs }, accepted)
    if (answer === 'later') return c.json(operationToWire(operation), 202)
    const view = await scopeOrProblem(scopes, id)
    c.header('ETag', etagOf(view.revision))
    return c.json(scopeToWire(view), 200)
  })
}

function addDeleteScope(app: OpenAPIHono<AppEnv>, { scopes, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'delete',
    path: '/moq/scopes/{id}',
    operationId: 'delete-scope',
    tags: ['Scopes'],
    summary: 'Delete a scope at every provider',
    description:
      'Role: operator. The deletion goes on until nothing is left, even when a provider does not answer now.',
    middleware: [requireRole(keys, 'operator')],
    request: { params: IdParamSchema, headers: ChangeHeaderSchema },
    responses: {
      202: CHANGED[202],
      204: { description: 'Nothing is left of it.' },
      ...COMMON_PROBLEMS,
      ...CHANGE_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const accepted = await scopes.delete(id, await changeContextOf(c, '', () => revisionOf(scopes, id)))
    const { answer, operation } = await followChange(c, { scopes, waitMs: limits.waitMs }, accepted)
    if (answer === 'now' && operation.state === 'succeeded') return c.body(null, 204)
    answerLater(c, operation)
    return c.json(operationToWire(operation), 202)
  })
}

function addFailover(app: OpenAPIHono<AppEnv>, { scopes, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/moq/scopes/{id}/failover',
    operationId: 'fail-over-scope',
    tags: ['Scopes'],
    summary: 'Make another provider the primary',
    description: 'Role: operator. Every remaining provider is pointed at the new primary, never through a cycle.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes })],
    request: {
      params: IdParamSchema,
      headers: ChangeHeaderSchema,
      body: { required: true, content: { 'application/json': { schema: FailoverSchema } } },
    },
    responses: { ...CHANGED, ...COMMON_PROBLEMS, ...BODY_PROBLEMS, ...CHANGE_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const { to, reason } = c.req.valid('json')
    const change = await changeContextOf(c, await c.req.text(), () => revisionOf(scopes, id))
    const accepted = await scopes.failover(id, { reason, ...(to === undefined ? {} : { to }) }, change)
    const { answer, operation } = await followChange(c, { scopes, waitMs: limits.waitMs }, accepted)
    if (answer === 'later') return c.json(operationToWire(operation), 202)
    const view = await scopeOrProblem(scopes, id)
    c.header('ETag', etagOf(view.revision))
    return c.json(scopeToWire(view), 200)
  })
}

async function revisionOf(scopes: ScopeService, id: string): Promise<number | undefined> {
  return (await scopes.get(id))?.revision
}
