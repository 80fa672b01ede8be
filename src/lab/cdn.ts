import { type Relay, type RelayOptions, startRelay } from '../moq/relay.ts'
import { issueOpaqueToken, jwtIssuer } from './access-token.ts'
import { addAdminEndpoint } from './admin-endpoint.ts'
import type { ApiDeps } from './api-deps.ts'
import { CallLog, type LabLog } from './call-log.ts'
import { addCloudflareApi } from './cloudflare-api.ts'
import { failureWithStatus } from './cloudflare-envelope.ts'
import { addDraftApi } from './draft-api.ts'
import { addEdgeEndpoint } from './edge-endpoint.ts'
import { addExtendedApi } from './extended-api.ts'
import { FaultDial } from './fault-dial.ts'
import { faultMiddleware } from './fault-middleware.ts'
import { type AdvertisementSource, addFciEndpoint, FCI_PATH } from './fci-endpoint.ts'
import { addFootprintEndpoint } from './footprint-endpoint.ts'
import { createLabApp, type HttpListener, type LabApp, listen, toListenError } from './http-listener.ts'
import type { Fault, LabCdnOptions, LabCdnUrls, LabKind } from './lab-config.ts'
import { problem } from './problem.ts'
import { ScopeRegistry } from './scope-registry.ts'

const DEFAULT_SCOPE_LIMIT = 100_000

/** One reference CDN, running in this process. Disposing stops it; its scopes stay in `dataDir`. */
export interface LabCdn extends LabCdnUrls, AsyncDisposable {
  /** As `PUT /fault`; `undefined` clears. Resolves when the relay is down or back. */
  setFault(fault: Fault | undefined): Promise<void>
}

/** What one kind of CDN is made of. */
interface KindParts {
  readonly addApi: (app: LabApp, deps: ApiDeps) => void
  readonly errorAnswer: (status: number) => Response
  readonly wrongShape: unknown
  /** Path of the base URL that an adapter is configured with. */
  readonly basePath: string
}

const faultProblem = (status: number): Response => problem(status, 'this CDN was told to fail')

function partsOf(kind: LabKind): KindParts {
  switch (kind) {
    case 'draft':
      return { addApi: addDraftApi, errorAnswer: faultProblem, wrongShape: { scope: { name: 7 } }, basePath: '' }
    case 'extended':
      return { addApi: addExtendedApi, errorAnswer: faultProblem, wrongShape: { scope: { name: 7 } }, basePath: '' }
    case 'cloudflare':
      return {
        addApi: addCloudflareApi,
        errorAnswer: failureWithStatus,
        wrongShape: { success: true, errors: [], messages: [], result: { relay: 7 } },
        basePath: '/client/v4',
      }
  }
}

/**
 * Starts a reference CDN with its four listeners: provisioning API, FCI endpoint, MoQ relay, admin.
 *
 * @throws ListenError where a port is in use; nothing is left open then.
 */
export async function startLabCdn(
  options: LabCdnOptions,
  deps: { readonly now: () => number; readonly log: LabLog },
): Promise<LabCdn> {
  const { kind, host, ports, dataDir } = options
  const parts = partsOf(kind)
  const log: LabLog = (event, fields) => deps.log(event, { cdn: options.name, ...fields })
  const opened: AsyncDisposable[] = []
  const close = async (): Promise<void> => {
    for (const resource of opened.reverse()) await resource[Symbol.asyncDispose]()
  }

  try {
    const issueToken = kind === 'cloudflare' ? jwtIssuer(dataDir) : issueOpaqueToken
    const registry = new ScopeRegistry({ dataDir, now: deps.now, issueToken })
    opened.push({ [Symbol.asyncDispose]: async () => registry[Symbol.dispose]() })
    const relay = await openRelay(`${options.name} relay`, { host, port: ports.relay, directory: registry, log })
    opened.push(relay)
    const origin = (listener: { readonly port: number }): string => `http://${host}:${listener.port}`
    const relayUrl = `moqt://${host}:${relay.port}`

    const dial = new FaultDial()
    let expiry: NodeJS.Timeout | undefined
    opened.push({ [Symbol.asyncDispose]: async () => clearTimeout(expiry) })
    const setFault = async (fault: Fault | undefined): Promise<void> => {
      clearTimeout(expiry)
      dial.set(fault)
      if (fault?.expiresInMs !== undefined) {
        // A relay that cannot come back (its port was taken meanwhile) stays down, and its sessions tell.
        expiry = setTimeout(() => void setFault(undefined).catch(() => log('fault.not_cleared', {})), fault.expiresInMs)
        expiry.unref()
      }
      await relay.setDown(fault?.relayDown === true)
    }
    const source: AdvertisementSource = { advertisement: options.advertisement }
    const open = async (listener: 'api' | 'fci' | 'admin', app: LabApp): Promise<HttpListener> => {
      const listening = await listen(app, { listener: `${options.name} ${listener}`, host, port: ports[listener] })
      opened.push(listening)
      return listening
    }

    const apiCalls = new CallLog({ listener: 'api', log })
    const apiApp = createLabApp()
    apiApp.use(apiCalls.middleware())
    apiApp.use(faultMiddleware(dial, { target: 'api', ...parts }))
    const { apiToken, accountId, scopeLimit = DEFAULT_SCOPE_LIMIT } = options
    parts.addApi(apiApp, { registry, relay, relayUrl, apiToken, accountId, scopeLimit, now: deps.now })

    const fciApp = createLabApp()
    const fciCalls = new CallLog({ listener: 'fci', log })
    fciApp.use(fciCalls.middleware())
    const wrongShape = { capabilities: 'all of them' }
    fciApp.use(faultMiddleware(dial, { target: 'fci', errorAnswer: faultProblem, wrongShape }))
    addEdgeEndpoint(fciApp, options.name)
    const { footprints = [], geofeed } = options
    addFootprintEndpoint(fciApp, { footprints, now: deps.now, ...(geofeed === undefined ? {} : { geofeed }) })
    addFciEndpoint(fciApp, source)

    const adminApp = createLabApp()
    addAdminEndpoint(adminApp, { registry, relay, apiCalls, fciCalls, source, getFault: () => dial.fault, setFault })

    const fci = await open('fci', fciApp)
    const admin = await open('admin', adminApp)
    const api = await open('api', apiApp)
    // All ports are ours now, so no other process writes the journal; and no request has been read yet.
    registry.open()
    return {
      apiUrl: `${origin(api)}${parts.basePath}`,
      fciUrl: `${origin(fci)}${FCI_PATH}`,
      relayUrl,
      adminUrl: origin(admin),
      setFault,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openRelay(listener: string, options: RelayOptions): Promise<Relay> {
  try {
    return await startRelay(options)
  } catch (error) {
    throw toListenError({ listener, host: options.host, port: options.port }, error)
  }
}
