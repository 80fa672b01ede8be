import type { Config } from './config/config-schema.ts'
import type { HttpDeps } from './http/app-env.ts'
import { createRedirect } from './http/redirect.ts'
import { createSteering } from './http/steering.ts'
import type { RouteService } from './route-service.ts'
import type { ScopeDirectory } from './scopes/scope-directory.ts'
import type { ScopeNames } from './scopes/scope-names.ts'
import type { Vault } from './scopes/vault.ts'

export interface PublicSurfacesDeps {
  readonly config: Pick<Config, 'redirect' | 'steering'>
  readonly routes: RouteService
  readonly names: ScopeNames
  readonly scopes: Pick<ScopeDirectory, 'held'>
  readonly vault: Pick<Vault, 'fingerprint'>
  readonly now: () => number
  /** Not to be guessed. */
  readonly newSession: () => string
}

/** What the configuration opens to clients without a key. */
export function createPublicSurfaces(deps: PublicSurfacesDeps): Pick<HttpDeps, 'redirect' | 'steering'> {
  const { config, routes, names, scopes, vault, now, newSession } = deps
  const { redirect, steering } = config
  return {
    ...(redirect.enabled ? { redirect: createRedirect({ routes, names }) } : {}),
    ...(steering.enabled
      ? {
          steering: createSteering({
            routes,
            names,
            now,
            newSession,
            sign: (text) => vault.fingerprint(`content steering ${text}`),
            isEnded: (scope) =>
              steering.ended.some((reference) => names.idOf(reference) === scope) ||
              scopes.held(scope)?.scope?.record.deleting === true,
            penaltyMs: steering.penalty_seconds * 1000,
            sessionMs: steering.session_seconds * 1000,
            mostPerMinute: {
              session: steering.session_requests_per_minute,
              client: steering.client_requests_per_minute,
            },
            ...(steering.clone_from === undefined ? {} : { cloneFrom: steering.clone_from }),
            ...(steering.public_url === undefined ? {} : { publicUrl: steering.public_url }),
          }),
        }
      : {}),
  }
}
