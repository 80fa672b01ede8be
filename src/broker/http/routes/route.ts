import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Fault } from '../../broker-error.ts'
import { BrokerError } from '../../broker-error.ts'
import type { RouteQuestion } from '../../route-service.ts'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { presentedKey, requireRole } from '../authentication.ts'
import { problemOf } from '../error-problem.ts'
import { type ProblemDetail, ProblemError, problemBody } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import { NO_PROXIES, originOf } from '../request-origin.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, IdSchema, jsonAnswer, NOT_FOUND, problemAnswer } from '../wire-fields.ts'
import {
  DecisionSchema,
  MAX_CLIENT_LENGTH,
  MAX_SESSION_LENGTH,
  RouteAnswersSchema,
  RouteBatchSchema,
  RouteQuerySchema,
} from './route-schemas.ts'
import { type DecisionView, decisionClaims, decisionToWire, holdsConnectUrl } from './route-wire.ts'

type Deps = Pick<HttpDeps, 'routes' | 'routeStreams' | 'keys' | 'limits' | 'origin' | 'signer' | 'now'>

/** `/route`: which CDN should serve this client. */
export function addRouteRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addGetRoute(app, deps)
  addRouteStream(app, deps)
  addRouteBatch(app, deps)
}

function addGetRoute(app: OpenAPIHono<AppEnv>, { routes, keys, signer, now, origin = NO_PROXIES }: Deps): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/route',
    operationId: 'route-client',
    tags: ['Routing'],
    summary: 'Which provider should serve this client',
    description: 'Role: reader. A reader gets only those connect URLs that cannot publish.',
    request: { query: RouteQuerySchema },
    responses: { 200: jsonAnswer('The decision.', DecisionSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.get('/route', requireRole(keys, 'reader'), async (c) => {
    const from = originOf({ peer: c.env?.incoming?.socket.remoteAddress, header: (name) => c.req.header(name) }, origin)
    const question = questionOf(c, from.client)
    if (from.vary !== undefined && c.req.query('client') === undefined) c.header('Vary', from.vary)
    const view = { role: principalOf(c).role, explain: isTrue(c, 'explain'), now: now() }
    const answer = await routes.decide(question)
    const plain = decisionToWire(answer, view)
    const decision = isTrue(c, 'sign') ? { ...plain, signed: await signer.sign(decisionClaims(answer, now())) } : plain
    c.header('Cache-Control', holdsConnectUrl(decision) ? 'no-store' : `private, max-age=${decision.ttl_seconds}`)
    return c.json(decision, 200)
  })
}

function addRouteStream(app: OpenAPIHono<AppEnv>, { routeStreams, keys, now, origin = NO_PROXIES }: Deps): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/route/stream',
    operationId: 'follow-route',
    tags: ['Routing'],
    summary: 'The decision for a client, and every later one that differs',
    description:
      'Role: reader. Server-sent events: `decision` with a decision and an id, `end` with a problem when the scope is gone.',
    request: {
      query: RouteQuerySchema.omit({ explain: true }),
      headers: z.object({ 'last-event-id': z.string().optional() }),
    },
    responses: {
      200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
      429: problemAnswer('`too-many-requests`: there are as many streams as there may be.'),
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.get('/route/stream', requireRole(keys, 'reader'), async (c) => {
    const from = originOf({ peer: c.env?.incoming?.socket.remoteAddress, header: (name) => c.req.header(name) }, origin)
    const principal = principalOf(c)
    const view = { role: principal.role, explain: false, now: now() }
    const key = presentedKey(c.req.header('authorization'), c.req.header('x-api-key')) ?? ''
    const stream = await routeStreams.open({
      question: questionOf(c, from.client),
      seen: c.req.header('last-event-id'),
      write: (answer) => JSON.stringify(decisionToWire(answer, view)),
      writeEnd: (error) => JSON.stringify(problemBody(problemOfGone(error), c.get('requestId'))),
      isAllowed: async () => (await keys.authenticate(key))?.role === principal.role,
    })
    if (stream === undefined) {
      throw new ProblemError({
        kind: 'too-many-requests',
        detail: 'There are as many streams of decisions as there may be (routing.max_streams).',
        retryAfterSeconds: 5,
      })
    }
    return c.body(stream, 200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  })
}

function problemOfGone(error: BrokerError): ProblemDetail {
  return problemOf(error) ?? { kind: 'not-found', detail: error.message }
}

function questionOf(c: Context<AppEnv>, from: string | undefined): RouteQuestion {
  const client = c.req.query('client') ?? from
  const scope = c.req.query('scope')
  const session = c.req.query('session')
  if (client === undefined) throw invalid('client', 'is missing, and the connection has no address')
  if (client === '' || client.length > MAX_CLIENT_LENGTH) throw invalid('client', 'is not an IP address')
  if (scope !== undefined && !IdSchema.safeParse(scope).success) throw invalid('scope', 'is not the id of a scope')
  if (session !== undefined && (session === '' || session.length > MAX_SESSION_LENGTH)) {
    throw invalid('session', `must have 1 to ${MAX_SESSION_LENGTH} characters`)
  }
  return { client, ...(scope === undefined ? {} : { scope }), ...(session === undefined ? {} : { session }) }
}

function isTrue(c: Context<AppEnv>, parameter: 'explain' | 'sign'): boolean {
  const value = c.req.query(parameter)
  if (value === undefined || value === 'false') return false
  if (value === 'true') return true
  throw invalid(parameter, 'is neither true nor false')
}

function invalid(parameter: string, detail: string): ProblemError {
  const fault: Fault = { parameter, detail }
  return new ProblemError({
    kind: 'invalid-request',
    detail: `A parameter is not valid at ${parameter}: ${detail}.`,
    errors: [fault],
  })
}

function addRouteBatch(app: OpenAPIHono<AppEnv>, { routes, keys, limits, now }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/route',
    operationId: 'route-clients',
    tags: ['Routing'],
    summary: 'Up to 1000 questions at once',
    description: 'Role: reader. Takes bodies four times as large as other operations do.',
    middleware: [requireRole(keys, 'reader'), readJsonBody({ maxBytes: 4 * limits.bodyBytes })],
    request: { body: { required: true, content: { 'application/json': { schema: RouteBatchSchema } } } },
    responses: { 200: jsonAnswer('The answers.', RouteAnswersSchema), ...COMMON_PROBLEMS, ...BODY_PROBLEMS },
  })
  app.openapi(route, async (c) => {
    const { questions, explain } = c.req.valid('json')
    const view: DecisionView = { role: principalOf(c).role, explain: explain ?? false, now: now() }
    const answerOne = async ({ client, scope, session }: (typeof questions)[number]) => {
      const question = {
        client,
        ...(scope === undefined ? {} : { scope }),
        ...(session === undefined ? {} : { session }),
      }
      try {
        return decisionToWire(await routes.decide(question), view)
      } catch (error) {
        const problem = error instanceof BrokerError ? problemOf(error) : undefined
        if (problem === undefined) throw error
        return problemBody(problem, c.get('requestId'))
      }
    }
    const answers = await Promise.all(questions.map(answerOne))
    return c.json({ answers }, 200)
  })
}
