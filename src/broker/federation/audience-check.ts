import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv, HttpDeps } from '../http/app-env.ts'
import { presentedKey, unauthenticated } from '../http/authentication.ts'
import { ProblemError } from '../http/problem.ts'
import type { FederationService } from './federation-service.ts'
import type { Audience, Profile } from './peer.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation'>

/**
 * Lets through peers with their own token, for the forms that they may ask for, and every API key of this broker. A
 * peer's token opens nothing else.
 */
export function requireAudience({ keys, federation }: Deps, profile: Profile): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const key = presentedKey(context.req.header('authorization'), context.req.header('x-api-key'))
    const peer = key === undefined ? undefined : federation?.peerOf(key)
    if (peer !== undefined) {
      if (!peer.profiles.has(profile)) {
        throw new ProblemError({
          kind: 'forbidden',
          detail: `The peer ${peer.id} has no use of the profile ${profile}.`,
        })
      }
      context.set('principal', { id: `peer:${peer.id}`, name: peer.id, role: 'reader' })
      context.set('audience', { kind: 'peer', peer })
    } else {
      const principal = key === undefined ? undefined : await keys.authenticate(key)
      if (principal === undefined) throw unauthenticated(key !== undefined)
      context.set('principal', principal)
      context.set('audience', { kind: 'operator' })
    }
    await next()
  }
}

/** Who asks. Only behind `requireAudience`. */
export function audienceOf(context: Context<AppEnv>): Audience {
  const audience = context.get('audience')
  if (audience === undefined) throw new Error('no audience: the route lacks requireAudience')
  return audience
}

/** The service, or the problem that this broker publishes nothing. */
export function federationOf(deps: Pick<HttpDeps, 'federation'>): FederationService {
  if (deps.federation !== undefined) return deps.federation
  throw new ProblemError({
    kind: 'not-found',
    detail: 'This broker tells other CDNs nothing: its configuration has no section "federation".',
  })
}
