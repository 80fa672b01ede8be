import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { problemOf } from '../error-problem.ts'
import { ProblemError } from '../problem.ts'
import { REDIRECT_ROUTE } from '../redirect.ts'
import { NO_PROXIES, type OriginRules, originOf } from '../request-origin.ts'
import { openToPages, type Surface, type SurfaceAnswer } from '../surface-answer.ts'
import { COMMON_PROBLEMS, IdSchema, NOT_FOUND, problemAnswer } from '../wire-fields.ts'

type Deps = Pick<HttpDeps, 'redirect' | 'origin'>

/** What clients and players get without a key: redirects. */
export function addSurfaceRoutes(app: OpenAPIHono<AppEnv>, { redirect, origin = NO_PROXIES }: Deps): void {
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

function responseOf({ status, headers, body }: SurfaceAnswer): Response {
  const length = status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  return new Response(body === '' ? null : body, { status, headers: { ...headers, ...length } })
}
