import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { ProblemError } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, IdParamSchema, jsonAnswer, NOT_FOUND, problemAnswer } from '../wire-fields.ts'
import { AdvertisementHistorySchema, AdvertisementSchema, ConfirmationSchema } from './advertisement-schemas.ts'
import { historyToWire, viewToWire } from './advertisement-wire.ts'
import { ProviderSchema } from './provider-schemas.ts'
import { providerToWire } from './provider-wire.ts'

type Deps = Pick<HttpDeps, 'advertisements' | 'providers' | 'keys' | 'limits' | 'now'>

function printedAnswer(c: Context<AppEnv>, advertisement: z.infer<typeof AdvertisementSchema>) {
  return c.json(advertisement, 200)
}

/** The same of JSON that is text already, whose type the framework does not know. */
const textAnswerSchema = z.custom<ReturnType<typeof printedAnswer>>((answer) => answer instanceof Response)

/** `/providers/{id}/advertisement`: what a CDN says of itself, what it said before, and what it is not believed. */
export function addAdvertisementRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addReadAdvertisement(app, deps)
  addConfirmation(app, deps)
}

function addReadAdvertisement(app: OpenAPIHono<AppEnv>, { advertisements, keys, now }: Deps): void {
  const get = createRoute({
    method: 'get',
    path: '/providers/{id}/advertisement',
    operationId: 'get-provider-advertisement',
    tags: ['Providers'],
    summary: 'What a provider advertises',
    description: 'Role: reader. As it is understood and used, in canonical form.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema },
    responses: { 200: jsonAnswer('The last good one.', AdvertisementSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const view = await advertisements.get(id)
    if (view === undefined) {
      const detail = `${id} has no advertisement yet; GET /providers/${id} says why.`
      throw new ProblemError({ kind: 'not-found', detail })
    }
    const { advertisement, ...rest } = view
    const wire = viewToWire(rest, now())
    if (!('text' in advertisement)) return printedAnswer(c, { ...wire, advertisement })
    const text = `${JSON.stringify(wire).slice(0, -1)},"advertisement":${advertisement.text}}`
    return textAnswerSchema.parse(c.body(text, 200, { 'Content-Type': 'application/json' }))
  })

  const history = createRoute({
    method: 'get',
    path: '/providers/{id}/advertisement/history',
    operationId: 'get-provider-advertisement-history',
    tags: ['Providers'],
    summary: 'How the advertisement of a provider changed',
    description: 'Role: reader. The last 100 changes.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema },
    responses: { 200: jsonAnswer('Newest first.', AdvertisementHistorySchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(history, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(historyToWire(await advertisements.history(id)), 200)
  })
}

function addConfirmation(app: OpenAPIHono<AppEnv>, { advertisements, providers, keys, limits }: Deps): void {
  const route = createRoute({
    method: 'post',
    path: '/providers/{id}/advertisement/confirm',
    operationId: 'confirm-advertisement',
    tags: ['Providers'],
    summary: 'Use an advertisement that was held back',
    description: 'Role: operator. `version` makes sure that it is the one that you have looked at.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes, optional: true })],
    request: {
      params: IdParamSchema,
      body: { content: { 'application/json': { schema: ConfirmationSchema } } },
    },
    responses: {
      200: jsonAnswer('The provider, with this advertisement in use.', ProviderSchema),
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      409: problemAnswer('`invalid-state`: none is held back, or another version is.'),
    },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    await advertisements.confirm(id, c.req.valid('json').version, principalOf(c).id)
    const provider = await providers.get(id)
    if (provider === undefined) throw new ProblemError({ kind: 'not-found', detail: `There is no provider ${id}.` })
    return c.json(providerToWire(provider), 200)
  })
}
