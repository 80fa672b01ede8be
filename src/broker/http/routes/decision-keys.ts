import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { jsonAnswer } from '../wire-fields.ts'

const KeySetSchema = z
  .object({
    keys: z
      .array(
        z.object({
          kty: z.string().optional(),
          crv: z.string().optional(),
          x: z.string().optional(),
          alg: z.string().optional(),
          use: z.string().optional(),
          kid: z.string().optional(),
        }),
      )
      .readonly(),
  })
  .openapi('KeySet')

/** `/.well-known/jwks.json`: with what signed decisions are verified. */
export function addDecisionKeyRoutes(app: OpenAPIHono<AppEnv>, { signer }: Pick<HttpDeps, 'signer'>): void {
  const route = createRoute({
    method: 'get',
    path: '/.well-known/jwks.json',
    operationId: 'get-decision-keys',
    tags: ['Routing'],
    summary: 'The public key of signed decisions',
    description: 'A JWK Set (RFC 7517 5). Needs no key.',
    security: [],
    responses: { 200: jsonAnswer('The key.', KeySetSchema) },
  })
  app.openapi(route, async (c) => {
    c.header('Cache-Control', 'public, max-age=3600')
    const { keys } = await signer.keys()
    return c.json({ keys: keys.map(({ kty, crv, x, alg, use, kid }) => ({ kty, crv, x, alg, use, kid })) }, 200)
  })
}
