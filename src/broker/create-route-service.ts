import { type Client, describeClient } from '../routing/client.ts'
import { decide } from '../routing/decide.ts'
import type { Decision } from '../routing/decision.ts'
import type { GeoSource } from '../routing/geo-source.ts'
import type { RoutingPolicy } from '../routing/policy.ts'
import { type CoverageLookup, plainLookup } from '../routing/provider-coverage.ts'
import { clientPrefixKey } from '../routing/routing-key.ts'
import { BrokerError } from './broker-error.ts'
import type { ProviderDirectory } from './providers/provider-directory.ts'
import type { ConnectUrl, RouteQuestion, RouteService } from './route-service.ts'
import { servesContent } from './scopes/content-path.ts'
import { connectUrl } from './scopes/provider-calls.ts'
import { guarded } from './scopes/scope-commands.ts'
import type { ScopeDirectory } from './scopes/scope-directory.ts'
import { type CredentialRef, placementOf, pullCredential, type ScopeRecord } from './scopes/scope-record.ts'
import type { Vault } from './scopes/vault.ts'

export interface RouteServiceDeps {
  readonly directory: ProviderDirectory
  readonly scopes: ScopeDirectory
  readonly vault: Vault
  readonly geo: GeoSource
  readonly now: () => number
  readonly policy: RoutingPolicy
  /** What the advertisements say to a client; default: they are read plainly. */
  readonly coverage?: (client: Client) => CoverageLookup
  /** Told of every decision. */
  readonly observe: (provider: string | undefined, panic: boolean) => void
}

/** Look-ups from memory: provider facts, held scopes, opened credentials. The store is asked for a scope never seen here. */
export function createRouteService(deps: RouteServiceDeps): RouteService {
  const coverage = deps.coverage ?? plainLookup
  const warmed = new WeakSet<ScopeRecord>()

  /** Opens the credentials of every placement, so that clients elsewhere are answered when the store has gone away. */
  function warm(record: ScopeRecord): void {
    if (warmed.has(record)) return
    warmed.add(record)
    for (const { remote } of record.placements) {
      const credential = remote === undefined ? undefined : pullCredential(remote)
      if (credential !== undefined) void deps.vault.open(credential.id).catch(() => undefined)
    }
  }

  function clientOf(question: RouteQuestion): Client {
    const client = describeClient(question.client, deps.geo)
    if (!('invalid' in client)) return client
    throw new BrokerError('invalid_request', client.invalid, {
      faults: [{ detail: client.invalid, parameter: 'client' }],
    })
  }

  function decideFor(client: Client, record: ScopeRecord | undefined, question: RouteQuestion): Decision {
    if (record !== undefined) warm(record)
    const placements = record === undefined ? undefined : readinessOf(record)
    return decide({
      client,
      coverage: coverage(client),
      providers: deps.directory.facts(),
      policy: deps.policy,
      now: deps.now(),
      ...(placements === undefined ? {} : { placements }),
      key: question.session ?? clientPrefixKey(client.address),
    })
  }

  return {
    async decide(question) {
      const client = clientOf(question)
      const { scope: scopeId } = question
      const scope = scopeId === undefined ? undefined : await guarded(() => deps.scopes.get(scopeId))
      if (scopeId !== undefined && scope === undefined) throw noScope(scopeId)
      const decision = decideFor(client, scope?.record, question)
      deps.observe(decision.candidates[0]?.provider, decision.panic)
      const connectUrls: Map<string, ConnectUrl> = new Map()
      if (scope !== undefined) {
        for (const { provider } of decision.candidates) {
          const credential = credentialAt(scope.record, provider)
          if (credential === undefined) continue
          const secret = await guarded(() => deps.vault.open(credential.id))
          const found = secret === undefined ? undefined : connectUrlAt(scope.record, provider, secret)
          if (found !== undefined) connectUrls.set(provider, found)
        }
      }
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
      const connectUrls: Map<string, ConnectUrl> = new Map()
      if (record !== undefined) {
        for (const { provider } of decision.candidates) {
          const credential = credentialAt(record, provider)
          if (credential === undefined) continue
          const secret = deps.vault.opened(credential.id)
          if (secret === undefined) return undefined
          const found = connectUrlAt(record, provider, secret)
          if (found !== undefined) connectUrls.set(provider, found)
        }
      }
      deps.observe(decision.candidates[0]?.provider, decision.panic)
      return { decision, connectUrls }
    },
  }

  function readinessOf(record: ScopeRecord): ReadonlyMap<string, 'ready' | 'not_ready'> {
    const isDown = (provider: string): boolean => deps.directory.health(provider) === 'down'
    return new Map(
      record.placements.map(({ provider }) => [
        provider,
        servesContent(record, provider, isDown) ? 'ready' : 'not_ready',
      ]),
    )
  }

  function credentialAt(record: ScopeRecord, provider: string): CredentialRef | undefined {
    const remote = placementOf(record, provider)?.remote
    return remote === undefined ? undefined : pullCredential(remote)
  }

  function connectUrlAt(record: ScopeRecord, provider: string, secret: string): ConnectUrl | undefined {
    const remote = placementOf(record, provider)?.remote
    const credential = credentialAt(record, provider)
    const capabilities = deps.directory.capabilities(provider)
    if (remote === undefined || credential === undefined || capabilities === undefined) return undefined
    const url = connectUrl(capabilities, remote.url, secret)
    return url === undefined ? undefined : { url, publishCapable: credential.rights.includes('publish') }
  }
}

function noScope(id: string): BrokerError {
  return new BrokerError('not_found', `there is no scope ${id}`)
}
