import type { ScopeWatch } from '../health/scope-watch.ts'
import type { RouteService } from '../route-service.ts'
import type { DrillClient } from './drill-client.ts'
import {
  countSignals,
  type DrillSignals,
  followedObjects,
  type LookupProbe,
  type ReceivedObject,
  type SignalCounts,
} from './drill-signals.ts'

export interface DrillObserverDeps {
  readonly provider: string
  readonly scope: string
  readonly routes: RouteService
  readonly watch: Pick<ScopeWatch, 'paths' | 'onObject'>
  readonly graceMs: number
  readonly now: () => number
}

/** Collects what a drill's look-ups and canary objects show. */
export class DrillObserver {
  readonly #deps: DrillObserverDeps
  readonly #probes: LookupProbe[] = []
  readonly #objects: ReceivedObject[] = []
  /** Who asks the lookup. Until there is one, probes do nothing. */
  client: DrillClient | undefined

  constructor(deps: DrillObserverDeps) {
    this.#deps = deps
  }

  get signals(): DrillSignals {
    return { probes: this.#probes, objects: this.#objects }
  }

  /** Collects objects from the first look-up on, since nobody follows an answer before, until the result is called. */
  listen(): () => void {
    return this.#deps.watch.onObject((provider, { run, sequence, publishedAt, receivedAt }) => {
      if (this.#probes.length === 0) return
      this.#objects.push({ provider, run, sequence, publishedAt, receivedAt })
    })
  }

  /** Asks the lookup once; the provider that it answers with. Never throws. */
  async probe(): Promise<string | undefined> {
    const { client } = this
    if (client === undefined) return undefined
    const { routes, scope, now } = this.#deps
    try {
      const { decision } = await routes.decide({ client: client.address, scope })
      const provider = decision.candidates[0]?.provider
      this.#probes.push(provider === undefined ? { at: now() } : { at: now(), provider })
      return provider
    } catch {
      // A lookup that fails answers nobody, and counts as that.
      this.#probes.push({ at: now() })
      return undefined
    }
  }

  /** Whether the lookup answers with the provider, its viewers get objects, and so would those of one that could follow. */
  isSteady(minSignals: number): boolean {
    const { provider } = this.#deps
    const followed = followedObjects(this.signals).filter((object) => object.provider === provider)
    const answers = this.#probes.slice(-minSignals).filter((probe) => probe.provider === provider)
    const others = this.client?.alternatives ?? []
    return (
      answers.length === minSignals &&
      followed.length >= minSignals &&
      others.some((other) => this.#countOf(other) >= minSignals)
    )
  }

  /** Objects by provider, in words. */
  describeObjects(): string {
    const counts = this.#deps.watch.paths().map(({ provider }) => `${provider} ${this.#countOf(provider)}`)
    return counts.length === 0 ? 'none' : counts.join(', ')
  }

  /** Counts everything seen until a moment; the provider was out since `injectedAt`. */
  count(until: number, injectedAt: number | undefined): SignalCounts {
    const { provider, graceMs } = this.#deps
    const window = { drilled: provider, until, graceMs }
    return countSignals(this.signals, injectedAt === undefined ? window : { ...window, injectedAt })
  }

  #countOf(provider: string): number {
    return this.#objects.reduce((count, object) => (object.provider === provider ? count + 1 : count), 0)
  }
}
