import { BrokerError } from '../broker-error.ts'
import type { KeyService, KeyView, Principal, Role } from '../key-service.ts'
import { type Change, type Expectation, type Store, StoreError } from '../store/store.ts'
import { KeyCache } from './key-cache.ts'
import {
  hashSecret,
  isSecretOf,
  joinKey,
  type KeyRecord,
  makeKey,
  parseKeyRecord,
  principalOfKey,
  splitKey,
  viewOf,
} from './key-record.ts'

export interface ApiKeysDeps {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Cryptographically strong. */
  readonly randomBytes: (size: number) => Uint8Array
  /** How long another process may take to see a revocation. Default 10 s. */
  readonly cacheTtlMs?: number
  /** How long keys that were seen are believed while the store is down. Default 24 h. */
  readonly outageMs?: number
}

export interface ApiKeys extends KeyService {
  /** Makes an admin key when there is none and tells it, once. `undefined` when there is one. */
  ensureAdminKey(): Promise<(KeyView & { readonly key: string }) | undefined>
}

/** Keys in use at once that are known by heart. */
const MAX_AUTHENTICATED = 10_000
const PAGE = 200
const ATTEMPTS = 5

/** Its revision grows with every change of the set of admin keys, so that two such changes cannot pass each other. */
const ADMIN_SET = { collection: 'meta', id: 'admin-keys' } as const

/** API keys over the store. Store failures come out as `StoreError`. */
export function createApiKeys(deps: ApiKeysDeps): ApiKeys {
  const { store, now } = deps
  const cache = new KeyCache({
    now,
    ttlMs: deps.cacheTtlMs ?? 10_000,
    outageMs: deps.outageMs ?? 86_400_000,
    load: async (id) => {
      const stored = await store.get('keys', id)
      return stored === undefined ? undefined : parseKeyRecord(stored)
    },
  })

  /** By the whole key. An entry counts only as long as its record is the one that the cache holds. */
  const authenticated = new Map<string, { readonly record: KeyRecord; readonly principal: Principal }>()

  const make = (name: string, role: Role): { readonly record: KeyRecord; readonly key: string } => {
    const fresh = makeKey(deps.randomBytes)
    const record: KeyRecord = { v: 1, id: fresh.id, name, role, secretHash: hashSecret(fresh.secret), createdAt: now() }
    return { record, key: joinKey(fresh) }
  }

  return {
    async authenticate(key) {
      const parts = splitKey(key)
      if (parts === undefined) return undefined
      const record = await cache.get(parts.id)
      // Compared also without a record, so that the time taken tells nothing.
      if (!isSecretOf(record, parts.secret) || record === undefined) return undefined
      const principal = principalOfKey(record)
      if (authenticated.size >= MAX_AUTHENTICATED) authenticated.clear()
      authenticated.set(key, { record, principal })
      return principal
    },

    recall(key) {
      const known = authenticated.get(key)
      return known !== undefined && cache.isCurrent(known.record) ? known.principal : undefined
    },

    async create({ name, role }) {
      const { record, key } = make(name, role)
      await store.commit([putKey(record)])
      cache.forget(record.id)
      return { ...viewOf(record), key }
    },

    async list() {
      return (await readAll(store)).map((held) => viewOf(held.record)).sort((a, b) => a.createdAt - b.createdAt)
    },

    async revoke(id) {
      await retryConflicts(async () => {
        const adminSet = await readAdminSet(store)
        const all = await readAll(store)
        const held = all.find(({ record }) => record.id === id)
        if (held === undefined) throw new BrokerError('not_found', `There is no API key ${id}.`)
        const admins = all.filter(({ record }) => record.role === 'admin').length
        const isAdmin = held.record.role === 'admin'
        if (isAdmin && admins === 1) {
          throw new BrokerError('invalid_state', `${id} is the last admin key; make another one before you revoke it.`)
        }
        await store.commit([
          { kind: 'delete', collection: 'keys', id, expect: { revision: held.revision } },
          ...(isAdmin ? [putAdminSet(adminSet)] : []),
        ])
      })
      cache.forget(id)
    },

    async ensureAdminKey() {
      return await retryConflicts(async () => {
        const adminSet = await readAdminSet(store)
        if ((await readAll(store)).some(({ record }) => record.role === 'admin')) return undefined
        const { record, key } = make('first admin', 'admin')
        await store.commit([putKey(record), putAdminSet(adminSet)])
        cache.forget(record.id)
        return { ...viewOf(record), key }
      })
    },
  }
}

function putKey(record: KeyRecord): Change {
  return { kind: 'put', collection: 'keys', id: record.id, value: JSON.stringify(record), expect: 'absent' }
}

async function readAdminSet(store: Store): Promise<Expectation> {
  const stored = await store.get(ADMIN_SET.collection, ADMIN_SET.id)
  return stored === undefined ? 'absent' : { revision: stored.revision }
}

function putAdminSet(expect: Expectation): Change {
  return { kind: 'put', ...ADMIN_SET, value: JSON.stringify({ v: 1 }), expect }
}

async function readAll(store: Store): Promise<{ readonly record: KeyRecord; readonly revision: number }[]> {
  const all: { readonly record: KeyRecord; readonly revision: number }[] = []
  let after: string | undefined
  do {
    const page = await store.list('keys', { limit: PAGE, ...(after === undefined ? {} : { after }) })
    all.push(...page.map((stored) => ({ record: parseKeyRecord(stored), revision: stored.revision })))
    after = page.length === PAGE ? page.at(-1)?.id : undefined
  } while (after !== undefined)
  return all
}

/** Somebody else changed the keys at the same time: look again. */
async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !(error instanceof StoreError) || error.code !== 'conflict') throw error
    }
  }
}
