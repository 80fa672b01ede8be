import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { problemOf } from '../error-problem.ts'
import { ProblemError } from '../problem.ts'
import { REDIRECT_ROUTE } from '../redirect.ts'
import { NO_PROXIES, type OriginRules, originOf } from '../request-origin.ts'
import { STEERING_ROUTE } from '../steering.ts'
import { openToPages, type Surface, type SurfaceAnswer } from '../surface-answer.ts'
import { COMMON_PROBLEMS, IdSchema, NOT_FOUND, problemAnswer } from '../wire-fields.ts'

type Deps = Pick<HttpDeps, 'redirect' | 'steering' | 'origin'>

/** What clients and players get without a key: redirects and content steering. */
export function addSurfaceRoutes(app: OpenAPIHono<AppEnv>, { redirect, steering, origin = NO_PROXIES }: Deps): void {
  if (steering !== undefined) addSteering(app, steering, origin)
  if (redirect !== undefined) addRedirect(app, redirect, origin)
}

function addRedirect(app: OpenAPIHono<AppEnv>, redirect: Surface, origin: OriginRules): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/r/{scope}/{path}',
    operationId: 'redirect-client',
    tags: ['Routing'],
    summary: 'Sends the client to the provider that should serve it',
    description: 'RFC 8804 2.5. Any method: GET and HEAD get 302, the others 307. The path may have many segments.',
    security: [],
    request: {
      params: z.object({
        scope: IdSchema.openapi({ description: 'Id of a scope, or one of `routing.scope_names`.' }),
        path: z.string().openapi({ description: 'Handed on byte for byte, with the query.' }),
      }),
    },
    responses: {
      302: { description: 'Found.', headers: { Location: { required: true, schema: { type: 'string' } } } },
      307: { description: 'The same for methods other than GET and HEAD.' },
      400: COMMON_PROBLEMS[400],
      ...NOT_FOUND,
      500: COMMON_PROBLEMS[500],
      503: problemAnswer('`no-provider`: nobody may serve this client now. `store-unavailable`, `timeout`.'),
    },
  })
  app.all(REDIRECT_ROUTE, (c) => answerWith(c, redirect, origin))
}

const SteeringManifestSchema = z
  .object({
    VERSION: z.literal(1),
    TTL: z.int(),
    'RELOAD-URI': z
      .string()
      .openapi({ description: 'Relative to the URL of this manifest, or absolute with `steering.public_url`.' }),
    'PATHWAY-PRIORITY': z.array(z.string()).min(1).openapi({ description: 'Ids of providers, best first.' }),
    'PATHWAY-CLONES': z
      .array(
        z.object({
          'BASE-ID': z.string(),
          ID: z.string(),
          'URI-REPLACEMENT': z.object({ HOST: z.string(), PARAMS: z.strictObject({}) }),
        }),
      )
      .optional(),
  })
  .openapi('SteeringManifest')

const SteeringQuerySchema = z.object({
  session: z.string().optional().openapi({ description: 'Keeps a viewer on one provider among equals.' }),
  s: z.string().optional().openapi({ description: 'State, from `RELOAD-URI`.' }),
  _HLS_pathway: z.string().optional(),
  _HLS_throughput: z.string().optional(),
  _DASH_pathway: z.string().optional(),
  _DASH_throughput: z.string().optional(),
})

function addSteering(app: OpenAPIHono<AppEnv>, steering: Surface, origin: OriginRules): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/steering/{scope}/{manifest}',
    operationId: 'get-steering-manifest',
    tags: ['Routing'],
    summary: 'The order of providers for an HLS or DASH player',
    description: 'draft-pantos-content-steering and ETSI TS 103 998.',
    security: [],
    request: {
      params: z.object({
        scope: IdSchema.openapi({ description: 'Id of a scope, or one of `routing.scope_names`.' }),
        manifest: z.enum(['hls.json', 'dash.json']),
      }),
      query: SteeringQuerySchema,
    },
    responses: {
      200: {
        description: 'The steering manifest.',
        content: {
          'application/vnd.apple.steering-list': { schema: SteeringManifestSchema },
          'application/json': { schema: SteeringManifestSchema },
        },
      },
      400: COMMON_PROBLEMS[400],
      ...NOT_FOUND,
      410: problemAnswer('`steering-ended`: players stop asking.'),
      429: problemAnswer('`too-many-requests`: come back after `Retry-After`.'),
      500: COMMON_PROBLEMS[500],
      503: problemAnswer('`no-provider`: nobody may serve this client now. `store-unavailable`, `timeout`.'),
    },
  })
  app.all(STEERING_ROUTE, (c) => answerWith(c, steering, origin))
}

async function answerWith(c: Context<AppEnv>, surface: Surface, rules: OriginRules): Promise<Response> {
  const header = (name: string): string | undefined => c.req.header(name)
  const origin = originOf({ peer: c.env?.incoming?.socket.remoteAddress, header }, rules)
  try {
    return responseOf(await surface({ method: c.req.raw.method, target: targetOf(c), origin }))
  } catch (error) {
    const problem = problemOf(error)
    if (problem === undefined) throw error
    throw new ProblemError(openToPages(problem), { cause: error })
  }
}

/** As it was sent: a URL that went through a parser has other bytes. */
function targetOf(c: Context<AppEnv>): string {
  return (c.env?.incoming?.url ?? c.req.raw.url).replace(/^https?:\/\/[^/?#]*/i, '')
}

function responseOf({ status, location, shared, body }: SurfaceAnswer): Response {
  const headers = new Headers()
  for (let index = 0; index < shared.list.length; index += 2) {
    headers.set(shared.list[index] ?? '', shared.list[index + 1] ?? '')
  }
  if (location !== undefined) headers.set('Location', location)
  if (status !== 204) headers.set('Content-Length', String(Buffer.byteLength(body)))
  return new Response(body === '' ? null : body, { status, headers })
}
