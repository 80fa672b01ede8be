import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { ProblemError } from '../../http/problem.ts'
import { readJsonBody } from '../../http/request-body.ts'
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  IdParamSchema,
  jsonAnswer,
  NOT_FOUND,
  problemAnswer,
  TimeSchema,
  toTime,
} from '../../http/wire-fields.ts'
import { audienceOf, federationOf, requireAudience } from '../audience-check.ts'
import type { Audience, Peer } from '../peer.ts'
import type { SubscriptionView } from '../subscriptions.ts'
import { AdvertisementSchema } from './federation-schemas.ts'
import { acceptedType, NOT_ACCEPTABLE, PUBLISHED_HEADERS, publishedAnswer } from './published-answer.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation' | 'limits'>

/** SVTA's profile sends it without a payload type, against RFC 7736 2.1. */
const CDNI = 'application/cdni'
const JSON_TYPE = 'application/json'
const READER = 'Role: reader, or the token of a peer.'
const PEER = 'Role: reader; only a peer, with its token, can have subscriptions.'
const OWN_PATH = '/OC/FCI/subscription'

const CreateSubscriptionSchema = z
  .strictObject({
    notificationTarget: z.string().min(1).max(2048).openapi({ format: 'uri' }),
    notificationType: z.literal('fci').default('fci'),
  })
  .openapi('CreateSubscription')

const SubscriptionSchema = z
  .object({
    id: z.string(),
    notificationTarget: z.string(),
    notificationType: z.literal('fci'),
    createdAt: TimeSchema,
    deliveredAt: TimeSchema.optional(),
    delivered: z.string().optional().openapi({ description: 'The version that was taken last.' }),
  })
  .openapi('Subscription')

/** `/OC/FCI`: the advertisement as SVTA's Open Caching has it, and updates sent by `PUT`. */
export function addSvtaRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addGetAdvertisement(app, deps)
  addBootstrap(app, deps)
  addCreate(app, deps)
  addReadAndDelete(app, deps)
}

function addGetAdvertisement(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/OC/FCI/advertisement',
    operationId: 'get-svta-advertisement',
    tags: ['Federation'],
    summary: 'The same advertisement in the form of SVTA Open Caching',
    description: READER,
    middleware: [requireAudience(deps, 'svta')],
    request: { headers: z.object({ 'if-none-match': z.string().optional() }) },
    responses: {
      200: {
        description: 'The advertisement.',
        headers: PUBLISHED_HEADERS,
        content: { [CDNI]: { schema: AdvertisementSchema }, [JSON_TYPE]: { schema: AdvertisementSchema } },
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

const BootstrapSchema = z
  .object({ fci: z.array(z.object({ number: z.string(), url: z.string() })) })
  .openapi('OpenCachingBootstrap')

function addBootstrap(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/OC/bootstrap/bootstrap',
    operationId: 'get-bootstrap',
    tags: ['Federation'],
    summary: 'Where the Open Caching interfaces are (SVTA2060)',
    description: READER,
    middleware: [requireAudience(deps, 'svta')],
    responses: { 200: jsonAnswer('Those that there are.', BootstrapSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(route, (c) => {
    const { publicUrl } = federationOf(deps)
    return c.json({ fci: [{ number: '1.0.0', url: `${publicUrl}/OC/FCI` }] }, 200)
  })
}

function addCreate(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'post',
    path: OWN_PATH,
    operationId: 'create-subscription',
    tags: ['Federation'],
    summary: 'Have the advertisement sent whenever it changes',
    description: `${PEER} It is sent by \`PUT\`, as an array of one, at once and after every change.`,
    middleware: [requireAudience(deps, 'svta'), readJsonBody({ maxBytes: deps.limits.bodyBytes, alsoAccepts: CDNI })],
    request: { body: { required: true, content: { [JSON_TYPE]: { schema: CreateSubscriptionSchema } } } },
    responses: {
      201: { ...jsonAnswer('The subscription.', SubscriptionSchema), headers: z.object({ Location: z.string() }) },
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      429: problemAnswer('`too-many-requests`: the peer has as many subscriptions as it may.'),
    },
  })
  app.openapi(route, async (c) => {
    const { subscriptions, publicUrl } = federationOf(deps)
    const created = await subscriptions.create(peerOf(audienceOf(c)), c.req.valid('json').notificationTarget)
    if (created === 'too-many') {
      throw new ProblemError({
        kind: 'too-many-requests',
        detail: 'There are as many subscriptions as this peer may have; delete one first.',
      })
    }
    c.header('Location', `${publicUrl}${OWN_PATH}/${created.id}`)
    return c.json(subscriptionToWire(created), 201)
  })
}

function addReadAndDelete(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const common = {
    path: `${OWN_PATH}/{id}`,
    tags: ['Federation'],
    description: PEER,
    middleware: [requireAudience(deps, 'svta')],
    request: { params: IdParamSchema },
  }
  const get = createRoute({
    ...common,
    method: 'get',
    operationId: 'get-subscription',
    summary: 'A subscription',
    responses: { 200: jsonAnswer('The subscription.', SubscriptionSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const found = await federationOf(deps).subscriptions.get(peerOf(audienceOf(c)), id)
    if (found === undefined) throw noSubscription(id)
    return c.json(subscriptionToWire(found), 200)
  })

  const remove = createRoute({
    ...common,
    method: 'delete',
    operationId: 'delete-subscription',
    summary: 'End a subscription',
    responses: { 204: { description: 'It is gone.' }, ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    if (!(await federationOf(deps).subscriptions.remove(peerOf(audienceOf(c)), id))) throw noSubscription(id)
    return c.body(null, 204)
  })
}

/** The peer that asks; nobody else has an agreed place for updates. */
function peerOf(audience: Audience): Peer {
  if (audience.kind === 'peer') return audience.peer
  throw new ProblemError({
    kind: 'forbidden',
    detail: 'Only peers can have subscriptions, because only for them it is agreed where updates may be sent.',
  })
}

function noSubscription(id: string): ProblemError {
  return new ProblemError({ kind: 'not-found', detail: `This peer has no subscription ${id}.` })
}

function subscriptionToWire({ id, target, createdAt, delivered, deliveredAt }: SubscriptionView) {
  return {
    id,
    notificationTarget: target,
    notificationType: 'fci' as const,
    createdAt: toTime(createdAt),
    ...(delivered === undefined ? {} : { delivered }),
    ...(deliveredAt === undefined ? {} : { deliveredAt: toTime(deliveredAt) }),
  }
}
