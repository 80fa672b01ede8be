import { BrokerError } from '../broker-error.ts'
import type { NewId } from '../identifiers.ts'
import type { Log } from '../log.ts'
import type { Vault } from '../scopes/vault.ts'
import type { Store } from '../store/store.ts'
import type { Peer } from './peer.ts'
import type { SubscriptionRecord } from './subscription-record.ts'
import {
  deleteSubscription,
  listSubscriptions,
  putSubscription,
  readSubscription,
  targetId,
} from './subscription-record.ts'

/** What of a subscription its peer sees. */
export interface SubscriptionView extends Pick<SubscriptionRecord, 'id' | 'createdAt' | 'delivered' | 'deliveredAt'> {
  /** Where updates are sent. */
  readonly target: string
}

/** Subscriptions of peers; every peer knows only its own. Methods throw `BrokerError` and `StoreError`. */
export interface Subscriptions {
  /** The same target again is the same subscription. */
  create(peer: Peer, target: string): Promise<SubscriptionView | 'too-many'>
  get(peer: Peer, id: string): Promise<SubscriptionView | undefined>
  /** False: there is none. */
  remove(peer: Peer, id: string): Promise<boolean>
}

export interface SubscriptionsDeps {
  readonly store: Store
  readonly vault: Pick<Vault, 'seal' | 'open' | 'discard' | 'fingerprint'>
  readonly newId: NewId
  readonly now: () => number
  readonly log: Log
  /** Called when there is a new one, or one less. */
  readonly onChange: () => void
}

const MAX_TARGET = 2048

export function createSubscriptions({ store, vault, newId, now, log, onChange }: SubscriptionsDeps): Subscriptions {
  const own = async (peer: Peer, id: string) => {
    const found = await readSubscription(store, id)
    return found?.record.peer === peer.id ? found : undefined
  }
  return {
    async create(peer, text) {
      const target = allowedTarget(peer, text)
      const ours = (await listSubscriptions(store)).filter(({ record }) => record.peer === peer.id)
      const targetDigest = vault.fingerprint(target)
      const same = ours.find(({ record }) => record.targetDigest === targetDigest)
      if (same !== undefined) return viewOf(same.record, target)
      if (ours.length >= (peer.notifications?.maxSubscriptions ?? 0)) return 'too-many'
      const record: SubscriptionRecord = { v: 1, id: newId(), peer: peer.id, targetDigest, createdAt: now() }
      await store.commit([putSubscription(record, 'absent'), vault.seal(targetId(record.id), target)])
      log('subscription.created', { peer: peer.id, subscription: record.id, host: new URL(target).host })
      onChange()
      return viewOf(record, target)
    },
    async get(peer, id) {
      const found = await own(peer, id)
      const target = found === undefined ? undefined : await vault.open(targetId(id))
      return found === undefined || target === undefined ? undefined : viewOf(found.record, target)
    },
    async remove(peer, id) {
      const found = await own(peer, id)
      if (found === undefined) return false
      await store.commit([deleteSubscription(found), vault.discard(targetId(id))])
      log('subscription.removed', { peer: peer.id, subscription: id })
      onChange()
      return true
    },
  }
}

/** The URL, if the operator allows its origin for this peer: otherwise a peer could have us call anybody. */
function allowedTarget({ id, notifications }: Peer, text: string): string {
  const url = text.length <= MAX_TARGET && URL.canParse(text) ? new URL(text) : undefined
  const refuse = (detail: string): never => {
    throw new BrokerError('invalid_request', `The notification target cannot be used: it ${detail}.`, {
      faults: [{ pointer: '/notificationTarget', detail }],
    })
  }
  if (url === undefined) return refuse(`is no URL of at most ${MAX_TARGET} characters`)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return refuse('must have no user and no fragment')
  if (notifications?.origins.includes(url.origin) !== true) {
    return refuse(`is not of an origin agreed with the peer ${id} (federation.peers[].notifications.origins)`)
  }
  return url.href
}

function viewOf(record: SubscriptionRecord, target: string): SubscriptionView {
  const { id, createdAt, delivered, deliveredAt } = record
  return {
    id,
    target,
    createdAt,
    ...(delivered === undefined ? {} : { delivered }),
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
  }
}
