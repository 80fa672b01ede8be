import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { opaqueTag } from '../../http/conditional.ts'
import { ProblemError } from '../../http/problem.ts'
import { COMMON_PROBLEMS, NOT_FOUND, problemAnswer } from '../../http/wire-fields.ts'
import type { AdvertisementPrinter } from '../advertisement-printer.ts'
import { audienceOf, federationOf, requireAudience } from '../audience-check.ts'
import { eventText, type WriteEvent } from '../event-streams.ts'
import { AdvertisementSchema, JsonPatchSchema } from './federation-schemas.ts'
import { acceptedType, NOT_ACCEPTABLE, PUBLISHED_HEADERS, publishedAnswer } from './published-answer.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation'>

/** No registered payload type names a whole advertisement (RFC 7736 2.2), so this one is unregistered. */
const CDNI = 'application/cdni; ptype=FCI.Advertisement'
const JSON_TYPE = 'application/json'
const PATCHES = ['application/json-patch+json', 'application/merge-patch+json'] as const
const EVENTS = 'text/event-stream'

const READER = 'Role: reader, or the token of a peer, who is told what its contract allows.'

/** `/fci/advertisement`: what the broker can serve, whole, as changes, and as a stream. */
export function addAdvertisementRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addGetAdvertisement(app, deps)
  addGetChanges(app, deps)
  addStream(app, deps)
}

/** Tags of former answers in other media types name the same version. */
export function versionOfTag(tag: string): string {
  return opaqueTag(tag).replace(/\..*$/, '')
}

function addGetAdvertisement(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/fci/advertisement',
    operationId: 'get-published-advertisement',
    tags: ['Federation'],
    summary: 'What this broker can serve (RFC 8008)',
    description: `${READER} \`application/cdni\` (RFC 7736) or \`application/json\`.`,
    middleware: [requireAudience(deps, 'http')],
    request: { headers: z.object({ 'if-none-match': z.string().optional() }) },
    responses: {
      200: {
        description: 'The advertisement, in canonical JSON.',
        headers: PUBLISHED_HEADERS,
        content: { 'application/cdni': { schema: AdvertisementSchema }, [JSON_TYPE]: { schema: AdvertisementSchema } },
      },
      304: { description: 'Unchanged since `If-None-Match`.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
    },
  })
  app.openapi(route, (c) => {
    const { publisher, caching } = federationOf(deps)
    const mediaType = acceptedType(c, [CDNI, JSON_TYPE])
    const { version, text, publishedAt } = publisher.current(audienceOf(c))
    const tag = mediaType === CDNI ? version : `${version}.json`
    return publishedAnswer(c, { text, mediaType, tag, lastModified: publishedAt }, caching)
  })
}

function addGetChanges(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/fci/advertisement/changes',
    operationId: 'get-advertisement-changes',
    tags: ['Federation'],
    summary: 'What has changed since a version',
    description: `${READER} As JSON Patch (RFC 6902) or merge patch (RFC 7396); \`ETag\` is the version that it leads to.`,
    middleware: [requireAudience(deps, 'http')],
    request: {
      headers: z.object({ 'if-none-match': z.string().optional() }),
      query: z.strictObject({
        since: z.string().min(1).max(256).openapi({ description: 'The `ETag` of the version that is held.' }),
      }),
    },
    responses: {
      200: {
        description: 'The patch; empty if there is no change.',
        headers: PUBLISHED_HEADERS,
        content: {
          [PATCHES[0]]: { schema: JsonPatchSchema },
          [PATCHES[1]]: { schema: z.looseObject({}) },
        },
      },
      304: { description: 'It leads to the version in `If-None-Match`.' },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
      410: problemAnswer('`gone`: that version is not known any more; read the whole advertisement.'),
    },
  })
  app.openapi(route, async (c) => {
    const { publisher, printer, caching } = federationOf(deps)
    const mediaType = acceptedType(c, PATCHES)
    const audience = audienceOf(c)
    const edition = publisher.current(audience)
    const before = publisher.find(audience, versionOfTag(c.req.valid('query').since))
    if (before === undefined) {
      throw new ProblemError({
        kind: 'gone',
        detail: 'That version is not known any more; read the whole advertisement and go on from its ETag.',
      })
    }
    const text = await printer.patch(mediaType === PATCHES[0] ? 'json' : 'merge', before, edition)
    const tag = mediaType === PATCHES[0] ? edition.version : `${edition.version}.merge`
    return publishedAnswer(c, { text, mediaType, tag }, caching)
  })
}

function addStream(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/fci/advertisement/stream',
    operationId: 'stream-advertisement',
    tags: ['Federation'],
    summary: 'The advertisement and its changes as server-sent events',
    description: `${READER} Event \`advertisement\` holds all of it, \`patch\` a JSON Patch (RFC 6902) of the version before; the id of an event is the version that it leads to.`,
    middleware: [requireAudience(deps, 'http')],
    request: { headers: z.object({ 'last-event-id': z.string().max(256).optional() }) },
    responses: {
      200: { description: 'Events until either side ends it.', content: { [EVENTS]: { schema: z.string() } } },
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
      ...NOT_ACCEPTABLE,
      429: problemAnswer('`too-many-requests`: this peer has as many streams open as it may.'),
    },
  })
  app.openapi(route, (c) => {
    const { streams, printer } = federationOf(deps)
    acceptedType(c, [EVENTS])
    const headers = { 'Content-Type': EVENTS, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    const since = c.req.header('last-event-id')
    const stream = streams.open({
      audience: audienceOf(c),
      since: since === undefined ? undefined : versionOfTag(since),
      write: writeEventWith(printer),
    })
    if (stream === undefined) throw tooManyStreams()
    return c.body(stream, 200, headers)
  })
}

export function tooManyStreams(): ProblemError {
  return new ProblemError({
    kind: 'too-many-requests',
    detail: 'As many streams are open as there may be for one peer (federation.max_streams). Close one first.',
    retryAfterSeconds: 30,
  })
}

function writeEventWith(printer: AdvertisementPrinter): WriteEvent {
  return async (edition, before) => {
    if (before === undefined) return eventText('advertisement', edition.text, edition.version)
    return eventText('patch', await printer.patch('json', before, edition), edition.version)
  }
}
