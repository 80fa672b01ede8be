import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { requireRole } from '../../http/authentication.ts'
import { COMMON_PROBLEMS, jsonAnswer, NOT_FOUND, TimeSchema, toTime } from '../../http/wire-fields.ts'
import { federationOf } from '../audience-check.ts'

type Deps = Pick<HttpDeps, 'keys' | 'federation'>

const PeersSchema = z
  .object({
    peers: z.array(
      z.object({
        id: z.string(),
        pid: z.string().optional(),
        profiles: z.array(z.enum(['http', 'svta', 'alto'])),
        version: z.string().openapi({ description: 'Of what it is told now; its entity tag.' }),
        published_at: TimeSchema,
        capabilities: z.int().openapi({ description: 'Objects that it is told; 0 means "not ready".' }),
        withheld: z
          .array(z.object({ provider: z.string(), type: z.string().optional(), because: z.string() }))
          .openapi({ description: 'What was left out or cut, and why; at most 1000.' }),
      }),
    ),
  })
  .openapi('Peers')

const MAX_WITHHELD = 1000

/** `GET /federation/peers`: for the operator who is asked why a peer sees nothing. */
export function addPeerRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  const route = createRoute({
    method: 'get',
    path: '/federation/peers',
    operationId: 'list-peers',
    tags: ['Federation'],
    summary: 'Whom we tell what, and what we keep back',
    description: 'Role: reader.',
    middleware: [requireRole(deps.keys, 'reader')],
    responses: {
      200: jsonAnswer('In the order of the configuration.', PeersSchema),
      ...COMMON_PROBLEMS,
      ...NOT_FOUND,
    },
  })
  app.openapi(route, (c) => {
    const { peers, publisher } = federationOf(deps)
    const views = peers.map((peer) => {
      const { version, publishedAt, document, withheld } = publisher.current({ kind: 'peer', peer })
      return {
        id: peer.id,
        pid: peer.pid,
        profiles: [...peer.profiles],
        version,
        published_at: toTime(publishedAt),
        capabilities: document.capabilities.length,
        withheld: withheld.slice(0, MAX_WITHHELD).map(({ provider, type, because }) => ({ provider, type, because })),
      }
    })
    return c.json({ peers: views }, 200)
  })
}
