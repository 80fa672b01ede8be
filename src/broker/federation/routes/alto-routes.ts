import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { ProblemError } from '../../http/problem.ts'
import { readJsonBody } from '../../http/request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, NOT_FOUND, problemAnswer } from '../../http/wire-fields.ts'
import { ALTO_CDNI, ALTO_DIRECTORY, ALTO_FILTER, ALTO_UPDATE_PARAMS, altoDirectory, EVENTS } from '../alto-documents.ts'
import { ALTO_ERROR, AltoError, altoErrorResponse } from '../alto-error.ts'
import { readFilter, readUpdateStreams } from '../alto-request.ts'
import { writeAltoUpdates, writeStarted } from '../alto-updates.ts'
import { audienceOf, federationOf, requireAudience } from '../audience-check.ts'
import { tooManyStreams } from './advertisement-routes.ts'
import {
  AltoDirectorySchema,
  AltoDocumentSchema,
  AltoErrorSchema,
  AltoFilterSchema,
  AltoUpdateStreamSchema,
} from './alto-schemas.ts'
import { acceptedType, NOT_ACCEPTABLE, PUBLISHED_HEADERS, publishedAnswer } from './published-answer.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation' | 'limits'>

const READER = 'Role: reader, or the token of a peer.'
const ALTO_REFUSAL = {
  400: {
    description: 'The question is not valid (RFC 7285 8.5), or the request is not.',
    content: { ...COMMON_PROBLEMS[400].content, [ALTO_ERROR]: { schema: AltoErrorSchema } },
  },
} as const

/** `/alto`: the advertisement as ALTO has it (RFC 9241, RFC 7285, RFC 8895). */
export function addAltoRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addDirectory(app, deps)
  addAdvertisement(app, deps)
  addFiltered(app, deps)
  addUpdates(app, deps)
}

function addDirectory(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/alto/directory',
    operationId: 'get-alto-directory',
    tags: ['Federation'],
    summary: 'The ALTO resources that there are (RFC 7285 9.2)',
    description: READER,
    middleware: [requireAudience(deps, 'alto')],
    responses: {
      200: { description: 'The directory.', content: { [ALTO_DIRECTORY]: { schema: AltoDirectorySchema } } },
      304: { description: 'Unchanged since `If-None-Match`.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
    },
  })
  app.openapi(route, (c) => {
    const { publicUrl, caching } = federationOf(deps)
    const mediaType = acceptedType(c, [ALTO_DIRECTORY])
    return publishedAnswer(
      c,
      { text: JSON.stringify(altoDirectory(publicUrl)), mediaType, tag: 'directory.1' },
      caching,
    )
  })
}

function addAdvertisement(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/alto/cdni',
    operationId: 'get-alto-advertisement',
    tags: ['Federation'],
    summary: 'The advertisement as an ALTO resource (RFC 9241 3)',
    description: READER,
    middleware: [requireAudience(deps, 'alto')],
    request: { headers: z.object({ 'if-none-match': z.string().optional() }) },
    responses: {
      200: {
        description: 'The advertisement, with its version as `vtag`.',
        headers: PUBLISHED_HEADERS,
        content: { [ALTO_CDNI]: { schema: AltoDocumentSchema } },
      },
      304: { description: 'Unchanged since `If-None-Match`.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
    },
  })
  app.openapi(route, async (c) => {
    const { publisher, printer, caching } = federationOf(deps)
    const mediaType = acceptedType(c, [ALTO_CDNI])
    const edition = publisher.current(audienceOf(c))
    const text = await printer.alto(edition)
    const tag = `${edition.version}.alto`
    return publishedAnswer(c, { text, mediaType, tag, lastModified: edition.publishedAt }, caching)
  })
}

function addFiltered(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/alto/cdni/filtered',
    operationId: 'filter-alto-advertisement',
    tags: ['Federation'],
    summary: 'Only what has certain capabilities (RFC 9241 5)',
    description: READER,
    request: { body: { required: true, content: { [ALTO_FILTER]: { schema: AltoFilterSchema } } } },
    responses: {
      200: { description: 'What was asked for.', content: { [ALTO_CDNI]: { schema: AltoDocumentSchema } } },
      ...COMMON_PROBLEMS,
      ...ALTO_REFUSAL,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
    },
  })
  app.openAPIRegistry.registerPath(route)
  const readBody = readAltoBody(deps.limits.bodyBytes, ALTO_FILTER)
  app.post(route.path, requireAudience(deps, 'alto'), readBody, async (c) => {
    const { publisher, printer } = federationOf(deps)
    const mediaType = acceptedType(c, [ALTO_CDNI, ALTO_ERROR])
    const edition = publisher.current(audienceOf(c))
    const body: unknown = await c.req.json()
    return orAltoError(async () => {
      const text = await printer.alto(edition, readFilter(body))
      if (mediaType !== ALTO_CDNI) acceptedType(c, [ALTO_CDNI])
      return c.body(text, 200, { 'Content-Type': ALTO_CDNI, 'Cache-Control': 'no-store' })
    })
  })
}

function addUpdates(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/alto/updates',
    operationId: 'stream-alto-updates',
    tags: ['Federation'],
    summary: 'The resources and their changes as server-sent events (RFC 8895)',
    description: READER,
    request: { body: { required: true, content: { [ALTO_UPDATE_PARAMS]: { schema: AltoUpdateStreamSchema } } } },
    responses: {
      200: { description: 'Events until either side ends it.', content: { [EVENTS]: { schema: z.string() } } },
      ...COMMON_PROBLEMS,
      ...ALTO_REFUSAL,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
      429: problemAnswer('`too-many-requests`: this peer has as many streams open as it may.'),
    },
  })
  app.openAPIRegistry.registerPath(route)
  const readBody = readAltoBody(deps.limits.bodyBytes, ALTO_UPDATE_PARAMS)
  app.post(route.path, requireAudience(deps, 'alto'), readBody, async (c) => {
    const { streams, printer } = federationOf(deps)
    acceptedType(c, [EVENTS, ALTO_ERROR])
    const body: unknown = await c.req.json()
    return orAltoError(() => {
      const substreams = readUpdateStreams(body)
      const [first] = substreams
      const stream = streams.open({
        audience: audienceOf(c),
        // Several parts of one stream have the same history only if they begin together.
        since: substreams.length === 1 ? first?.tag : undefined,
        preamble: writeStarted(substreams),
        write: writeAltoUpdates(substreams, printer),
      })
      if (stream === undefined) throw tooManyStreams()
      return c.body(stream, 200, { 'Content-Type': EVENTS, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
    })
  })
}

/** Answers an AltoError in ALTO's own form. */
async function orAltoError(answer: () => Response | Promise<Response>): Promise<Response> {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof AltoError) return altoErrorResponse(error.fault)
    throw error
  }
}

/** Reads a body of this type or of JSON; what does not parse is a syntax error of ALTO's (RFC 7285 8.5.2). */
function readAltoBody(maxBytes: number, mediaType: string): MiddlewareHandler<AppEnv> {
  const read = readJsonBody({ maxBytes, alsoAccepts: mediaType })
  return async (context, next) => {
    try {
      await read(context, async () => {})
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.kind !== 'malformed-json') throw error
      return altoErrorResponse({ code: 'E_SYNTAX', syntaxError: error.problem.detail })
    }
    await next()
    return undefined
  }
}
