import { z } from 'zod'
import type { Relay } from '../moq/relay.ts'
import type { CallLog } from './call-log.ts'
import { readRequest } from './draft-envelope.ts'
import { faultSchema } from './fault-dial.ts'
import type { AdvertisementSource } from './fci-endpoint.ts'
import type { LabApp } from './http-listener.ts'
import type { Fault } from './lab-config.ts'
import { problem } from './problem.ts'
import type { ScopeRegistry } from './scope-registry.ts'

const advertisementSchema = z.looseObject({})

/** What tests and drills turn and read. */
export interface AdminDeps {
  readonly registry: ScopeRegistry
  readonly relay: Pick<Relay, 'sessions'>
  readonly apiCalls: CallLog
  readonly fciCalls: CallLog
  readonly source: AdvertisementSource
  readonly getFault: () => Fault | undefined
  readonly setFault: (fault: Fault | undefined) => Promise<void>
}

/**
 * - `PUT /fault` {Fault}, `GET /fault` (`{}`: none), `DELETE /fault`
 * - `PUT /advertisement` {the FCI document}
 * - `GET /state` - scopes, sessions, calls by method and route, the most API calls at once; no token
 * - `GET /healthz`
 *
 * It has no authentication: the lab listens on loopback.
 */
export function addAdminEndpoint(app: LabApp, deps: AdminDeps): void {
  const { registry, relay, apiCalls, fciCalls, source } = deps

  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  app.get('/fault', (c) => c.json(deps.getFault() ?? {}))
  app.put('/fault', async (c) => {
    const fault = await readRequest(c, faultSchema)
    if (fault instanceof Response) return fault
    await deps.setFault(fault)
    return c.json(fault)
  })
  app.delete('/fault', async (c) => {
    await deps.setFault(undefined)
    return c.body(null, 204)
  })

  app.put('/advertisement', async (c) => {
    const advertisement = await readRequest(c, advertisementSchema)
    if (advertisement instanceof Response) return advertisement
    source.advertisement = advertisement
    return c.body(null, 204)
  })

  app.get('/state', (c) =>
    c.json({
      scopes: registry.list().map(({ id, label }) => ({
        id,
        ...(label !== undefined && { label }),
        upstreams: registry.upstreams(id).map((url) => new URL(url).host),
      })),
      scopeCount: registry.size,
      sessions: relay.sessions(),
      calls: { ...apiCalls.counts, ...fciCalls.counts },
      maxConcurrent: apiCalls.mostRunning,
    }),
  )
  app.notFound(() => problem(404, 'there is no such resource here'))
}
