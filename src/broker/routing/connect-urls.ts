import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { ConnectUrl } from '../route-service.ts'
import { connectUrl } from '../scopes/provider-calls.ts'
import { guarded } from '../scopes/scope-commands.ts'
import { type CredentialRef, placementOf, pullCredential, type ScopeRecord } from '../scopes/scope-record.ts'
import type { Vault } from '../scopes/vault.ts'

/** The URLs under which a scope's relays are joined, by provider. */
export interface ConnectUrls {
  /** From memory; undefined while the credential of one of these providers is not open. */
  held(record: ScopeRecord, providers: Providers): ReadonlyMap<string, ConnectUrl> | undefined
  /** Opens what is needed. Throws `BrokerError`. */
  open(record: ScopeRecord, providers: Providers): Promise<ReadonlyMap<string, ConnectUrl>>
}

type Providers = readonly { readonly provider: string }[]

export function createConnectUrls(vault: Vault, directory: Pick<ProviderDirectory, 'capabilities'>): ConnectUrls {
  /** By record, as soon as all of its credentials are open. */
  const complete = new WeakMap<ScopeRecord, ReadonlyMap<string, ConnectUrl>>()
  const warmed = new WeakSet<ScopeRecord>()

  /** Opens the credentials of every placement, so that clients elsewhere are answered when the store has gone away. */
  function warm(record: ScopeRecord): void {
    if (warmed.has(record)) return
    warmed.add(record)
    for (const { provider } of record.placements) {
      const credential = credentialAt(record, provider)
      if (credential !== undefined) void vault.open(credential.id).catch(() => undefined)
    }
  }

  function urlAt(record: ScopeRecord, provider: string, secret: string): ConnectUrl | undefined {
    const remote = placementOf(record, provider)?.remote
    const credential = credentialAt(record, provider)
    const capabilities = directory.capabilities(provider)
    if (remote === undefined || credential === undefined || capabilities === undefined) return undefined
    const url = connectUrl(capabilities, remote.url, secret)
    return url === undefined ? undefined : { url, publishCapable: credential.rights.includes('publish') }
  }

  function collect(record: ScopeRecord, providers: Providers): ReadonlyMap<string, ConnectUrl> | undefined {
    const urls = new Map<string, ConnectUrl>()
    for (const { provider } of providers) {
      const credential = credentialAt(record, provider)
      if (credential === undefined) continue
      const secret = vault.opened(credential.id)
      if (secret === undefined) return undefined
      const url = urlAt(record, provider, secret)
      if (url !== undefined) urls.set(provider, url)
    }
    return urls
  }

  return {
    held(record, providers) {
      const known = complete.get(record)
      if (known !== undefined) return known
      warm(record)
      const all = collect(record, record.placements)
      if (all !== undefined) complete.set(record, all)
      return all ?? collect(record, providers)
    },
    async open(record, providers) {
      const known = complete.get(record)
      if (known !== undefined) return known
      warm(record)
      const urls = new Map<string, ConnectUrl>()
      for (const { provider } of providers) {
        const credential = credentialAt(record, provider)
        const secret = credential === undefined ? undefined : await guarded(() => vault.open(credential.id))
        const url = secret === undefined ? undefined : urlAt(record, provider, secret)
        if (url !== undefined) urls.set(provider, url)
      }
      return urls
    },
  }
}

function credentialAt(record: ScopeRecord, provider: string): CredentialRef | undefined {
  const remote = placementOf(record, provider)?.remote
  return remote === undefined ? undefined : pullCredential(remote)
}
