import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { AppEnv, HttpDeps } from './app-env.ts'

const WELL_FORMED_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Unless the handler says otherwise. Answers may hold tokens, so nothing is stored that was not made to be. */
export const DEFAULT_HEADERS = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
] as const

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
    for (const [name, value] of DEFAULT_HEADERS) {
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
