import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdSource } from '../../src/broker/identifiers.ts'
import { labConfig } from '../../src/broker/lab-config.ts'
import { createAdministrativeStates } from '../../src/broker/providers/administrative-states.ts'
import { createProviderDirectory } from '../../src/broker/providers/create-provider-directory.ts'
import { sleep } from '../../src/broker/repeat.ts'
import { createProvisioning } from '../../src/broker/scopes/create-provisioning.ts'
import type { ScopeRecovery } from '../../src/broker/scopes/scope-recovery.ts'
import type { ScopeService, ScopeView } from '../../src/broker/scopes/scope-service.ts'
import { createVault } from '../../src/broker/scopes/vault.ts'
import { openStore } from '../../src/broker/store/open-store.ts'
import type { Store } from '../../src/broker/store/store.ts'
import { type LabCdn, startLabCdn } from '../../src/lab/cdn.ts'
import type { LabKind } from '../../src/lab/lab-config.ts'
import type { AdministrativeState, HealthState } from '../../src/routing/decision.ts'

export const CDN_KINDS = { 'cdn-a': 'extended', 'cdn-b': 'cloudflare', 'cdn-c': 'draft' } as const satisfies Record<
  string,
  LabKind
>
export type CdnName = keyof typeof CDN_KINDS
const CDN_NAMES = ['cdn-a', 'cdn-b', 'cdn-c'] as const satisfies readonly CdnName[]

/** One broker core (no HTTP) on a real embedded store, in front of three real lab CDNs in this process. */
export interface ProvisioningWorld extends AsyncDisposable {
  readonly cdns: Readonly<Record<CdnName, LabCdn>>
  readonly store: Store
  readonly scopes: ScopeService
  readonly recovery: ScopeRecovery
  readonly health: Map<string, HealthState>
  /** Moves the broker's clock. */
  advance(ms: number): void
  setState(provider: CdnName, state: AdministrativeState): Promise<void>
  /** Ends this broker as a crash would: nothing is waited for. The CDNs and the store's folder stay. */
  crash(): Promise<void>
  /** A broker anew on the same folder and the same CDNs, after `crash`. */
  restart(): Promise<void>
  /** Waits until a scope has no operation at work. */
  settled(id: string): Promise<ScopeView>
  /** Upstream host and count of scopes per CDN, as the CDN's own admin listener tells it. */
  stateOf(name: CdnName): Promise<unknown>
  readonly logged: readonly string[]
}

const TIMEOUT_MS = 400

export async function openProvisioningWorld(): Promise<ProvisioningWorld> {
  const root = await mkdtemp(join(tmpdir(), 'moq-broker-world-'))
  const logged: string[] = []
  const log = (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    logged.push(JSON.stringify({ event, ...fields }))
  }
  let skew = 0
  const now = (): number => Date.now() + skew
  const start = (name: CdnName): Promise<LabCdn> =>
    startLabCdn(
      {
        kind: CDN_KINDS[name],
        name,
        host: '127.0.0.1',
        ports: { api: 0, fci: 0, relay: 0, admin: 0 },
        dataDir: join(root, name),
        apiToken: `lab-token-of-${name}`,
        accountId: 'a'.repeat(32),
        advertisement: { capabilities: [] },
      },
      { now, log },
    )
  const [a, b, c] = await Promise.all([start('cdn-a'), start('cdn-b'), start('cdn-c')])
  const cdns = { 'cdn-a': a, 'cdn-b': b, 'cdn-c': c }
  const health = new Map<string, HealthState>()
  const key = randomBytes(32)

  async function open() {
    const stopping = new AbortController()
    const loaded = labConfig(
      CDN_NAMES.map((name) => ({
        name,
        kind: CDN_KINDS[name],
        apiUrl: cdns[name].apiUrl,
        fciUrl: cdns[name].fciUrl,
        relayUrl: cdns[name].relayUrl,
        adminUrl: cdns[name].adminUrl,
        apiToken: `lab-token-of-${name}`,
        accountId: 'a'.repeat(32),
      })),
      { host: '127.0.0.1', port: 0, storePath: join(root, 'store') },
    )
    const configs = loaded.config.providers.map((provider) => ({ ...provider, timeout_ms: TIMEOUT_MS }))
    const store = await openStore(
      { kind: 'embedded', path: join(root, 'store') },
      { now, log: { warn: (fields, message) => log(message, fields) } },
    )
    const states = createAdministrativeStates(
      store,
      configs.map((config) => config.id),
      now,
    )
    await states.refresh()
    const providers = createProviderDirectory({
      configs,
      adapters: loaded.adapters,
      states,
      advertisements: {
        get: () => undefined,
      },
      health: {
        get: (provider) => ({ state: health.get(provider) ?? 'up', since: 0, reason: 'set by the test' }),
        observe: () => {},
        onChange: () => () => {},
      },
      overlay: { drilled: () => undefined },
      now,
    })
    const vault = createVault({ store, key, randomBytes })
    const newId = createIdSource(now, randomBytes)
    const { scopes, supervisor, recovery } = createProvisioning({
      store,
      vault,
      providers,
      now,
      newId,
      sleep,
      instance: newId(),
      log,
      onScope: () => {},
      onOperation: () => {},
      signal: stopping.signal,
    })
    return { stopping, store, states, providers, supervisor, scopes, recovery }
  }

  let broker = await open()
  const close = async (): Promise<void> => {
    broker.stopping.abort()
    await broker.supervisor.drain(2_000)
    await broker.providers[Symbol.asyncDispose]()
    await broker.store[Symbol.asyncDispose]()
  }

  return {
    cdns,
    get store() {
      return broker.store
    },
    get scopes() {
      return broker.scopes
    },
    get recovery() {
      return broker.recovery
    },
    health,
    logged,
    advance(ms) {
      skew += ms
    },
    setState: (provider, state) => broker.states.set(provider, { state }),
    crash: close,
    async restart() {
      broker = await open()
    },
    async settled(id) {
      for (;;) {
        const scope = await broker.scopes.get(id)
        if (scope === undefined) throw new Error(`scope ${id} is gone`)
        if (scope.operation === undefined) return scope
        await sleep(10, AbortSignal.timeout(1_000))
      }
    },
    async stateOf(name) {
      const response = await fetch(`${cdns[name].adminUrl}/state`)
      const state: unknown = await response.json()
      return state
    },
    async [Symbol.asyncDispose]() {
      await close()
      await Promise.all([a, b, c].map((cdn) => cdn[Symbol.asyncDispose]()))
      await rm(root, { recursive: true, force: true })
    },
  }
}
