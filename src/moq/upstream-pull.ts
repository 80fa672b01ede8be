import { setTimeout as delay } from 'node:timers/promises'
import { type Broadcast, Path } from '@moq/net'
import { followAnnouncements } from './announced-broadcasts.ts'
import type { HopChain } from './hop-chain.ts'
import { MoqError } from './moq-error.ts'
import { type MoqSession, openSession, UpgradeRefused } from './open-session.ts'
import type { RelayLog, RelayTiming } from './relay-settings.ts'

const HTTP_LOOP_DETECTED = 508

export interface UpstreamPullDeps {
  readonly scopeId: string
  /** Where to pull from, in order. They hold tokens. */
  readonly upstreams: readonly string[]
  /** Including this relay. */
  readonly hops: HopChain
  readonly timing: RelayTiming
  readonly log: RelayLog
  /** Called after every change of `broadcasts`. */
  readonly changed: () => void
}

/**
 * A scope's content from upstream: keeps one session with the first upstream that connects, and mirrors what that
 * one announces. Lost sessions are dialed anew with growing pauses until `close`.
 */
export class UpstreamPull {
  /** What the upstream announces now. */
  readonly broadcasts = new Map<Path.Valid, Broadcast.Consumer>()
  /** Resolves once the first upstream's announcements are known, or none of them can be had. Never rejects. */
  readonly synced: Promise<void>
  readonly #deps: UpstreamPullDeps
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  #markSynced: () => void = () => undefined
  #connected = false

  constructor(deps: UpstreamPullDeps) {
    this.#deps = deps
    this.synced = new Promise((resolve) => {
      this.#markSynced = resolve
    })
    this.#done = this.#run()
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Stops dialing and closes the session; resolves when that is gone. */
  close(): Promise<void> {
    this.#stop.abort()
    this.#markSynced()
    return this.#done
  }

  async #run(): Promise<void> {
    const { upstreams, timing } = this.#deps
    let first = 0
    let pauseMs = timing.retryMinMs
    while (!this.#stop.signal.aborted) {
      const round = await this.#dial(first)
      // Which relays come before and after this one is settled until the scope's upstreams change.
      if (round === 'loop') return this.#markSynced()
      if (round !== undefined) {
        const steady = await this.#mirror(round.session)
        if (steady) pauseMs = timing.retryMinMs
        first = steady ? 0 : (round.index + 1) % upstreams.length
      }
      this.#markSynced()
      await delay(pauseMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined)
      pauseMs = Math.min(pauseMs * 2, timing.retryMaxMs)
    }
  }

  /** Dials from `first` on and around: a session, `loop` when every upstream would close a loop, or `undefined`. */
  async #dial(first: number): Promise<{ readonly session: MoqSession; readonly index: number } | 'loop' | undefined> {
    const { upstreams, hops, timing, scopeId, log } = this.#deps
    const { signal } = this.#stop
    let loops = 0
    for (let turn = 0; turn < upstreams.length && !signal.aborted; turn += 1) {
      const index = (first + turn) % upstreams.length
      const connectUrl = upstreams[index]
      if (connectUrl === undefined) continue
      try {
        return { session: await openSession({ connectUrl, timeoutMs: timing.dialTimeoutMs, signal, hops }), index }
      } catch (error) {
        if (signal.aborted) return undefined
        const loop = isLoop(error)
        if (loop) loops += 1
        log('relay.upstream.failed', { scopeId, upstream: index, reason: loop ? 'loop' : reasonOf(error) })
      }
    }
    return loops === upstreams.length ? 'loop' : undefined
  }

  /** Mirrors the upstream until the session ends; whether it had lasted. */
  async #mirror(session: MoqSession): Promise<boolean> {
    const { scopeId, timing, changed, log } = this.#deps
    let steady = false
    const lasting = setTimeout(() => {
      steady = true
    }, timing.retryMaxMs)
    lasting.unref()
    let quiet = setTimeout(this.#markSynced, timing.quietMs)
    const stop = (): void => {
      // Its end is awaited below, as that of the session.
      void session.close()
    }
    this.#stop.signal.addEventListener('abort', stop, { once: true })
    if (this.#stop.signal.aborted) stop()
    this.#connected = true
    log('relay.upstream.connected', { scopeId, version: session.connection.version })
    const mirrored = followAnnouncements(session.connection, Path.empty(), {
      start: (path, broadcast) => {
        this.broadcasts.set(path, broadcast)
        // Once one has come the rest of the upstream's first answer is close behind.
        clearTimeout(quiet)
        quiet = setTimeout(this.#markSynced, timing.quietMs / 5)
        changed()
      },
      end: (path) => {
        this.broadcasts.delete(path)
        changed()
      },
    })
    const reason = await session.closed
    this.#connected = false
    await mirrored
    clearTimeout(lasting)
    clearTimeout(quiet)
    this.#stop.signal.removeEventListener('abort', stop)
    log('relay.upstream.closed', { scopeId, reason })
    return steady
  }
}

function isLoop(error: unknown): boolean {
  return error instanceof MoqError && error.cause instanceof UpgradeRefused && error.cause.status === HTTP_LOOP_DETECTED
}

function reasonOf(error: unknown): string {
  return error instanceof MoqError ? error.code : 'unexpected'
}
