import { createHmac } from 'node:crypto'
import { serveHttp } from '../../src/broker/http/server.ts'
import { createSteering } from '../../src/broker/http/steering.ts'
import { FrontApi } from '../http/front-api.ts'
import { freePort } from './free-ports.ts'
import type { Format } from './player-page.ts'

/** One request of a player for its steering manifest. */
export interface SteeringRequest {
  readonly url: URL
  readonly status: number
  /** When it came and when it was answered, milliseconds of this process. */
  readonly at: number
  readonly answeredAt: number
}

/** The broker's steering over HTTP, with the decisions in the hands of a test. `TTL` is 1. */
export interface SteeringStand extends AsyncDisposable {
  /** Where players begin. */
  url(format: Format): string
  readonly requests: readonly SteeringRequest[]
  /** The candidates of the decision from now on, `alpha` and `beta` at first. */
  decide(...providers: readonly string[]): void
  /** From now on there are more requests than there may be, so that players get 429 with this `Retry-After`. */
  flood(retryAfterSeconds: number): void
  /** Ends the flood. */
  drain(): void
  /** From now on players get 410. */
  end(): void
}

const SCOPE = 'known'
const MINUTE_MS = 60_000
const PLENTY = 10_000

export interface StandOptions {
  /** Whether `RELOAD-URI` is. */
  readonly isRelative: boolean
  /** Where `beta` is, for presentations that name `alpha` alone. */
  readonly clone?: { readonly host: string }
}

export async function startSteeringStand({ isRelative, clone }: StandOptions): Promise<SteeringStand> {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const requests: SteeringRequest[] = []
  let now = 1_000_000 * MINUTE_MS
  let isFlooded = false
  const steeringFor = (mostPerMinute: number) =>
    createSteering({
      routes: api.routes,
      names: api.names,
      now: () => now,
      sign: (text) => createHmac('sha256', 'secret').update(text).digest('base64url'),
      newSession: () => 'a-player',
      isEnded: (scope) => api.ended.has(scope),
      penaltyMs: MINUTE_MS,
      sessionMs: 60 * MINUTE_MS,
      mostPerMinute: { session: mostPerMinute, client: mostPerMinute },
      ...(isRelative ? {} : { publicUrl: base }),
      ...(clone === undefined ? {} : { cloneFrom: 'alpha' }),
    })
  const api: FrontApi = new FrontApi({ steering: (request) => (isFlooded ? flooded : open)(request) })
  const open = steeringFor(PLENTY)
  const flooded = steeringFor(0)
  api.routes.ttlSeconds = 1
  if (clone !== undefined) {
    const httpTarget = { host: clone.host, scheme: 'http' as const, includeRedirectingHost: false }
    api.routes.targets.set('beta', [{ redirectingHosts: [], httpTarget }])
  }
  const server = await serveHttp(
    {
      fetch: async (request, bindings) => {
        const at = performance.now()
        const response = await api.app.fetch(request, bindings)
        if (request.method === 'GET') {
          requests.push({ url: new URL(request.url), status: response.status, at, answeredAt: performance.now() })
        }
        return response
      },
    },
    { host: '127.0.0.1', port, requestId: () => 'request' },
  )
  return {
    requests,
    url: (format) => `${base}/steering/${SCOPE}/${format}.json`,
    decide(...providers) {
      api.routes.candidates = providers
    },
    flood(retryAfterSeconds) {
      // Limits are counted by the minute.
      now = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS - retryAfterSeconds * 1000
      isFlooded = true
    },
    drain() {
      isFlooded = false
    },
    end() {
      api.ended.add(SCOPE)
    },
    [Symbol.asyncDispose]: () => server.close(0),
  }
}
