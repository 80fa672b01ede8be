import { describeClient } from '../routing/client.ts'
import { decide } from '../routing/decide.ts'
import type { GeoSource } from '../routing/geo-source.ts'
import type { RoutingPolicy } from '../routing/policy.ts'
import { clientPrefixKey } from '../routing/routing-key.ts'
import { BrokerError } from './broker-error.ts'
import type { ProviderDirectory } from './providers/provider-directory.ts'
import type { RouteAnswer, RouteService } from './route-service.ts'
import { servesContent } from './scopes/content-path.ts'
import { connectUrl } from './scopes/provider-calls.ts'
import { guarded } from './scopes/scope-commands.ts'
import type { ScopeDirectory } from './scopes/scope-directory.ts'
import { pullCredential, type ScopeRecord } from './scopes/scope-record.ts'
import type { Vault } from './scopes/vault.ts'

export interface RouteServiceDeps {
  readonly directory: ProviderDirectory
  readonly scopes: ScopeDirectory
  readonly vault: Vault
  readonly geo: GeoSource
  readonly now: () => number
  readonly policy: RoutingPolicy
  /** Told of every decision. */
  readonly observe: (provider: string | undefined, panic: boolean) => void
}

/** Look-ups from memory: provider facts, held scopes, opened credentials. The store is asked for a scope never seen here. */
export function createRouteService(deps: RouteServiceDeps): RouteService {
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

  return {
    async decide(question) {
      const client = describeClient(question.client, deps.geo)
      if ('invalid' in client) {
        throw new BrokerError('invalid_request', client.invalid, {
          faults: [{ detail: client.invalid, parameter: 'client' }],
        })
      }
      const scopeId = question.scope
      const scope = scopeId === undefined ? undefined : await guarded(() => deps.scopes.get(scopeId))
      if (scopeId !== undefined && scope === undefined)
        throw new BrokerError('not_found', `there is no scope ${scopeId}`)
      if (scope !== undefined) warm(scope.record)
      const placements = scope === undefined ? undefined : readinessOf(scope.record)
      const decision = decide({
        client,
        providers: deps.directory.facts(),
        policy: deps.policy,
        now: deps.now(),
        ...(placements === undefined ? {} : { placements }),
        key: question.session ?? clientPrefixKey(client.address),
      })
      deps.observe(decision.candidates[0]?.provider, decision.panic)
      const connectUrls: Map<string, { url: string; publishCapable: boolean }> = new Map()
      if (scope !== undefined) {
        for (const candidate of decision.candidates) {
          const found = await connectUrlOf(scope.record, candidate.provider)
          if (found !== undefined) connectUrls.set(candidate.provider, found)
        }
      }
      return { decision, connectUrls } satisfies RouteAnswer
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

  async function connectUrlOf(
    record: ScopeRecord,
    provider: string,
  ): Promise<{ url: string; publishCapable: boolean } | undefined> {
    const remote = record.placements.find((placement) => placement.provider === provider)?.remote
    const capabilities = deps.directory.capabilities(provider)
    if (remote === undefined || capabilities === undefined) return undefined
    const credential = pullCredential(remote)
    if (credential === undefined) return undefined
    const secret = await guarded(() => deps.vault.open(credential.id))
    const url = secret === undefined ? undefined : connectUrl(capabilities, remote.url, secret)
    return url === undefined ? undefined : { url, publishCapable: credential.rights.includes('publish') }
  }
}
