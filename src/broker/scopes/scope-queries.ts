import { z } from 'zod'
import { BrokerError } from '../broker-error.ts'
import type { Store } from '../store/store.ts'
import { connectUrl } from './provider-calls.ts'
import type { ProvisioningProviders } from './provisioning-providers.ts'
import { asBrokerError, guarded } from './scope-commands.ts'
import { ScopeRecordSchema } from './scope-record.ts'
import type { ConnectUrl, ScopeEvent, ScopeService, ScopeView } from './scope-service.ts'
import { decodeRecord, readOperation, readScope, scopeStream } from './scope-store.ts'
import { fullCredentialId, inOrder, viewOperation, viewScope } from './scope-views.ts'
import type { Vault } from './vault.ts'

export type ScopeQueries = Pick<ScopeService, 'get' | 'list' | 'secrets' | 'credentials' | 'events' | 'operation'>

const EventSchema = z.object({
  at: z.number(),
  type: z.string(),
  by: z.string(),
  operation: z.string().optional(),
  provider: z.string().optional(),
  detail: z.string(),
})

/** A filtered list reads at most this many records before it hands back a cursor. */
const SCAN_LIMIT = 2_000
const SCAN_PAGE = 200

export function createScopeQueries(deps: {
  readonly store: Store
  readonly vault: Vault
  readonly providers: ProvisioningProviders
}): ScopeQueries {
  const { store, vault } = deps

  async function need(id: string) {
    const found = await guarded(() => readScope(store, id))
    if (found === undefined) throw new BrokerError('not_found', `there is no scope ${id}`)
    return found.value
  }

  return {
    async get(id) {
      const found = await guarded(() => readScope(store, id))
      return found === undefined ? undefined : viewScope(found.value, found.revision)
    },

    async list(options) {
      const scopes: ScopeView[] = []
      let after = options.after
      for (let scanned = 0; scanned < SCAN_LIMIT; ) {
        const page = await guarded(() =>
          store.list('scopes', { limit: SCAN_PAGE, descending: true, ...(after === undefined ? {} : { after }) }),
        )
        for (const stored of page) {
          const view = viewScope(decodeRecord(ScopeRecordSchema, 'scopes', stored.id, stored.value), stored.revision)
          if (matches(view, options)) {
            if (scopes.length === options.limit) return after === undefined ? { scopes } : { scopes, after }
            scopes.push(view)
          }
          after = stored.id
        }
        scanned += page.length
        if (page.length < SCAN_PAGE) return { scopes }
      }
      return after === undefined ? { scopes } : { scopes, after }
    },

    async secrets(id) {
      const record = await need(id)
      const credential = fullCredentialId(record)
      const token = credential === undefined ? undefined : await guarded(() => vault.open(credential))
      const ref = record.origin?.ref
      const origin = ref === undefined ? undefined : await guarded(() => vault.open(ref))
      return { ...(token === undefined ? {} : { token }), ...(origin === undefined ? {} : { origin }) }
    },

    async credentials(id) {
      const record = await need(id)
      const urls: ConnectUrl[] = []
      for (const placement of inOrder(record)) {
        const capabilities = deps.providers.capabilities(placement.provider)
        if (placement.remote === undefined || capabilities === undefined) continue
        for (const credential of placement.remote.credentials) {
          const secret = await guarded(() => vault.open(credential.id))
          const url = secret === undefined ? undefined : connectUrl(capabilities, placement.remote.url, secret)
          if (url === undefined) continue
          urls.push({
            provider: placement.provider,
            role: placement.provider === record.primary ? 'primary' : 'secondary',
            rights: credential.rights,
            connectUrl: url,
            ...(credential.expiresAt === undefined ? {} : { expiresAt: credential.expiresAt }),
          })
        }
      }
      return urls
    },

    async events(id, options) {
      const stored = await guarded(() => store.readEvents(scopeStream(id), options))
      if (stored.length === 0 && options.after === undefined) await need(id)
      return stored.map((event): ScopeEvent => {
        const parsed = EventSchema.parse(JSON.parse(event.value))
        return {
          sequence: event.sequence,
          at: parsed.at,
          type: parsed.type,
          by: parsed.by,
          detail: parsed.detail,
          ...(parsed.operation === undefined ? {} : { operation: parsed.operation }),
          ...(parsed.provider === undefined ? {} : { provider: parsed.provider }),
        }
      })
    },

    async operation(id) {
      try {
        const found = await readOperation(store, id)
        return found === undefined ? undefined : viewOperation(found.value)
      } catch (error) {
        throw asBrokerError(error)
      }
    },
  }
}

function matches(
  view: ScopeView,
  options: { readonly state?: string; readonly provider?: string; readonly name?: string },
): boolean {
  return (
    (options.state === undefined || view.state === options.state) &&
    (options.name === undefined || view.name === options.name) &&
    (options.provider === undefined || view.placements.some((placement) => placement.provider === options.provider))
  )
}
