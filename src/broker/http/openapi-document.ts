import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv } from './app-env.ts'

const DESCRIPTION = `One API over several MoQ CDNs: provisions a scope on each, wires origin fallback, says which CDN
should serve a client, and proves failover with drills. \`POST /moq/scopes\` is that of
draft-englishm-moq-cdn-provisioning, so a client that knows only the draft works unchanged.
Every answer that is not a success is an RFC 9457 problem.`

/** Registers the security schemes; every operation needs one of them unless it says otherwise. */
export function registerSecurity(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'mqb_<id>_<secret>',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  })
}

/** Serves `/openapi.json`: OpenAPI 3.1, made from the schemas that validate. */
export function addOpenApiDocument(app: OpenAPIHono<AppEnv>, version: string): void {
  let text: string | undefined
  app.get('/openapi.json', (c) => {
    text ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'moq-broker',
          version,
          description: DESCRIPTION,
          license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
        },
        servers: [{ url: '/' }],
        security: [{ bearer: [] }, { apiKey: [] }],
        tags: ['Scopes', 'Operations', 'Providers', 'Routing', 'Drills', 'Federation', 'Keys', 'Service'].map(
          (name) => ({ name }),
        ),
      }),
    )
    return c.body(text, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' })
  })
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    operationId: 'get-openapi',
    tags: ['Service'],
    summary: 'This description',
    security: [],
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  })
}
