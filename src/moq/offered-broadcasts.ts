import type { Broadcast, Connection, Path } from '@moq/net'
import { announceBroadcast } from './announce-broadcast.ts'
import { RelayedBroadcast } from './relayed-broadcast.ts'

/** The content for one session: which broadcast is served from where. */
export type Content = ReadonlyMap<Path.Valid, Broadcast.Consumer>

export interface OfferedBroadcastsDeps {
  readonly connection: Connection.Established
  /** Resolves when what was written has left for the peer. */
  readonly settle: () => Promise<void>
}

/**
 * What one session has been offered, brought in line with what it should be offered. A broadcast whose source changes
 * is withdrawn and offered anew, because objects of two publishers do not continue each other.
 */
export class OfferedBroadcasts {
  readonly #deps: OfferedBroadcastsDeps
  readonly #offered = new Map<Path.Valid, RelayedBroadcast>()
  #wanted: Content = new Map()
  #working = false
  #closed = false

  constructor(deps: OfferedBroadcastsDeps) {
    this.#deps = deps
  }

  /** Offers exactly `content` from now on. The first call of a session offers before it returns. */
  update(content: Content): void {
    this.#wanted = content
    if (this.#working || this.#closed) return
    this.#working = true
    // Its only awaits are pauses; it does not reject.
    void this.#work()
  }

  close(): void {
    this.#closed = true
    for (const broadcast of this.#offered.values()) broadcast.close()
    this.#offered.clear()
  }

  async #work(): Promise<void> {
    while (!this.#closed && (this.#withdraw() || this.#publish())) await this.#deps.settle()
    this.#working = false
  }

  #withdraw(): boolean {
    let changed = false
    for (const [path, broadcast] of this.#offered) {
      if (this.#wanted.get(path) === broadcast.source) continue
      this.#offered.delete(path)
      broadcast.close()
      changed = true
    }
    return changed
  }

  #publish(): boolean {
    let changed = false
    for (const [path, source] of this.#wanted) {
      if (this.#offered.has(path)) continue
      changed = true
      const broadcast = new RelayedBroadcast(source)
      this.#offered.set(path, broadcast)
      announceBroadcast(this.#deps.connection, path, broadcast)
    }
    return changed
  }
}
