import type { MiddlewareHandler } from 'hono'
import type { KeyService, Role } from '../key-service.ts'
import type { AppEnv } from './app-env.ts'
import { ProblemError } from './problem.ts'

const RANK: Readonly<Record<Role, number>> = { reader: 0, operator: 1, admin: 2 }

/** Lets through who holds `role` or a higher one. RFC 6750 `Authorization: Bearer`, or `X-API-Key`. */
export function requireRole(keys: KeyService, role: Role): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const key = presentedKey(context.req.header('authorization'), context.req.header('x-api-key'))
    const principal = key === undefined ? undefined : await keys.authenticate(key)
    if (principal === undefined) throw unauthenticated(key !== undefined)
    context.set('principal', principal)
    if (RANK[principal.role] < RANK[role]) {
      throw new ProblemError({
        kind: 'forbidden',
        detail: `This needs the role ${role}; the API key "${principal.name}" has the role ${principal.role}.`,
        headers: { 'WWW-Authenticate': 'Bearer realm="moq-broker", error="insufficient_scope"' },
      })
    }
    await next()
  }
}

/** The key that a request shows; empty text when what it shows cannot be one. */
export function presentedKey(authorization: string | undefined, apiKey: string | undefined): string | undefined {
  if (authorization === undefined) return apiKey
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
}

/** One answer for an unknown key, a wrong secret and a malformed key: none of them can be told apart. */
export function unauthenticated(keyPresented: boolean): ProblemError {
  return new ProblemError({
    kind: 'unauthenticated',
    detail: keyPresented
      ? 'The API key is not valid. Send one as "Authorization: Bearer mqb_..." or "X-API-Key: mqb_...".'
      : 'No API key was sent. Send one as "Authorization: Bearer mqb_..." or "X-API-Key: mqb_...".',
    headers: {
      'WWW-Authenticate': keyPresented
        ? 'Bearer realm="moq-broker", error="invalid_token"'
        : 'Bearer realm="moq-broker"',
    },
  })
}
