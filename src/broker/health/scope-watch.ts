import { publishCanary, subscribeCanary } from '../../moq/canary.ts'
import type { CanaryObject } from '../../moq/canary-object.ts'
import type { Log } from '../log.ts'
import type { ScopeChanges } from '../scopes/scope-changes.ts'
import type { ConnectUrl, ScopeService, ScopeView } from '../scopes/scope-service.ts'
import { leastCapableUrl } from './canary-credentials.ts'
import { type KeptSession, keepSession, type SessionState } from './kept-session.ts'
import { type Sleep, startRepeatedTask } from './repeated-task.ts'

/** What canary objects show of one provider's way from the publisher to a subscriber. */
export interface CanaryPath {
  readonly provider: string
  readonly role: 'primary' | 'secondary'
  readonly connected: boolean
  /** Since when it is connected or not, milliseconds since the epoch. */
  readonly since: number
  /** Why it is not connected; absent while the first attempt is under way. */
  readonly reason?: string
  /** When the newest object came out here. */
  readonly lastObjectAt?: number
  readonly lastSequence?: number
  /** From publishing to coming out here. */
  readonly lastLatencyMs?: number
  /** How many different objects came out here. */
  readonly objects: number
}

export interface CanaryPublisherState extends SessionState {
  readonly provider: string
}

export type CanaryListener = (provider: string, object: CanaryObject) => void

/** A publisher on a scope's primary and a subscriber at each of its placements that can be watched. */
export interface ScopeWatch extends AsyncDisposable {
  readonly scope: string
  paths(): readonly CanaryPath[]
  /** Absent while the primary is not known or cannot be published to. */
  publisher(): CanaryPublisherState | undefined
  /** Told of every object when it first comes out of a path. The result stops it. Listeners must not throw. */
  onObject(listener: CanaryListener): () => void
}

export interface ScopeWatchDeps {
  readonly scopes: Pick<ScopeService, 'get' | 'credentials'>
  readonly changes: Pick<ScopeChanges, 'subscribe'>
  readonly isWatchable: (provider: string) => boolean
  /** Names this process in broadcasts, so that replicas do not collide. */
  readonly instance: string
  readonly intervalMs: number
  readonly connectTimeoutMs: number
  /** How often the scope is read again for changes that other replicas made. */
  readonly refreshMs: number
  readonly now: () => number
  readonly random: () => number
  readonly sleep: Sleep
  readonly log: Log
}

interface Subscription {
  readonly url: string
  readonly session: KeptSession
}

interface Publication extends Subscription {
  readonly provider: string
}

interface Seen {
  readonly shown: Pick<CanaryPath, 'objects' | 'lastObjectAt' | 'lastSequence' | 'lastLatencyMs'>
  /** The latest objects by run and sequence. */
  readonly recent: readonly string[]
}

const NOTHING_SEEN: Seen = { shown: { objects: 0 }, recent: [] }
const MAX_RECENT = 32

/** Starts watching; follows failovers and new credentials until disposed. Broadcast: `moq-broker/canary/{instance}`. */
export function watchScope(deps: ScopeWatchDeps, scope: string): ScopeWatch {
  return new CanaryWatch(deps, scope)
}

class CanaryWatch implements ScopeWatch {
  readonly scope: string
  readonly #deps: ScopeWatchDeps
  readonly #broadcast: string
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #seen = new Map<string, Seen>()
  readonly #listeners = new Set<CanaryListener>()
  readonly #closing = new Set<Promise<void>>()
  #roles: ReadonlyMap<string, 'primary' | 'secondary'> = new Map()
  #publication: Publication | undefined
  #former: Publication | undefined
  #runs = 0
  readonly #unsubscribe: () => void
  readonly #task: AsyncDisposable

