import './runtime-polyfills.ts'

import { setTimeout as delay } from 'node:timers/promises'
import { Connection, Path } from '@moq/net'
import { followAnnouncements } from './announced-broadcasts.ts'
import type { HopChain } from './hop-chain.ts'
import { type Content, OfferedBroadcasts } from './offered-broadcasts.ts'
import { NAMELESS_URL } from './open-session.ts'
import type { RelayScope, ScopeMember } from './relay-scope.ts'
import type { RelayTiming } from './relay-settings.ts'
import type { SessionSocket } from './session-socket.ts'

export interface RelaySessionDeps {
  readonly socket: SessionSocket
  readonly scope: RelayScope
  readonly publish: boolean
  readonly subscribe: boolean
  readonly chain: HopChain
  readonly timing: RelayTiming
}

/** One client's (or pulling relay's) session at a relay. */
export class RelaySession implements ScopeMember {
  readonly chain: HopChain
  readonly publish: boolean
  readonly subscribe: boolean
  readonly #deps: RelaySessionDeps
  #offered: OfferedBroadcasts | undefined

  constructor(deps: RelaySessionDeps) {
    this.#deps = deps
    this.chain = deps.chain
    // A relay that pulls only reads, whatever its token allows.
    this.publish = deps.publish && deps.chain.length === 0
    this.subscribe = deps.subscribe
  }

  offer(content: Content): void {
    this.#offered?.update(content)
  }

  /** Serves the session until it ends; `established` is called when the handshake is done. Returns why it ended. */
  async serve(established: (version: string) => void): Promise<string> {
    const { socket, scope } = this.#deps
    const interest = this.subscribe ? scope.subscribe(this.chain) : undefined
    try {
      if (interest !== undefined) await this.#holdUntil(interest.synced)
      const connection = await this.#handshake()
      if (connection !== undefined) {
        established(connection.version)
        await this.#exchange(connection)
      }
      return await socket.closed
    } finally {
      interest?.release()
    }
  }

  /**
   * Clients may subscribe without waiting for an announcement, and `@moq/net` refuses what it has not been given to
   * publish. So the handshake waits a moment for what the upstream has; the client's first messages wait with it.
   */
  async #holdUntil(synced: Promise<void>): Promise<void> {
    const enough = new AbortController()
    const limit = delay(this.#deps.timing.syncMs, undefined, { signal: enough.signal }).catch(() => undefined)
    await Promise.race([synced, limit, this.#deps.socket.closed])
    enough.abort()
  }

  async #handshake(): Promise<Connection.Established | undefined> {
    const { socket, timing } = this.#deps
    const late = setTimeout(() => socket.cut('no MoQ handshake in time'), timing.handshakeMs)
    try {
      // Only a ready transport knows the negotiated version.
      await socket.transport.ready
      const connection = await Connection.accept(socket.transport, NAMELESS_URL)
      return (await socket.heard) && socket.open ? connection : undefined
    } catch {
      socket.cut('the MoQ handshake failed')
      return undefined
    } finally {
      clearTimeout(late)
    }
  }

  async #exchange(connection: Connection.Established): Promise<void> {
    const { socket, scope } = this.#deps
    const offered = new OfferedBroadcasts({ connection, settle: () => socket.settle() })
    this.#offered = offered
    const leave = this.subscribe ? scope.join(this) : () => undefined
    const published = this.publish ? this.#collect(connection) : Promise.resolve()
    await socket.closed
    leave()
    offered.close()
    await published
  }

  /** Brings what the client publishes into the scope until the session ends. */
  async #collect(connection: Connection.Established): Promise<void> {
    const withdraw = new Map<Path.Valid, () => void>()
    await followAnnouncements(connection, Path.empty(), {
      start: (path, broadcast) => withdraw.set(path, this.#deps.scope.publish(path, this, broadcast)),
      end: (path) => {
        withdraw.get(path)?.()
        withdraw.delete(path)
      },
    })
  }
}
