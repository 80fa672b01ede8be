import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { nextLink } from '../cursor.ts'
import { ProblemError } from '../problem.ts'
import { COMMON_PROBLEMS, IdParamSchema, jsonAnswer, LimitSchema, NOT_FOUND } from '../wire-fields.ts'
import { scopeOrProblem } from './scope-item.ts'
import { CredentialsSchema, EventsSchema, OperationSchema, RightSchema } from './scope-schemas.ts'
import { connectUrlToWire, eventToWire, operationToWire } from './scope-wire.ts'

type Deps = Pick<HttpDeps, 'scopes' | 'keys'>

/** What belongs to a scope: its connect URLs, its history, the operations on it. */
export function addScopeDetailRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addGetCredentials(app, deps)
  addListEvents(app, deps)
  addGetOperation(app, deps)
}

function addGetCredentials(app: OpenAPIHono<AppEnv>, { scopes, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/moq/scopes/{id}/credentials',
    operationId: 'get-scope-credentials',
    tags: ['Scopes'],
    summary: 'Connect URLs, primary first',
    description: 'Role: reader for URLs that cannot publish, operator for all. They hold tokens: do not log them.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema, query: z.strictObject({ right: RightSchema.optional() }) },
    responses: { 200: jsonAnswer('The URLs.', CredentialsSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const { right } = c.req.valid('query')
    const wanted = (await scopes.credentials(id)).filter((url) => right === undefined || url.rights.includes(right))
    const mayPublish = principalOf(c).role !== 'reader'
    const permitted = wanted.filter((url) => mayPublish || !url.rights.includes('publish'))
    const withheld = wanted.length - permitted.length
    return c.json({ scope_id: id, credentials: permitted.map(connectUrlToWire), withheld }, 200)
  })
}

function addListEvents(app: OpenAPIHono<AppEnv>, { scopes, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/moq/scopes/{id}/events',
    operationId: 'list-scope-events',
    tags: ['Scopes'],
    summary: 'What happened to a scope, oldest first',
    description: 'Role: reader. Also of a scope that has been deleted, as long as its history is kept.',
    middleware: [requireRole(keys, 'reader')],
    request: {
      params: IdParamSchema,
      query: z.strictObject({
        after: z.coerce
          .number()
          .int()
          .min(0)
          .optional()
          .openapi({ type: 'integer', minimum: 0, description: 'Only events with a larger `sequence`.' }),
        limit: LimitSchema,
      }),
    },
    responses: {
      200: { ...jsonAnswer('One page.', EventsSchema), headers: z.object({ Link: z.string().optional() }) },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const { after, limit } = c.req.valid('query')
    const events = await scopes.events(id, { limit, ...(after === undefined ? {} : { after }) })
    if (events.length === 0 && after === undefined) await scopeOrProblem(scopes, id)
    const last = events.length === limit ? events.at(-1)?.sequence : undefined
    if (last !== undefined) c.header('Link', nextLink(c.req.url, 'after', String(last)))
    return c.json({ events: events.map(eventToWire), next_after: last }, 200)
  })
}

function addGetOperation(app: OpenAPIHono<AppEnv>, { scopes, keys }: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/operations/{id}',
    operationId: 'get-operation',
    tags: ['Operations'],
    summary: 'How a change goes on',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema },
    responses: { 200: jsonAnswer('The operation.', OperationSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const operation = await scopes.operation(id)
    if (operation === undefined) throw new ProblemError({ kind: 'not-found', detail: `There is no operation ${id}.` })
    if (operation.state === 'running') c.header('Retry-After', '1')
    return c.json(operationToWire(operation), 200)
  })
}
