import type { Broadcast, Path } from '@moq/net'
import { chainKey, type HopChain, MAX_HOPS } from './hop-chain.ts'
import type { Content } from './offered-broadcasts.ts'
import type { RelayLog, RelayTiming } from './relay-settings.ts'
import { UpstreamPull } from './upstream-pull.ts'

export interface RelayScopeDeps {
  readonly scopeId: string
  /** This relay's id in the scope. */
  readonly hopId: string
  readonly upstreams: () => readonly string[]
  readonly timing: RelayTiming
  readonly log: RelayLog
}

/** A session that is offered the scope's content; also the owner of what that session publishes. */
export interface ScopeMember {
  readonly chain: HopChain
  offer(content: Content): void
}

interface LocalBroadcast {
  readonly owner: ScopeMember
  readonly broadcast: Broadcast.Consumer
}

/** The subscribers that share one hop chain, and the pull that serves them when the scope has upstreams. */
interface Demand {
  readonly chain: HopChain
  subscribers: number
  pull: UpstreamPull | undefined
  linger: NodeJS.Timeout | undefined
}

/**
 * What the sessions of one scope can see: the broadcasts of its publishers, and what is pulled from upstream for
 * sessions of the same hop chain. A publisher here wins over the pulled broadcast of that name; of several publishers
 * the newest wins, because the older one is likely to be its own dead predecessor.
 */
export class RelayScope {
  readonly #deps: RelayScopeDeps
  readonly #members = new Set<ScopeMember>()
  readonly #local = new Map<Path.Valid, readonly LocalBroadcast[]>()
  readonly #demands = new Map<string, Demand>()

  constructor(deps: RelayScopeDeps) {
    this.#deps = deps
  }

  /** Whether nobody uses the scope and nothing is pulled for it. */
  get idle(): boolean {
    return this.#members.size === 0 && this.#local.size === 0 && this.#demands.size === 0
  }

  get upstreamSessions(): number {
    return [...this.#demands.values()].filter((demand) => demand.pull?.connected === true).length
  }

  /** Offers the scope's content to `member` until the returned function is called. */
  join(member: ScopeMember): () => void {
    this.#members.add(member)
    member.offer(this.#contentFor(member))
    return () => this.#members.delete(member)
  }

  /** Adds a publisher's broadcast until the returned function is called. */
  publish(path: Path.Valid, owner: ScopeMember, broadcast: Broadcast.Consumer): () => void {
    const entry = { owner, broadcast }
    this.#local.set(path, [...(this.#local.get(path) ?? []), entry])
    this.#changed()
    return () => {
      const rest = (this.#local.get(path) ?? []).filter((other) => other !== entry)
      if (rest.length === 0) this.#local.delete(path)
      else this.#local.set(path, rest)
      this.#changed()
    }
  }

  /** Counts a subscriber that came by `chain`, and pulls for it. `synced` tells when its content is known. */
  subscribe(chain: HopChain): { readonly synced: Promise<void>; readonly release: () => void } {
    const key = chainKey(chain)
    const demand = this.#demands.get(key) ?? { chain, subscribers: 0, pull: undefined, linger: undefined }
    this.#demands.set(key, demand)
    demand.subscribers += 1
    clearTimeout(demand.linger)
    demand.pull ??= this.#openPull(chain)
    return {
      synced: demand.pull?.synced ?? Promise.resolve(),
      release: () => {
        demand.subscribers -= 1
        if (demand.subscribers === 0) this.#letLinger(key, demand)
      },
    }
  }

  /** Drops what is pulled and dials the upstreams of now. */
  refresh(): void {
    for (const demand of this.#demands.values()) {
      // Its content is out of sight at once; nobody waits for its goodbye.
      void demand.pull?.close()
      demand.pull = this.#openPull(demand.chain)
    }
    this.#changed()
  }

  /** Stops pulling for everybody; resolves when the upstream sessions are gone. */
  async close(): Promise<void> {
    const demands = [...this.#demands.values()]
    this.#demands.clear()
    for (const demand of demands) clearTimeout(demand.linger)
    await Promise.all(demands.map(async ({ pull }) => pull?.close()))
  }

  #letLinger(key: string, demand: Demand): void {
    if (this.#demands.get(key) !== demand) return
    const forget = (): void => {
      // As in `refresh`.
      void demand.pull?.close()
      this.#demands.delete(key)
    }
    if (demand.pull === undefined) return forget()
    demand.linger = setTimeout(forget, this.#deps.timing.lingerMs)
    demand.linger.unref()
  }

  #openPull(chain: HopChain): UpstreamPull | undefined {
    const { scopeId, hopId, timing, log } = this.#deps
    const upstreams = this.#deps.upstreams()
    if (upstreams.length === 0 || chain.length >= MAX_HOPS) return undefined
    const hops = [...chain, hopId]
    return new UpstreamPull({ scopeId, upstreams, hops, timing, log, changed: () => this.#changed() })
  }

  #contentFor(member: ScopeMember): Content {
    const pulled = this.#demands.get(chainKey(member.chain))?.pull?.broadcasts ?? []
    const content = new Map<Path.Valid, Broadcast.Consumer>(pulled)
    for (const [path, entries] of this.#local) {
      const newest = entries.findLast((entry) => entry.owner !== member)
      if (newest !== undefined) content.set(path, newest.broadcast)
    }
    return content
  }

  #changed(): void {
    for (const member of this.#members) member.offer(this.#contentFor(member))
  }
}
