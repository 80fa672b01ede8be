import { type Client, readClient } from '../routing/client.ts'
import type { CoverageMap } from '../routing/coverage/coverage-map.ts'
import { drawDecision } from '../routing/decide.ts'
import type { Decision } from '../routing/decision.ts'
import type { GeoSource } from '../routing/geo-source.ts'
import type { MeasuredLookup } from '../routing/measured.ts'
import type { RoutingPolicy } from '../routing/policy.ts'
import { clientPrefixKey, stickinessKey } from '../routing/routing-key.ts'
import { BrokerError } from './broker-error.ts'
import type { ProviderDirectory } from './providers/provider-directory.ts'
import type { ConnectUrl, RouteQuestion, RouteService } from './route-service.ts'
import { createConnectUrls } from './routing/connect-urls.ts'
import { createRoutePlans, type UsageSource } from './routing/route-plans.ts'
import { guarded } from './scopes/scope-commands.ts'
import type { ScopeDirectory } from './scopes/scope-directory.ts'
import type { ScopeRecord } from './scopes/scope-record.ts'
import type { Vault } from './scopes/vault.ts'

export interface RouteServiceDeps {
  readonly directory: Pick<ProviderDirectory, 'facts' | 'health' | 'capabilities'>
  readonly scopes: ScopeDirectory
  readonly vault: Vault
  readonly geo: GeoSource
  readonly now: () => number
  /** The policy of a scope, or of no scope; one object while it is the same. */
  readonly policyOf: (scope: PolicyScope | undefined, prefixKey: string) => RoutingPolicy
  /** The compiled map in use; default: footprints are read plainly. */
  readonly map?: () => CoverageMap | undefined
  readonly usage?: UsageSource
  readonly measuredNear?: (client: Client) => MeasuredLookup
  /** Told of every decision. */
  readonly observe: (provider: string | undefined, panic: boolean) => void
}

/** By what a policy file finds a scope. */
export type PolicyScope = Pick<ScopeRecord, 'id' | 'owner'>

/** Look-ups from memory: provider facts, held scopes, opened credentials. The store is asked for a scope never seen here. */
export function createRouteService(deps: RouteServiceDeps): RouteService {
  const plans = createRoutePlans({ ...deps, map: deps.map ?? (() => undefined) })
  const urls = createConnectUrls(deps.vault, deps.directory)

  function decideFor(client: ReadClient, record: ScopeRecord | undefined, question: RouteQuestion): Decision {
    const prefixKey = clientPrefixKey(client.address)
    const policy = deps.policyOf(record, prefixKey)
    const described = (): Client => ({ ...client, ...deps.geo.lookup(client.address) })
    const plan = plans.plan({ address: client.address, client: described, record, policy })
    return drawDecision(plan, {
      client,
      key: stickinessKey(policy.stickiness, question, prefixKey),
      now: deps.now(),
      ...(plan.varies && deps.measuredNear !== undefined ? { measured: deps.measuredNear(described()) } : {}),
    })
  }

  function observe(decision: Decision): void {
    deps.observe(decision.candidates[0]?.provider, decision.panic)
  }

  return {
    async decide(question) {
      const client = clientOf(question)
      const { scope: scopeId } = question
      const scope = scopeId === undefined ? undefined : await guarded(() => deps.scopes.get(scopeId))
      if (scopeId !== undefined && scope === undefined) throw noScope(scopeId)
      const decision = decideFor(client, scope?.record, question)
      observe(decision)
      const connectUrls = scope === undefined ? NO_URLS : await urls.open(scope.record, decision.candidates)
      return { decision, connectUrls }
    },

    decideHeld(question) {
      const client = clientOf(question)
      const { scope: scopeId } = question
      const held = scopeId === undefined ? undefined : deps.scopes.held(scopeId)
      if (scopeId !== undefined) {
        if (held === undefined) return undefined
        if (held.scope === undefined) throw noScope(scopeId)
      }
      const record = held?.scope?.record
      const decision = decideFor(client, record, question)
      const connectUrls = record === undefined ? NO_URLS : urls.held(record, decision.candidates)
      if (connectUrls === undefined) return undefined
      observe(decision)
      return { decision, connectUrls }
    },
  }
}

type ReadClient = Pick<Client, 'address' | 'text'>

const NO_URLS: ReadonlyMap<string, ConnectUrl> = new Map()

function clientOf(question: RouteQuestion): ReadClient {
  const client = readClient(question.client)
  if (!('invalid' in client)) return client
  throw new BrokerError('invalid_request', client.invalid, {
    faults: [{ detail: client.invalid, parameter: 'client' }],
  })
}

function noScope(id: string): BrokerError {
  return new BrokerError('not_found', `there is no scope ${id}`)
}