  constructor(deps: ScopeWatchDeps, scope: string) {
    this.#deps = deps
    this.scope = scope
    this.#broadcast = `moq-broker/canary/${deps.instance}`
    const task = startRepeatedTask({
      pauseMs: () => (this.#former === undefined ? deps.refreshMs : deps.intervalMs),
      sleep: deps.sleep,
      run: () => this.#follow(),
      failed: (error) =>
        deps.log('canary.scope_unread', { scope, detail: error instanceof Error ? error.message : 'unknown' }),
    })
    this.#task = task
    this.#unsubscribe = deps.changes.subscribe((id) => {
      if (id === scope) task.wake()
    })
  }

  paths(): readonly CanaryPath[] {
    return [...this.#subscriptions].map(([provider, { session }]) => {
      const { shown } = this.#seen.get(provider) ?? NOTHING_SEEN
      return { provider, role: this.#roles.get(provider) ?? 'secondary', ...session.state(), ...shown }
    })
  }

  publisher(): CanaryPublisherState | undefined {
    const publication = this.#publication
    return publication === undefined ? undefined : { provider: publication.provider, ...publication.session.state() }
  }

  onObject(listener: CanaryListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe()
    await this.#task[Symbol.asyncDispose]()
    for (const { session } of this.#subscriptions.values()) this.#close(session)
    for (const publication of [this.#publication, this.#former])
      if (publication !== undefined) this.#close(publication.session)
    this.#subscriptions.clear()
    this.#publication = undefined
    this.#former = undefined
    await Promise.all(this.#closing)
    this.#listeners.clear()
  }

  async #follow(): Promise<void> {
    const view = await this.#deps.scopes.get(this.scope)
    const urls = view === undefined ? [] : await this.#deps.scopes.credentials(this.scope)
    const placements = view?.placements.filter(({ state }) => state !== 'leaving') ?? []
    this.#roles = new Map(placements.map(({ provider, role }) => [provider, role]))
    this.#followPlacements(urls)
    this.#followPrimary(view, urls)
  }

  #followPlacements(urls: readonly ConnectUrl[]): void {
    const watched = [...this.#roles.keys()].filter((provider) => this.#deps.isWatchable(provider))
    const wanted = new Map(watched.map((provider) => [provider, leastCapableUrl(urls, provider, 'subscribe')]))
    for (const [provider, subscription] of this.#subscriptions) {
      if (wanted.get(provider) === subscription.url) continue
      this.#subscriptions.delete(provider)
      this.#close(subscription.session)
    }
    for (const [provider, url] of wanted) {
      if (url === undefined || this.#subscriptions.has(provider)) continue
      this.#subscriptions.set(provider, { url, session: this.#subscribe(provider, url) })
    }
  }

  /** The new primary's session opens before the old one's is closed, so that a planned move loses no object. */
  #followPrimary(view: ScopeView | undefined, urls: readonly ConnectUrl[]): void {
    const primary = view?.primary
    const url =
      primary === undefined || !this.#deps.isWatchable(primary) ? undefined : leastCapableUrl(urls, primary, 'publish')
    const current = this.#publication
    if (current?.provider !== primary || current?.url !== url) {
      if (this.#former !== undefined) this.#close(this.#former.session)
      this.#former = current
      this.#publication =
        primary === undefined || url === undefined ? undefined : { provider: primary, url, session: this.#publish(url) }
    }
    const successor = this.#publication
    if (this.#former === undefined || (successor !== undefined && !successor.session.state().connected)) return
    this.#close(this.#former.session)
    this.#former = undefined
  }

  #subscribe(provider: string, connectUrl: string): KeptSession {
    const { now, connectTimeoutMs } = this.#deps
    return this.#keep((signal) =>
      subscribeCanary({
        connectUrl,
        broadcast: this.#broadcast,
        connectTimeoutMs,
        now,
        signal,
        onObject: (object) => this.#receive(provider, object),
      }),
    )
  }

  #publish(connectUrl: string): KeptSession {
    const { now, connectTimeoutMs, instance, intervalMs } = this.#deps
    return this.#keep((signal) => {
      this.#runs += 1
      const run = `${instance}/${this.#runs}`
      return publishCanary({ connectUrl, broadcast: this.#broadcast, run, intervalMs, connectTimeoutMs, now, signal })
    })
  }

  #keep(open: (signal: AbortSignal) => Promise<AsyncDisposable & { readonly closed: Promise<string> }>): KeptSession {
    const { intervalMs, now, random, sleep } = this.#deps
    const minPauseMs = Math.max(50, intervalMs / 4)
    return keepSession({ open, minPauseMs, maxPauseMs: Math.max(200, intervalMs * 4), now, random, sleep })
  }

  /** A relay hands its newest object to every new subscriber; only what was not seen yet proves that content flows. */
  #receive(provider: string, object: CanaryObject): void {
    const { shown, recent } = this.#seen.get(provider) ?? NOTHING_SEEN
    const key = `${object.run} ${object.sequence}`
    if (recent.includes(key)) return
    this.#seen.set(provider, {
      shown: {
        objects: shown.objects + 1,
        lastObjectAt: object.receivedAt,
        lastSequence: object.sequence,
        lastLatencyMs: object.receivedAt - object.publishedAt,
      },
      recent: [...recent.slice(1 - MAX_RECENT), key],
    })
    for (const listener of this.#listeners) listener(provider, object)
  }

  #close(session: KeptSession): void {
    const closed = Promise.resolve(session[Symbol.asyncDispose]())
    this.#closing.add(closed)
    // A kept session's end does not reject.
    void closed.then(() => this.#closing.delete(closed))
  }
}
