import type { Context } from 'hono'
import type { AdvertisementService } from '../advertisements/advertisement-service.ts'
import type { DrillService } from '../drills/drill-service.ts'
import type { FederationService } from '../federation/federation-service.ts'
import type { Audience } from '../federation/peer.ts'
import type { GeoService } from '../footprint-sources/geo-service.ts'
import type { KeyService, Principal } from '../key-service.ts'
import type { AccessLine } from '../log.ts'
import type { ProviderService } from '../providers/provider-service.ts'
import type { RouteService } from '../route-service.ts'
import type { RouteStreams } from '../route-streams.ts'
import type { DecisionSigner } from '../routing/decision-signer.ts'
import type { MeasurementService } from '../routing/measurement-service.ts'
import type { PolicyService } from '../routing/policy-service.ts'
import type { ScopeService } from '../scopes/scope-service.ts'
import type { CoverageService } from '../what-if/coverage-service.ts'
import type { OriginRules } from './request-origin.ts'
import type { Surface } from './surface-answer.ts'

/** What hono carries along with a request. */
export interface AppEnv {
  /** Given by the server: node's own request. */
  Bindings: {
    readonly incoming?: {
      readonly url?: string | undefined
      readonly socket: { readonly remoteAddress?: string | undefined }
    }
  }
  Variables: {
    requestId: string
    /** Absent until the API key was checked. */
    principal: Principal | undefined
    /** Absent until it was checked; only on what is published to peers. */
    audience: Audience | undefined
    /** The body is still arriving. */
    receiving: boolean | undefined
  }
}

/** Where the HTTP room writes. */
export interface HttpLog {
  /** One answered request. `at`: milliseconds since the epoch. */
  access(line: AccessLine, at: number): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface HttpLimits {
  /** Largest body in bytes; `POST /route` takes four times as much. */
  readonly bodyBytes: number
  /** A request that has no answer after this long gets 503 (408 while its body is still arriving). */
  readonly requestTimeoutMs: number
  /** How long a change is waited for before the answer is 202. Less than `requestTimeoutMs`. */
  readonly waitMs: number
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>
}

/** One finished request, fit for logs and metrics: never the raw URL. */
export interface AccessRecord {
  readonly method: string
  /** Route pattern such as `/moq/scopes/:id`, or `unmatched`. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
}

/** What the front API stands on. */
export interface HttpDeps {
  readonly scopes: ScopeService
  readonly providers: ProviderService
  readonly advertisements: AdvertisementService
  readonly routes: RouteService
  readonly routeStreams: RouteStreams
  readonly policies: PolicyService
  /** Signs decisions on request. */
  readonly signer: DecisionSigner
  readonly geo: GeoService
  readonly measurements: MeasurementService
  readonly drills: DrillService
  readonly coverage: CoverageService
  readonly keys: KeyService
  /** Absent: nothing is published to peers. */
  readonly federation?: FederationService
  readonly metrics?: { readonly contentType: string; render(): Promise<string> }
  /** `/metrics` without a key. Default false: any key. */
  readonly metricsPublic?: boolean
  readonly readiness: () => Promise<Readiness>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: HttpLog
  /** Called once per request, e.g. to count it. */
  readonly observe?: (access: AccessRecord) => void
  readonly requestId: () => string
  readonly limits: HttpLimits
  /** Whose word is taken for where a request comes from. Default: nobody's, only the connection counts. */
  readonly origin?: OriginRules
  /** `/r/{scope}/{path}`; absent: there is no such path. */
  readonly redirect?: Surface
  /** `/steering/{scope}/{manifest}`; absent: there is no such path. */
  readonly steering?: Surface
  readonly version: string
}

/** Who asks. Only behind `requireRole`. */
export function principalOf(context: Context<AppEnv>): Principal {
  const principal = context.get('principal')
  if (principal === undefined) throw new Error('no principal: the route lacks requireRole')
  return principal
}
