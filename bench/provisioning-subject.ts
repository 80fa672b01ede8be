import { randomBytes } from 'node:crypto'
import { createIdSource } from '../src/broker/identifiers.ts'
import { labConfig } from '../src/broker/lab-config.ts'
import { createAdministrativeStates } from '../src/broker/providers/administrative-states.ts'
import { createProviderDirectory } from '../src/broker/providers/create-provider-directory.ts'
import { sleep } from '../src/broker/repeat.ts'
import { createProvisioning } from '../src/broker/scopes/create-provisioning.ts'
import { createVault } from '../src/broker/scopes/vault.ts'
import type { Change, Store } from '../src/broker/store/store.ts'
import type { RunningLabCdn } from '../src/lab/lab-member.ts'

/** A broker's provisioning core over a store, in front of a lab. */
export interface ProvisioningSubject extends AsyncDisposable {
  /** Creates a scope on all three CDNs; fails unless it is ready. */
  create(): Promise<void>
  /** The commits of the latest creation, for a baseline that writes the same. */
  readonly lastCommits: readonly (readonly Change[])[]
}

export async function startSubject(store: Store, cdns: readonly RunningLabCdn[]): Promise<ProvisioningSubject> {
  const loaded = labConfig(cdns, { host: '127.0.0.1', port: 0, storePath: 'unused' })
  const now = (): number => Date.now()
  const recorded: { commits: (readonly Change[])[] } = { commits: [] }
  const recording: Store = {
    kind: store.kind,
    get: (collection, id) => store.get(collection, id),
    getMany: (collection, many) => store.getMany(collection, many),
    list: (collection, options) => store.list(collection, options),
    commit: (changes, options) => {
      recorded.commits.push(changes)
      return store.commit(changes, options)
    },
    readEvents: (stream, options) => store.readEvents(stream, options),
    acquireLease: (name, holder, ttlMs) => store.acquireLease(name, holder, ttlMs),
    renewLease: (lease, ttlMs) => store.renewLease(lease, ttlMs),
    releaseLease: (lease) => store.releaseLease(lease),
    ping: () => store.ping(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
  const ids = loaded.config.providers.map((provider) => provider.id)
  const states = createAdministrativeStates(store, ids, now)
  const providers = createProviderDirectory({
    configs: loaded.config.providers,
    adapters: loaded.adapters,
    states,
    advertisements: {
      get: () => undefined,
    },
    health: {
      get: () => ({ state: 'up', since: 0, reason: 'not watched' }),
      observe: () => {},
      onChange: () => () => {},
    },
    overlay: { drilled: () => undefined },
    now,
  })
  const stopping = new AbortController()
  const newId = createIdSource(now, randomBytes)
  const { scopes, supervisor } = createProvisioning({
    store: recording,
    vault: createVault({ store: recording, key: randomBytes(32), randomBytes }),
    providers,
    now,
    newId,
    sleep,
    instance: newId(),
    log: () => {},
    onScope: () => {},
    onOperation: () => {},
    signal: stopping.signal,
  })
  return {
    async create() {
      recorded.commits = []
      const accepted = await scopes.create({}, { by: 'bench' })
      const ended = await accepted.ended
      if (ended.state !== 'succeeded') throw new Error(`a creation ended ${ended.state}`)
    },
    get lastCommits() {
      return recorded.commits
    },
    async [Symbol.asyncDispose]() {
      await supervisor.drain(5_000)
      stopping.abort()
      await providers[Symbol.asyncDispose]()
    },
  }
}
