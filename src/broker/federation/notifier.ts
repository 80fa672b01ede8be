import type { Log } from '../log.ts'
import type { GuardedFetcher } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import type { Vault } from '../scopes/vault.ts'
import type { Lease, Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import type { Peer } from './peer.ts'
import type { Publisher } from './publisher.ts'
import type { HeldSubscription } from './subscription-record.ts'
import { listSubscriptions, putSubscription, readSubscription, targetId } from './subscription-record.ts'

/** Sends subscribers what they are told, when it changes. */
export interface Notifier {
  /** Begins what is due; resolves when it has begun. Deliveries go on by themselves, each on its own. */
  tick(): Promise<void>
  /** The subscriptions have changed: the next tick reads them anew. */
  noteChange(): void
  /** Resolves when no delivery is under way. */
  settled(): Promise<void>
}

export interface NotifierDeps {
  readonly store: Store
  readonly vault: Pick<Vault, 'open'>
  readonly publisher: Publisher
  readonly peers: readonly Peer[]
  readonly fetcher: Pick<GuardedFetcher, 'fetch'>
  /** One of several replicas delivers: who holds the lease. */
  readonly instance: string
  readonly now: () => number
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

interface Attempts {
  failures: number
  dueAt: number
  error?: string
}

const LEASE = 'fci-notifications'
const LEASE_MS = 15_000
const RENEW_MS = 5_000
const READ_MS = 5_000
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 65_536
const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 300_000

export function createNotifier(deps: NotifierDeps): Notifier {
  const { store, publisher, now, log } = deps
  const peers = new Map(deps.peers.map((peer) => [peer.id, peer]))
  const attempts = new Map<string, Attempts>()
  const running = new Map<string, Promise<void>>()
  let subscriptions: readonly HeldSubscription[] = []
  let readAt = Number.NEGATIVE_INFINITY
  let lease: Lease | undefined
  let leasedAt = 0

  async function holdsLease(): Promise<boolean> {
    if (lease !== undefined && now() - leasedAt < RENEW_MS) return true
    const isRenewed = lease !== undefined && (await store.renewLease(lease, LEASE_MS))
    if (!isRenewed) lease = await store.acquireLease(LEASE, deps.instance, LEASE_MS)
    leasedAt = now()
    return lease !== undefined
  }

  function isDue({ record }: HeldSubscription, peer: Peer): boolean {
    if (record.delivered === publisher.current({ kind: 'peer', peer }).version) return false
    return !running.has(record.id) && now() >= (attempts.get(record.id)?.dueAt ?? 0)
  }

  async function deliver({ record }: HeldSubscription, peer: Peer): Promise<void> {
    const { version, text } = publisher.current({ kind: 'peer', peer })
    const { origins = [], token } = peer.notifications ?? {}
    const where = { peer: peer.id, subscription: record.id }
    const target = await deps.vault.open(targetId(record.id))
    // It was removed meanwhile.
    if (target === undefined) return
    try {
      await deps.fetcher.fetch({
        url: target,
        allowedOrigins: origins,
        what: `the update for ${peer.id}`,
        method: 'PUT',
        headers: { 'content-type': 'application/cdni' },
        body: `[${text}]`,
        ...(token === undefined ? {} : { token }),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal: deps.signal,
      })
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      if (error.fault !== 'ended') noteFailure(record.id, error.message, where)
      return
    }
    const failures = attempts.get(record.id)?.failures ?? 0
    attempts.delete(record.id)
    log('subscription.delivered', { ...where, version, failures })
    await keepDelivered(record.id, version)
  }

  function noteFailure(id: string, message: string, where: Readonly<Record<string, string>>): void {
    const failures = (attempts.get(id)?.failures ?? 0) + 1
    const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 30))
    // Many peers that were cut off together do not come back together.
    attempts.set(id, { failures, dueAt: now() + pause * (0.8 + 0.4 * deps.random()), error: message })
    log('subscription.failed', { ...where, failures, error: message })
  }

  /** If it cannot be kept, the same is sent once more later, which changes nothing at the peer. */
  async function keepDelivered(id: string, version: string): Promise<void> {
    const present = await readSubscription(store, id)
    if (present === undefined) return
    const record = { ...present.record, delivered: version, deliveredAt: now() }
    await store.commit([putSubscription(record, { revision: present.revision })])
    subscriptions = subscriptions.map((one) =>
      one.record.id === id ? { record, revision: present.revision + 1 } : one,
    )
  }

  return {
    async tick() {
      if (now() - readAt >= READ_MS) {
        readAt = now()
        subscriptions = await listSubscriptions(store)
        const ids = new Set(subscriptions.map(({ record }) => record.id))
        for (const id of attempts.keys()) if (!ids.has(id)) attempts.delete(id)
      }
      const due = subscriptions.flatMap((subscription) => {
        const peer = peers.get(subscription.record.peer)
        return peer?.notifications !== undefined && isDue(subscription, peer) ? [{ subscription, peer }] : []
      })
      if (due.length === 0 || !(await holdsLease())) return
      for (const { subscription, peer } of due) {
        const { id } = subscription.record
        const delivery = deliver(subscription, peer)
          .catch((error: unknown) => {
            const message = error instanceof StoreError ? `the store says ${error.code}` : 'an unexpected error'
            noteFailure(id, message, { peer: peer.id, subscription: id })
          })
          .finally(() => running.delete(id))
        running.set(id, delivery)
      }
    },
    noteChange() {
      readAt = Number.NEGATIVE_INFINITY
    },
    async settled() {
      await Promise.all(running.values())
    },
  }
}
