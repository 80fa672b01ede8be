import type { Context } from 'hono'
import type { z } from 'zod'
import { type ApiDeps, checkBearer, MAX_BODY_BYTES } from './api-deps.ts'
import type { LabApp, LabEnv } from './http-listener.ts'
import { problem } from './problem.ts'
import { bodyFaults, readRequestBody } from './request-body.ts'

/** What draft and extended share around their routes: who may call, and what errors look like. */
export function addDraftEnvelope(app: LabApp, { apiToken }: ApiDeps): void {
  app.use(async (c, next) => {
    if (checkBearer(c, apiToken) === 'right') return next()
    const headers = { 'www-authenticate': 'Bearer' }
    return problem(401, 'this API wants "Authorization: Bearer <API token>"', { headers })
  })
  app.notFound(() => problem(404, 'there is no such resource here'))
  app.onError(() => problem(500, 'this CDN could not carry the request out'))
}

/** Every method but these is answered with 405. Call it after the routes themselves. */
export function allowOnly(app: LabApp, path: string, methods: readonly string[]): void {
  const allow = methods.join(', ')
  app.all(path, () => problem(405, `only ${allow} can be used here`, { headers: { allow } }))
}

/** The parsed body, an absent one as `{}`; or the refusal to answer with. */
export async function readRequest<T>(c: Context<LabEnv>, schema: z.ZodType<T>): Promise<T | Response> {
  const body = await readRequestBody(c, MAX_BODY_BYTES)
  switch (body.kind) {
    case 'too_large':
      return problem(413, `a body can have at most ${MAX_BODY_BYTES} bytes`)
    case 'malformed':
      return problem(400, 'the body is not JSON')
    case 'absent':
      return parseRequest({}, schema)
    case 'json':
      if (!isJson(c.req.header('content-type'))) return problem(415, 'the body must be application/json')
      return parseRequest(body.value, schema)
  }
}

function parseRequest<T>(value: unknown, schema: z.ZodType<T>): T | Response {
  const request = schema.safeParse(value)
  if (request.success) return request.data
  return problem(400, 'the body is not as this API documents it', { errors: bodyFaults(request.error) })
}

function isJson(contentType = ''): boolean {
  return /^application\/(?:json|merge-patch\+json)\s*(?:;|$)/i.test(contentType)
}
