import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv, HttpDeps } from '../../http/app-env.ts'
import { addAdvertisementRoutes } from './advertisement-routes.ts'
import { addAltoRoutes } from './alto-routes.ts'
import { addFootprintAdminRoutes } from './footprint-admin-routes.ts'
import { addFootprintRoutes } from './footprint-routes.ts'
import { addPeerRoutes } from './peer-routes.ts'
import { addSvtaRoutes } from './svta-routes.ts'

/** The CDNI interfaces: what this broker tells other CDNs. */
export function addFederationRoutes(app: OpenAPIHono<AppEnv>, deps: HttpDeps): void {
  addAdvertisementRoutes(app, deps)
  addFootprintRoutes(app, deps)
  addFootprintAdminRoutes(app, deps)
  addPeerRoutes(app, deps)
  addSvtaRoutes(app, deps)
  addAltoRoutes(app, deps)
}
