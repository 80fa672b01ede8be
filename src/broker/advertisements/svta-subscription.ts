import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { FciConfig } from '../config/fci-schema.ts'
import type { GuardedRequest } from '../outbound/guarded-fetch.ts'
import { OutboundError } from '../outbound/outbound-error.ts'
import { decodeRecord, putRecord } from '../scopes/scope-store.ts'
import { type Store, StoreError } from '../store/store.ts'
import { baseRequest, type LoadDeps } from './advertisement-load.ts'

export interface SubscriptionDeps extends LoadDeps {
  readonly provider: string
  readonly fci: FciConfig
  /** Where changes are to be sent; whoever knows it may send some. */
  readonly notificationTarget: string
  readonly store: Store
  /** Of the replicas one subscribes. */
  readonly instance: string
  readonly onState: (state: 'active' | 'none') => void
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly random: () => number
  readonly log: (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void
}

/** `target` is a digest: the address itself lets its holder send advertisements. */
const RecordSchema = z.object({ v: z.literal(1), url: z.string(), target: z.string() })
/** Of what the peer answers, only whether it still sends to us is of interest. */
const AnswerSchema = z.object({ notificationTarget: z.string() })

const CHECK_MS = 60_000
const LEASE_MS = 3 * CHECK_MS
const GOODBYE_MS = 2_000
const MAX_ANSWER_BYTES = 65_536

/**
 * Keeps one subscription of SVTA's FCI alive until the signal ends it, and then deletes it: looked after every minute,
 * made anew when the peer has lost it or sends elsewhere. Several replicas share one by a lease. Never throws.
 */
export async function keepSubscription(deps: SubscriptionDeps): Promise<void> {
  const { signal, store, instance, provider } = deps
  let told: string | undefined
  while (!signal.aborted) {
    try {
      const lease = await store.acquireLease(leaseName(provider), instance, LEASE_MS)
      if (lease !== undefined) await look(deps)
      deps.onState(lease === undefined ? 'none' : 'active')
      told = undefined
    } catch (error) {
      if (!(error instanceof OutboundError) && !(error instanceof StoreError)) throw error
      deps.onState('none')
      if (told !== error.message && !signal.aborted) {
        deps.log('advertisement.subscription_failed', { provider, because: error.message })
      }
      told = error.message
    }
    await deps.sleep(CHECK_MS * (0.5 + deps.random()), signal)
  }
  await sayGoodbye(deps)
}

/** The subscriptions are beside the advertisement: `/OC/FCI/subscription`. */
export function subscriptionsUrl(fci: FciConfig): string {
  const url = new URL(fci.url)
  url.pathname = url.pathname.replace(/advertisement$/, 'subscription')
  url.search = ''
  return url.href
}

async function look(deps: SubscriptionDeps): Promise<void> {
  const kept = await readRecord(deps)
  if (kept !== undefined && kept.target === digestOf(deps.notificationTarget) && (await isAlive(deps, kept.url))) return
  if (kept !== undefined) await remove(deps, kept.url)
  const answer = await deps.fetcher.fetch({
    ...requestOf(deps, subscriptionsUrl(deps.fci)),
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ notificationTarget: deps.notificationTarget, notificationType: 'fci' }),
  })
  if (answer.kind !== 'document' || answer.location === undefined) {
    throw new OutboundError('status', 'it answered the subscription without a Location')
  }
  const record = { v: 1, url: answer.location, target: digestOf(deps.notificationTarget) }
  await deps.store.commit([putRecord('meta', recordId(deps.provider), record, 'any')])
  deps.log('advertisement.subscribed', { provider: deps.provider })
}

async function isAlive(deps: SubscriptionDeps, url: string): Promise<boolean> {
  try {
    const answer = await deps.fetcher.fetch({ ...requestOf(deps, url), headers: { accept: 'application/json' } })
    if (answer.kind !== 'document') return true
    const parsed = AnswerSchema.safeParse(jsonOrNothing(answer.text))
    return !parsed.success || parsed.data.notificationTarget === deps.notificationTarget
  } catch (error) {
    if (error instanceof OutboundError && (error.status === 404 || error.status === 410)) return false
    throw error
  }
}

/** One that is gone already is as good as deleted. */
async function remove(deps: SubscriptionDeps, url: string): Promise<void> {
  try {
    await deps.fetcher.fetch({ ...requestOf(deps, url), method: 'DELETE' })
  } catch (error) {
    if (!(error instanceof OutboundError) || error.fault === 'ended') throw error
  }
}

async function sayGoodbye(deps: SubscriptionDeps): Promise<void> {
  const { store, provider, instance } = deps
  const signal = AbortSignal.timeout(GOODBYE_MS)
  try {
    const lease = await store.acquireLease(leaseName(provider), instance, LEASE_MS)
    const kept = lease === undefined ? undefined : await readRecord(deps)
    if (lease === undefined) return
    if (kept !== undefined) {
      await remove({ ...deps, signal }, kept.url)
      await store.commit([{ kind: 'delete', collection: 'meta', id: recordId(provider), expect: 'any' }])
    }
    await store.releaseLease(lease)
  } catch (error) {
    // The next start finds the record and goes on with it.
    if (!(error instanceof OutboundError) && !(error instanceof StoreError)) throw error
  }
}

function requestOf(deps: SubscriptionDeps, url: string): GuardedRequest {
  return {
    ...baseRequest(deps.fci, deps),
    url,
    what: 'its subscription',
    maxBytes: MAX_ANSWER_BYTES,
  }
}

async function readRecord({ store, provider }: SubscriptionDeps): Promise<z.infer<typeof RecordSchema> | undefined> {
  const record = await store.get('meta', recordId(provider))
  return record === undefined ? undefined : decodeRecord(RecordSchema, 'meta', record.id, record.value)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function recordId(provider: string): string {
  return `fci-subscription:${provider}`
}

function leaseName(provider: string): string {
  return `fci-subscription:${provider}`
}
