import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import { HOPS_HEADER, type HopChain, hopId, MAX_HOPS, parseHops } from './hop-chain.ts'
import { RelayListener, type UpgradeAnswer } from './relay-listener.ts'
import { RelayScope } from './relay-scope.ts'
import { RelaySession } from './relay-session.ts'
import { DEFAULT_RELAY_TIMING, type RelayLog, type RelayTiming } from './relay-settings.ts'
import { SessionSocket } from './session-socket.ts'
import { acceptedSubprotocol } from './subprotocols.ts'

/** What a token opens on a relay. */
export interface Grant {
  /** Sessions of one scope see each other and nobody else. */
  readonly scopeId: string
  readonly publish: boolean
  readonly subscribe: boolean
}

/** How a relay learns about tokens and scopes; asked on every connection and every pull. */
export interface RelayDirectory {
  /** The grant behind the token in the URL path, or `undefined` to refuse. */
  authorize(token: string): Grant | undefined
  /** Where to pull from, in order; `[]`: nowhere. They hold tokens: never log. */
  upstreams(scopeId: string): readonly string[]
}

export interface RelayOptions {
  readonly host: string
  /** `0`: any free port. */
  readonly port: number
  readonly directory: RelayDirectory
  readonly log: RelayLog
  readonly timing?: Partial<RelayTiming>
}

export interface RelaySessionSummary {
  readonly scopeId: string
  readonly publish: boolean
  readonly subscribe: boolean
  /** `true` for a session that this relay dialed to pull; its peer publishes and does not subscribe. */
  readonly upstream: boolean
}

export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Live sessions, by scope. */
  sessions(): readonly RelaySessionSummary[]
  /** Forgets pulled content of a scope and dials anew; call it after its upstreams changed. */
  refresh(scopeId: string): void
  /** Closes every session of a scope (the scope was deleted). */
  drop(scopeId: string): void
  /** `true`: closes the listener and every session, as a dead relay would; `false`: comes back on the same port. */
  setDown(down: boolean): Promise<void>
}

