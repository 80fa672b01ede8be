import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { AppEnv, HttpDeps } from './app-env.ts'

const WELL_FORMED_ID = /^[A-Za-z0-9._-]{1,128}$/

type Fields = readonly (readonly [string, string])[]

/** Answers may hold tokens, so nothing is stored that was not made to be. */
const OF_ALL: Fields = [
  ['Cache-Control', 'no-store'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]
/** How a browser treats what it was given. */
const OF_DOCUMENTS: Fields = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
]
const OF_EVERYTHING: Fields = [...OF_ALL, ...OF_DOCUMENTS]

/**
 * What an answer says unless its handler says otherwise. A redirect is no document, and with `Referrer-Policy` would
 * change the request that follows (Fetch, HTTP-redirect fetch): CDNs look at the referrer.
 */
export function defaultHeaders(status: number): Fields {
  return status >= 300 && status < 400 ? OF_ALL : OF_EVERYTHING
}

/** Names the request, and when it is answered writes one line and sets what every answer carries. */
export function accompanyRequest(
  deps: Pick<HttpDeps, 'now' | 'log' | 'requestId' | 'observe'>,
): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const startedAt = deps.now()
    const requestId = requestIdOf(context.req.header('x-request-id'), deps.requestId)
    context.set('requestId', requestId)
    await next()
    const { headers, status } = context.res
    headers.set('X-Request-Id', requestId)
    for (const [name, value] of defaultHeaders(status)) {
      if (!headers.has(name)) headers.set(name, value)
    }
    const pattern = routePath(context, -1)
    const at = deps.now()
    const access = {
      method: context.req.method,
      route: pattern === '/*' ? 'unmatched' : pattern,
      status,
      durationMs: at - startedAt,
    }
    deps.observe?.(access)
    const key = context.get('principal')?.id
    deps.log.access({ ...access, requestId, ...(key === undefined ? {} : { key }) }, at)
  }
}

/** The caller's own id for the request, if it is one, else a fresh one. */
export function requestIdOf(offered: string | undefined, fresh: () => string): string {
  return offered !== undefined && WELL_FORMED_ID.test(offered) ? offered : fresh()
}
