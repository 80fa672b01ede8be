import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { decodeCursor, encodeCursor, nextLink } from '../cursor.ts'
import { ProblemError } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  CursorParamSchema,
  IdParamSchema,
  jsonAnswer,
  LimitSchema,
  NOT_FOUND,
  problemAnswer,
} from '../wire-fields.ts'
import { AbortDrillSchema, DrillPageSchema, DrillSchema, drillToWire, StartDrillSchema } from './drill-schemas.ts'

type Deps = Pick<HttpDeps, 'drills' | 'keys' | 'limits'>

const CONFLICT = { 409: problemAnswer('`invalid-state`, `operation-in-progress`.') } as const

/** `/drills`: pretend that a provider is gone, measure, restore. */
export function addDrillRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addStartDrill(app, deps)
  addReadDrills(app, deps)
  addAbortDrill(app, deps)
}

function addStartDrill(app: OpenAPIHono<AppEnv>, { drills, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/drills',
    operationId: 'start-drill',
    tags: ['Drills'],
    summary: 'Start a drill',
    description:
      'Role: operator. One drill at a time: while another runs, the report comes back with the verdict `blocked`.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes })],
    request: { body: { required: true, content: { 'application/json': { schema: StartDrillSchema } } } },
    responses: {
      202: { ...jsonAnswer('It runs; poll its report.', DrillSchema), headers: z.object({ Location: z.string() }) },
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...CONFLICT,
    },
  })
  app.openapi(route, async (c) => {
    const { provider, method, scope, hold_ms: holdMs, budget_ms: budgetMs, hypothesis } = c.req.valid('json')
    const request = {
      provider,
      method,
      ...(scope === undefined ? {} : { scope }),
      ...(holdMs === undefined ? {} : { holdMs }),
      ...(budgetMs === undefined ? {} : { budgetMs }),
      ...(hypothesis === undefined ? {} : { hypothesis }),
    }
    const report = await drills.start(request, principalOf(c).id)
    c.header('Location', `/drills/${report.id}`)
    c.header('Retry-After', '1')
    return c.json(drillToWire(report), 202)
  })
}

function addReadDrills(app: OpenAPIHono<AppEnv>, { drills, keys }: Deps): void {
  const list = createRoute({
    method: 'get',
    path: '/drills',
    operationId: 'list-drills',
    tags: ['Drills'],
    summary: 'List drills, newest first',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    request: { query: z.strictObject({ limit: LimitSchema, cursor: CursorParamSchema.optional() }) },
    responses: {
      200: { ...jsonAnswer('One page.', DrillPageSchema), headers: z.object({ Link: z.string().optional() }) },
      ...COMMON_PROBLEMS,
    },
  })
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const reports = await drills.list({ limit, ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }) })
    const last = reports.length === limit ? reports.at(-1) : undefined
    const next = last === undefined ? undefined : encodeCursor(last.id)
    if (next !== undefined) c.header('Link', nextLink(c.req.url, 'cursor', next))
    return c.json({ drills: reports.map(drillToWire), next_cursor: next }, 200)
  })

  const get = createRoute({
    method: 'get',
    path: '/drills/{id}',
    operationId: 'get-drill',
    tags: ['Drills'],
    summary: 'The report of a drill, also while it runs',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema },
    responses: { 200: jsonAnswer('The report.', DrillSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const report = await drills.get(id)
    if (report === undefined) throw new ProblemError({ kind: 'not-found', detail: `There is no drill ${id}.` })
    return c.json(drillToWire(report), 200)
  })
}

function addAbortDrill(app: OpenAPIHono<AppEnv>, { drills, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/drills/{id}/abort',
    operationId: 'abort-drill',
    tags: ['Drills'],
    summary: 'End a drill early and restore',
    description: 'Role: operator.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes })],
    request: {
      params: IdParamSchema,
      body: { required: true, content: { 'application/json': { schema: AbortDrillSchema } } },
    },
    responses: {
      200: jsonAnswer('The report as it is now.', DrillSchema),
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...CONFLICT,
    },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(drillToWire(await drills.abort(id, c.req.valid('json').reason, principalOf(c).id)), 200)
  })
}
