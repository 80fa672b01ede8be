import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import type { Relay } from '../moq/relay.ts'
import type { LabEnv } from './http-listener.ts'
import type { ScopeRegistry } from './scope-registry.ts'

/** What the three provisioning APIs stand on. */
export interface ApiDeps {
  readonly registry: ScopeRegistry
  readonly relay: Pick<Relay, 'refresh' | 'drop' | 'sessions'>
  readonly relayUrl: string
  readonly apiToken: string
  readonly accountId: string
  readonly scopeLimit: number
  readonly now: () => number
}

/** Most bytes that a request body may have. */
export const MAX_BODY_BYTES = 65_536

/** How the caller has identified itself: `right`, `wrong` or not at all. */
export function checkBearer(c: Context<LabEnv>, apiToken: string): 'right' | 'wrong' | 'missing' {
  const [scheme = '', token] = (c.req.header('authorization') ?? '').split(' ', 2)
  if (scheme.toLowerCase() !== 'bearer' || token === undefined) return 'missing'
  return timingSafeEqual(digest(token), digest(apiToken)) ? 'right' : 'wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
