import { OpenAPIHono } from '@hono/zod-openapi'
import { addFederationRoutes } from '../federation/routes/federation-routes.ts'
import { accompanyRequest } from './access-log.ts'
import { createMethodTable } from './allowed-methods.ts'
import type { AppEnv, HttpDeps } from './app-env.ts'
import { limitDuration } from './deadline.ts'
import { problemOf } from './error-problem.ts'
import { addOpenApiDocument, registerSecurity } from './openapi-document.ts'
import { isFailureOfOurs, type ProblemDetail, problemResponse } from './problem.ts'
import { addAdvertisementRoutes } from './routes/advertisements.ts'
import { addCoverageRoutes } from './routes/coverage.ts'
import { addCoverageMapRoute } from './routes/coverage-map.ts'
import { addDecisionKeyRoutes } from './routes/decision-keys.ts'
import { addDrillRoutes } from './routes/drills.ts'
import { addGeoRoute } from './routes/geo.ts'
import { addKeyRoutes } from './routes/keys.ts'
import { addMeasurementRoutes } from './routes/measurements.ts'
import { addNotificationRoute } from './routes/notifications.ts'
import { addPolicyRoutes } from './routes/policy.ts'
import { addPolicyChangeRoutes } from './routes/policy-changes.ts'
import { addProviderRoutes } from './routes/providers.ts'
import { addRouteRoutes } from './routes/route.ts'
import { addScopeCollectionRoutes } from './routes/scope-collection.ts'
import { addScopeDetailRoutes } from './routes/scope-details.ts'
import { addScopeItemRoutes } from './routes/scope-item.ts'
import { addServiceRoutes } from './routes/service.ts'
import { addSurfaceRoutes } from './routes/surfaces.ts'
import { describeUnexpected } from './unexpected-error.ts'
import { refusal } from './validation.ts'

/** The front API. Every answer that is not a success is an RFC 9457 problem of `PROBLEM_CATALOGUE`. */
export function createHttpApp(deps: HttpDeps): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw refusal(result.target, result.error.issues)
    },
  })
  app.use(accompanyRequest(deps), limitDuration(deps.limits.requestTimeoutMs))
  registerSecurity(app)
  addScopeCollectionRoutes(app, deps)
  addScopeItemRoutes(app, deps)
  addScopeDetailRoutes(app, deps)
  addProviderRoutes(app, deps)
  addAdvertisementRoutes(app, deps)
  addNotificationRoute(app, deps)
  addGeoRoute(app, deps)
  addRouteRoutes(app, deps)
  addDecisionKeyRoutes(app, deps)
  addMeasurementRoutes(app, deps)
  addPolicyRoutes(app, deps)
  addPolicyChangeRoutes(app, deps)
  addSurfaceRoutes(app, deps)
  addCoverageRoutes(app, deps)
  addCoverageMapRoute(app, deps)
  addDrillRoutes(app, deps)
  addFederationRoutes(app, deps)
  addKeyRoutes(app, deps)
  addServiceRoutes(app, deps)
  addOpenApiDocument(app, deps.version)

  const allowedMethods = createMethodTable(
    app.openAPIRegistry.definitions.flatMap((definition) => (definition.type === 'route' ? [definition.route] : [])),
  )
  app.notFound((c) => problemResponse(unmatched(c.req.method, allowedMethods(c.req.path)), c.get('requestId')))
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    const problem = problemOf(error)
    if (problem !== undefined) {
      if (isFailureOfOurs(problem)) {
        deps.log.error({ requestId, problem: problem.kind, ...describeUnexpected(error) }, 'request failed')
      }
      return problemResponse(problem, requestId)
    }
    deps.log.error({ requestId, ...describeUnexpected(error) }, 'unexpected error')
    return problemResponse(
      {
        kind: 'internal-error',
        detail: "An error that nobody expected. The broker's log has it under this request's id.",
      },
      requestId,
    )
  })
  return app
}

function unmatched(method: string, allowed: readonly string[]): ProblemDetail {
  if (allowed.length === 0) {
    return { kind: 'not-found', detail: 'There is nothing under this path; GET /openapi.json lists what there is.' }
  }
  const allow = allowed.join(', ')
  return {
    kind: 'method-not-allowed',
    detail: `${/^[A-Z]{1,16}$/.test(method) ? method : 'That method'} is not known here; use ${allow}.`,
    headers: { Allow: allow },
  }
}
