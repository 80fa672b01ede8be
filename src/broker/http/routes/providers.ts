import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import { type AppEnv, type HttpDeps, principalOf } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { ProblemError } from '../problem.ts'
import { readJsonBody } from '../request-body.ts'
import { BODY_PROBLEMS, COMMON_PROBLEMS, IdParamSchema, jsonAnswer, NOT_FOUND, problemAnswer } from '../wire-fields.ts'
import { ProviderListSchema, ProviderSchema, ProviderStateSchema } from './provider-schemas.ts'
import { providerToWire } from './provider-wire.ts'

type Deps = Pick<HttpDeps, 'providers' | 'keys' | 'limits' | 'now'>

/** `/providers`: what the broker knows of each CDN, and the operator's word on it. */
export function addProviderRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addReadProviders(app, deps)
  addSetProviderState(app, deps)
}

function addReadProviders(app: OpenAPIHono<AppEnv>, { providers, keys }: Deps): void {
  const list = createRoute({
    method: 'get',
    path: '/providers',
    operationId: 'list-providers',
    tags: ['Providers'],
    summary: 'All providers',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    responses: { 200: jsonAnswer('In the order of the configuration.', ProviderListSchema), ...COMMON_PROBLEMS },
  })
  app.openapi(list, async (c) => c.json({ providers: (await providers.list()).map(providerToWire) }, 200))

  const get = createRoute({
    method: 'get',
    path: '/providers/{id}',
    operationId: 'get-provider',
    tags: ['Providers'],
    summary: 'One provider',
    description: 'Role: reader.',
    middleware: [requireRole(keys, 'reader')],
    request: { params: IdParamSchema },
    responses: { 200: jsonAnswer('The provider.', ProviderSchema), ...COMMON_PROBLEMS, ...NOT_FOUND },
  })
  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const provider = await providers.get(id)
    if (provider === undefined) throw noProvider(id)
    return c.json(providerToWire(provider), 200)
  })
}

function addSetProviderState(app: OpenAPIHono<AppEnv>, { providers, keys, limits, now }: Deps): void {
  const route = createRoute({
    method: 'put',
    path: '/providers/{id}/state',
    operationId: 'set-provider-state',
    tags: ['Providers'],
    summary: 'Enable, drain or disable a provider',
    description:
      'Role: operator. `drained`: no new placements and no look-ups to it; what is there stays and is kept wired. ' +
      '`disabled`: its provisioning API is not called either.',
    middleware: [requireRole(keys, 'operator'), readJsonBody({ maxBytes: limits.bodyBytes })],
    request: {
      params: IdParamSchema,
      body: { required: true, content: { 'application/json': { schema: ProviderStateSchema } } },
    },
    responses: {
      200: jsonAnswer('The provider in its new state.', ProviderSchema),
      ...COMMON_PROBLEMS,
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      409: problemAnswer('`invalid-state`, `operation-in-progress`.'),
    },
  })
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    const expiresAt = expiryOf(body, now())
    if ((await providers.get(id)) === undefined) throw noProvider(id)
    const change = {
      state: body.state,
      reason: body.reason ?? 'enabled by request',
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }
    return c.json(providerToWire(await providers.setState(id, change, principalOf(c).id)), 200)
  })
}

function expiryOf(body: z.infer<typeof ProviderStateSchema>, now: number): number | undefined {
  if (body.expires_in_seconds !== undefined) return now + body.expires_in_seconds * 1000
  if (body.expires_at === undefined) return undefined
  const at = Date.parse(body.expires_at)
  if (at > now) return at
  const detail = 'is not in the future'
  throw new ProblemError({
    kind: 'invalid-request',
    detail: `The body is not valid at /expires_at: ${detail}.`,
    errors: [{ detail, pointer: '/expires_at' }],
  })
}

function noProvider(id: string): ProblemError {
  return new ProblemError({ kind: 'not-found', detail: `There is no provider ${id}; GET /providers lists them.` })
}