/**
 * Starts a MoQ relay on QMux over WebSocket (`ws://{host}:{port}/{token}`).
 *
 * Sessions of a scope see each other's broadcasts, and what the scope's upstreams have while somebody subscribes.
 *
 * @throws when the port cannot be listened on.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = new WebSocketRelay(options)
  await relay.setDown(false)
  return relay
}

interface LiveSession {
  readonly scopeId: string
  readonly socket: SessionSocket
  readonly session: RelaySession
  established: boolean
}

class WebSocketRelay implements Relay {
  readonly #options: RelayOptions
  readonly #timing: RelayTiming
  readonly #id = randomUUID()
  readonly #listener: RelayListener
  readonly #scopes = new Map<string, RelayScope>()
  readonly #live = new Set<LiveSession>()
  /** `setDown` calls happen one after another. */
  #switching: Promise<void> = Promise.resolve()
  #down = true

  constructor(options: RelayOptions) {
    this.#options = options
    this.#timing = { ...DEFAULT_RELAY_TIMING, ...options.timing }
    const { host, port } = options
    this.#listener = new RelayListener({ host, port, answer: (request) => this.#answer(request) })
  }

  get port(): number {
    return this.#listener.port
  }

  sessions(): readonly RelaySessionSummary[] {
    const clients = [...this.#live]
      .filter(({ established }) => established)
      .map(({ scopeId, session: { publish, subscribe } }) => ({ scopeId, publish, subscribe, upstream: false }))
    const upstreams = [...this.#scopes].flatMap(([scopeId, scope]) =>
      Array.from({ length: scope.upstreamSessions }, () => ({
        scopeId,
        publish: true,
        subscribe: false,
        upstream: true,
      })),
    )
    return [...clients, ...upstreams]
  }

  refresh(scopeId: string): void {
    this.#scopes.get(scopeId)?.refresh()
  }

  drop(scopeId: string): void {
    for (const { scopeId: of, socket } of this.#live) {
      // Each session's end is awaited where it is served.
      if (of === scopeId) void socket.close('the scope was dropped')
    }
    this.#forget(scopeId)
  }

  setDown(down: boolean): Promise<void> {
    const next = this.#switching.then(() => (down ? this.#goDown() : this.#comeUp()))
    this.#switching = next.catch(() => undefined)
    return next
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.setDown(true)
  }

  async #comeUp(): Promise<void> {
    if (!this.#down) return
    await this.#listener.open()
    this.#down = false
    this.#options.log('relay.up', { port: this.port })
  }

  async #goDown(): Promise<void> {
    if (this.#down) return
    this.#down = true
    const closed = this.#listener.close()
    for (const { socket } of this.#live) socket.cut('the relay went down')
    const scopes = [...this.#scopes.values()]
    this.#scopes.clear()
    await Promise.all([closed, ...scopes.map((scope) => scope.close())])
    this.#options.log('relay.down', { port: this.port })
  }

  #answer(request: IncomingMessage): UpgradeAnswer {
    const grant = this.#authorize(request.url)
    if (grant === undefined || this.#down) return { status: 403 }
    const chain = parseHops(headerOf(request, HOPS_HEADER))
    if (chain === undefined) return { status: 400 }
    if (chain.length > MAX_HOPS || chain.includes(hopId(this.#id, grant.scopeId))) return { status: 508 }
    const protocol = acceptedSubprotocol(request.headers['sec-websocket-protocol'])
    if (protocol === undefined) return { status: 400 }
    return {
      protocol,
      accept: (webSocket) => {
        // Every way a session can end is caught inside.
        void this.#serve(webSocket, grant, chain)
      },
    }
  }

  #authorize(path: string | undefined): Grant | undefined {
    const token = tokenOf(path)
    if (token === undefined) return undefined
    try {
      return this.#options.directory.authorize(token)
    } catch {
      this.#options.log('relay.directory.failed', {})
      return undefined
    }
  }

  async #serve(webSocket: WebSocket, grant: Grant, chain: HopChain): Promise<void> {
    const { scopeId, publish, subscribe } = grant
    const { log } = this.#options
    const socket = new SessionSocket(webSocket, 'server', this.#timing.keepAliveMs)
    const scope = this.#scope(scopeId)
    const session = new RelaySession({ socket, scope, publish, subscribe, chain, timing: this.#timing })
    const live: LiveSession = { scopeId, socket, session, established: false }
    this.#live.add(live)
    const reason = await session.serve((version) => {
      live.established = true
      log('relay.session.opened', { scopeId, version, publish: session.publish, subscribe, hops: chain.length })
    })
    this.#live.delete(live)
    log(live.established ? 'relay.session.closed' : 'relay.session.failed', { scopeId, reason, hops: chain.length })
    this.#sweep()
  }

  #scope(scopeId: string): RelayScope {
    const existing = this.#scopes.get(scopeId)
    if (existing !== undefined) return existing
    const { directory, log } = this.#options
    const scope = new RelayScope({
      scopeId,
      hopId: hopId(this.#id, scopeId),
      upstreams: () => directory.upstreams(scopeId),
      timing: this.#timing,
      log,
    })
    this.#scopes.set(scopeId, scope)
    return scope
  }

  #forget(scopeId: string): void {
    const scope = this.#scopes.get(scopeId)
    this.#scopes.delete(scopeId)
    // Its upstream sessions say goodbye on their own time.
    void scope?.close()
  }

  /** Scopes come with their first session and go some time after their last. */
  #sweep(): void {
    const inUse = new Set([...this.#live].map(({ scopeId }) => scopeId))
    for (const [scopeId, scope] of this.#scopes) {
      if (scope.idle && !inUse.has(scopeId)) this.#scopes.delete(scopeId)
    }
  }
}

/** The first path segment, percent-decoded once; `undefined` when there is none or it does not decode. */
function tokenOf(path: string | undefined): string | undefined {
  const segment = /^\/([^/?#]+)/.exec(path ?? '')?.[1]
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
