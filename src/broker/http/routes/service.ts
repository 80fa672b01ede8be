import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../app-env.ts'
import { requireRole } from '../authentication.ts'
import { ProblemError, ReadinessCheckSchema } from '../problem.ts'
import { COMMON_PROBLEMS, jsonAnswer, problemAnswer } from '../wire-fields.ts'

type Deps = Pick<HttpDeps, 'metrics' | 'metricsPublic' | 'keys' | 'readiness' | 'version'>

const NO_KEY: { [scheme: string]: string[] }[] = []

const HealthSchema = z.object({ status: z.literal('ok'), version: z.string() }).openapi('Health')

const ReadinessSchema = z
  .object({ ready: z.literal(true), checks: z.record(z.string(), ReadinessCheckSchema) })
  .openapi('Readiness')

/** `/healthz`, `/readyz`, `/metrics`: for whoever runs the broker. */
export function addServiceRoutes(app: OpenAPIHono<AppEnv>, deps: Deps): void {
  addProbes(app, deps)
  if (deps.metrics !== undefined) addMetrics(app, deps, deps.metrics)
}

function addProbes(app: OpenAPIHono<AppEnv>, { readiness, version }: Deps): void {
  const health = createRoute({
    method: 'get',
    path: '/healthz',
    operationId: 'get-health',
    tags: ['Service'],
    summary: 'Whether the process turns',
    security: NO_KEY,
    responses: { 200: jsonAnswer('It does.', HealthSchema) },
  })
  app.openapi(health, (c) => c.json({ status: 'ok' as const, version }, 200))

  const ready = createRoute({
    method: 'get',
    path: '/readyz',
    operationId: 'get-readiness',
    tags: ['Service'],
    summary: 'Whether it can do its work',
    security: NO_KEY,
    responses: {
      200: jsonAnswer('It can.', ReadinessSchema),
      500: problemAnswer('`internal-error`.'),
      503: problemAnswer('`not-ready`: `checks` says why.'),
    },
  })
  app.openapi(ready, async (c) => {
    const { ready: isReady, checks } = await readiness()
    if (isReady) return c.json({ ready: true as const, checks: { ...checks } }, 200)
    const failed = Object.keys(checks).filter((name) => checks[name]?.ok !== true)
    throw new ProblemError({
      kind: 'not-ready',
      detail: `Not ready: ${failed.join(', ') || 'no check passed yet'}.`,
      retryAfterSeconds: 1,
      members: { checks: { ...checks } },
    })
  })
}

function addMetrics(app: OpenAPIHono<AppEnv>, deps: Deps, metrics: NonNullable<Deps['metrics']>): void {
  const route = createRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'get-metrics',
    tags: ['Service'],
    summary: 'Prometheus metrics',
    description: deps.metricsPublic === true ? 'Needs no key.' : 'Role: reader.',
    ...(deps.metricsPublic === true ? { security: NO_KEY } : { middleware: [requireRole(deps.keys, 'reader')] }),
    responses: {
      200: { description: 'Text exposition format.', content: { 'text/plain': { schema: z.string() } } },
      ...COMMON_PROBLEMS,
    },
  })
  app.openapi(route, async (c) => {
    const text = await metrics.render()
    return c.text(text, 200, { 'Content-Type': metrics.contentType })
  })
}
