import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { mayHoldAdvertisement } from '../../../fci/payload-types.ts'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { ProblemError } from '../problem.ts'
import { decodeBody, readBytes } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, IdSchema, NOT_FOUND } from '../wire-fields.ts'

const ParamsSchema = z.object({
  id: IdSchema,
  secret: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/)
    .openapi({ description: 'Told to the provider alone, by the subscription.' }),
})

const NotificationSchema = z
  .array(z.looseObject({ capabilities: z.array(z.unknown()) }))
  .openapi('AdvertisementNotification', { description: 'Advertisements (RFC 8008 5); SVTA sends an array of them.' })

const WANTED = 'application/cdni, application/json'

/** `/fci/notifications/{id}/{secret}`: where a provider sends its changed advertisement (SVTA's FCI subscription). */
export function addNotificationRoute(
  app: OpenAPIHono<AppEnv>,
  { advertisements }: Pick<HttpDeps, 'advertisements'>,
): void {
  const route = createRoute({
    method: 'put',
    path: '/fci/notifications/{id}/{secret}',
    operationId: 'put-advertisement-notification',
    tags: ['Federation'],
    security: [],
    summary: 'Tell the broker of a changed advertisement',
    description: 'For a provider with `fci.subscribe`. Needs no key: the last segment is the credential.',
    request: {
      params: ParamsSchema,
      body: { required: true, content: { 'application/cdni': { schema: NotificationSchema } } },
    },
    responses: {
      204: { description: 'Taken; whether it is used at once is up to the guard.' },
      400: COMMON_PROBLEMS[400],
      500: COMMON_PROBLEMS[500],
      503: COMMON_PROBLEMS[503],
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.openapi(route, async (c) => {
    const { id, secret } = c.req.valid('param')
    const maxBytes = advertisements.notificationLimit(id)
    if (maxBytes === undefined) throw new ProblemError({ kind: 'not-found', detail: 'Nobody is subscribed here.' })
    const type = c.req.header('content-type')
    const coding = c.req.header('content-encoding') ?? 'identity'
    if (type === undefined || !mayHoldAdvertisement(type) || coding !== 'identity') {
      throw new ProblemError({
        kind: 'unsupported-media-type',
        detail: 'Send advertisements as application/cdni or application/json, without a content coding.',
        headers: { Accept: WANTED },
      })
    }
    c.set('receiving', true)
    const bytes = await readBytes(c.req.raw, maxBytes)
    c.set('receiving', false)
    await advertisements.notified(id, secret, decodeBody(bytes))
    return c.body(null, 204)
  })
}
