import type { Capabilities } from '../../adapters/capabilities.ts'
import type { ProvisionedScope } from '../../adapters/contract.ts'
import { AdapterError } from '../../adapters/errors.ts'
import { joinConnectUrl } from '../../moq/connect-url.ts'
import type { Call } from './next-actions.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import { placementOf, type ScopeRecord, type Wiring } from './scope-record.ts'
import type { Vault } from './vault.ts'

export type CallResult =
  | { readonly kind: 'provisioned'; readonly scope: ProvisionedScope }
  /** The provider surely has no scope with the label looked for. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'done' }

/** Carries a planned call out. Throws `AdapterError`. */
export interface ProviderCalls {
  perform(call: Call, record: ScopeRecord, signal: AbortSignal): Promise<CallResult>
}

export function createProviderCalls(providers: ProvisioningProviders, vault: Vault): ProviderCalls {
  /** The upstream URLs that a wiring stands for. They hold tokens. */
  async function upstreams(
    wiring: Wiring,
    record: ScopeRecord,
    refuse: (detail: string) => AdapterError,
  ): Promise<string[]> {
    switch (wiring.to) {
      case 'nothing':
      case 'unknown':
        return []
      case 'origin': {
        const url = await vault.open(wiring.ref)
        if (url === undefined)
          throw refuse("the scope's own origin is no longer in the vault; set config.origin_fallback anew")
        return [url]
      }
      case 'provider': {
        const target = placementOf(record, wiring.provider)?.remote
        const token = await vault.open(wiring.credential)
        const capabilities = providers.capabilities(wiring.provider)
        if (target === undefined || token === undefined || capabilities === undefined) {
          throw refuse(`the scope at ${wiring.provider} has no usable credential`)
        }
        const url = connectUrl(capabilities, target.url, token)
        if (url === undefined)
          throw refuse(`${wiring.provider} takes tokens only in the session setup, which an upstream URL cannot carry`)
        return [url]
      }
    }
  }

  return {
    async perform(call, record, signal) {
      const adapter = providers.adapter(call.provider)
      const capabilities = providers.capabilities(call.provider)
      const refuse = (detail: string): AdapterError =>
        new AdapterError('unsupported', { provider: call.provider, operation: call.kind, detail, effect: 'none' })
      if (adapter === undefined || capabilities === undefined) throw refuse('the provider is not configured')
      switch (call.kind) {
        case 'create': {
          const urls = await upstreams(call.wiring, record, refuse)
          checkSchemes(capabilities, urls, refuse)
          const label = call.label ?? ''
          const scope = await adapter.createScope({ label, upstreams: urls }, { signal, idempotencyKey: label })
          return { kind: 'provisioned', scope }
        }
        case 'adopt': {
          if (adapter.adoptScope === undefined) throw refuse('its adapter cannot adopt')
          const scope = await adapter.adoptScope(call.label, { signal })
          return scope === undefined ? { kind: 'absent' } : { kind: 'provisioned', scope }
        }
        case 'wire': {
          const remote = placementOf(record, call.provider)?.remote
          if (remote === undefined) throw refuse('there is no scope to re-wire')
          const urls = await upstreams(call.wiring, record, refuse)
          checkSchemes(capabilities, urls, refuse)
          if (adapter.setUpstreams === undefined) throw refuse('its adapter cannot change upstreams')
          await adapter.setUpstreams(remote.scopeId, urls, { signal })
          return { kind: 'done' }
        }
        case 'delete':
          if (adapter.deleteScope === undefined) throw refuse('its adapter cannot delete')
          await adapter.deleteScope(call.scopeId, { signal })
          return { kind: 'done' }
      }
    },
  }
}

/** `{url}/{token}` (draft, "Connecting to a Scope") or the provider's own way; `undefined` if no URL can carry the token. */
export function connectUrl(capabilities: Capabilities, url: string, token: string): string | undefined {
  switch (capabilities.tokenPlacement) {
    case 'path':
      return joinConnectUrl(url, token)
    case 'query':
      return `${url}?jwt=${encodeURIComponent(token)}`
    case 'setup':
      return undefined
  }
}

function checkSchemes(
  capabilities: Capabilities,
  urls: readonly string[],
  refuse: (detail: string) => AdapterError,
): void {
  for (const url of urls) {
    const scheme = url.slice(0, url.indexOf(':'))
    if (!capabilities.upstreamSchemes.includes(scheme)) {
      throw refuse(`it takes ${capabilities.upstreamSchemes.join(', ')} upstreams, and this one is ${scheme}:`)
    }
  }
}
