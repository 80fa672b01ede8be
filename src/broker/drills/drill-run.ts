import type { HealthBoard } from '../health/health-board.ts'
import type { Sleep } from '../health/repeated-task.ts'
import type { ProviderDirectory } from '../providers/provider-directory.ts'
import type { RouteService } from '../route-service.ts'
import type { ScopeService } from '../scopes/scope-service.ts'
import type { Lease } from '../store/store.ts'
import { findDrillClient } from './drill-client.ts'
import type { DrillInjection } from './drill-injection.ts'
import type { DrillLog } from './drill-log.ts'
import type { DrillObserver } from './drill-observer.ts'
import type { DrillOverlay } from './drill-overlay.ts'
import { type DrillDecision, type DrillEnding, DrillProgress } from './drill-progress.ts'
import { messageOf } from './drill-restoration.ts'
import type { DrillSettings } from './drill-settings.ts'
import { objectsOn } from './drill-signals.ts'

export interface DrillRunDeps {
  readonly providers: ProviderDirectory
  readonly scopes: ScopeService
  readonly routes: RouteService
  readonly board: HealthBoard
  readonly overlay: DrillOverlay
  readonly now: () => number
  readonly sleep: Sleep
  readonly settings: DrillSettings
}

const EVENTS = 200

/** What one drill works with. */
export interface DrillTools {
  readonly log: DrillLog
  readonly lease: Lease
  readonly observer: DrillObserver
  readonly injection: DrillInjection
  readonly holdMs: number
  readonly budgetMs: number
  /** Ends the drill; its reason is the sentence for the report. */
  readonly stop: AbortSignal
}

/** The drill was told to end: an abort, a stop condition, a process that stops. */
class DrillStopped extends Error {
  override readonly name = 'DrillStopped'
}

/** Everything of a drill up to the moment when the provider is to be let back in. */
export class DrillRun {
  readonly #deps: DrillRunDeps
  readonly #tools: DrillTools
  readonly #provider: string
  readonly #scope: string
  readonly #downBefore: ReadonlySet<string>
  #injectedAt: number | undefined
  #mustMove = false
  #isOut = false
  /** Of the scope, before the injection. */
  #lastEvent = 0

  constructor(deps: DrillRunDeps, tools: DrillTools) {
    this.#deps = deps
    this.#tools = tools
    this.#provider = tools.log.report.provider
    this.#scope = tools.log.report.scope
    this.#downBefore = new Set(deps.providers.ids().filter((id) => deps.board.get(id).state === 'down'))
  }

  /** When the provider was taken out, or may have been; absent: there is nothing to restore. */
  get injectedAt(): number | undefined {
    return this.#injectedAt
  }

  /** The provider is out, so it must be held out. */
  get isOut(): boolean {
    return this.#isOut
  }

  /** Runs to an ending; never throws. The provider may still be out afterwards. */
  async run(): Promise<DrillEnding> {
    try {
      return (await this.#establishSteadyState()) ?? (await this.#takeOut()) ?? (await this.#observe())
    } catch (error) {
      if (error instanceof DrillStopped) return { verdict: 'interrupted', because: error.message }
      return { verdict: 'interrupted', because: `the drill could not go on: ${messageOf(error)}` }
    }
  }

  /** Whether everything is as it was before: the answer, the objects published at `since` or later, the primary. */
  async isRestored(since: number): Promise<boolean> {
    const { observer } = this.#tools
    if ((await observer.probe()) !== this.#provider) return false
    if (objectsOn(observer.signals, this.#provider, since).length === 0) return false
    return !this.#mustMove || (await this.#primary()) === this.#provider
  }

  async #establishSteadyState(): Promise<DrillEnding | undefined> {
    const { routes, providers, now, settings } = this.#deps
    const { log, observer } = this.#tools
    const until = now() + settings.baselineMs
    const request = { routes, provider: this.#provider, scope: this.#scope }
    while (observer.client === undefined) {
      observer.client = await findDrillClient({ ...request, facts: providers.facts() })
      if (observer.client === undefined && now() > until) {
        return noSignal(`the lookup answers no address that was tried with "${this.#provider}" first`)
      }
      await this.#pause()
    }
    const { address, alternatives } = observer.client
    if (alternatives.length === 0) {
      return { verdict: 'blocked', because: `nobody else may serve ${address}, which "${this.#provider}" serves now` }
    }
    while (!observer.isSteady(settings.minSignals)) {
      if (now() > until) {
        const wanted = `${settings.minSignals} are needed from "${this.#provider}" and from another that may serve ${address}`
        return noSignal(`objects received within ${settings.baselineMs} ms: ${observer.describeObjects()}; ${wanted}`)
      }
      await this.#tick()
    }
    log.measure(observer.count(now(), undefined))
    log.mark(
      'baseline',
      `${address} is answered with ${this.#provider}; objects received: ${observer.describeObjects()}`,
    )
    await log.save()
    return undefined
  }

  async #takeOut(): Promise<DrillEnding | undefined> {
    const { now, scopes } = this.#deps
    const { log, lease, injection, stop } = this.#tools
    const { id, method } = log.report
    await this.#findLastEvent()
    this.#mustMove = (await this.#primary()) === this.#provider
    const atStake = method === 'fault' ? await this.#scopesAtStake() : this.#mustMove ? [this.#scope] : []
    this.#stopIfTold()
    const injectedAt = now()
    log.mark('inject', describeInjection(method, this.#provider, atStake.length), injectedAt)
    await log.intend({ scopes: atStake })
    this.#injectedAt = injectedAt
    try {
      await injection.hold(lease, stop)
      this.#isOut = true
    } catch (error) {
      this.#stopIfTold()
      return { verdict: 'invalid', because: `"${this.#provider}" could not be taken out: ${messageOf(error)}` }
    }
    log.mark('injected', `"${this.#provider}" is out`)
    await log.save()
    if (method === 'fault' || !this.#mustMove) return undefined
    const reason = `drill ${id} has taken "${this.#provider}" out`
    const change = await scopes.failover(this.#scope, { reason }, { by: 'broker' })
    // What comes of it is seen in the scope's primary.
    change.ended.catch(() => undefined)
    return undefined
  }

  /** A real fault moves every scope off the provider, so every one of them is to be brought back. */
  async #scopesAtStake(): Promise<readonly string[]> {
    const found: string[] = []
    let after: string | undefined
    do {
      const cursor = after === undefined ? {} : { after }
      const page = await this.#deps.scopes.list({ provider: this.#provider, limit: 200, ...cursor })
      found.push(...page.scopes.filter(({ primary }) => primary === this.#provider).map(({ id }) => id))
      after = page.after
    } while (after !== undefined)
    return found
  }

  async #observe(): Promise<DrillEnding> {
    const { now, board, overlay, settings } = this.#deps
    const { log, observer, holdMs, budgetMs } = this.#tools
    const injectedAt = this.#injectedAt ?? now()
    const decision = (): Promise<DrillDecision | undefined> => this.#decision()
    const mustMove = this.#mustMove
    const progress = new DrillProgress({ log, observer, board, overlay, decision, now, injectedAt, mustMove })
    let held = false
    const save = async (): Promise<void> => {
      // For whoever ends the report should this broker die.
      log.measure(observer.count(now(), injectedAt))
      await log.save()
    }
    for (;;) {
      if (await progress.note()) await save()
      const unbitten = progress.faultThatDidNotBite(settings.biteMs)
      if (unbitten !== undefined) return unbitten
      const elapsed = now() - injectedAt
      const missing = progress.missing()
      if (missing === undefined && elapsed >= holdMs) return progress.grade(budgetMs)
      if (missing === undefined && !held) {
        held = true
        log.mark('hold', `"${this.#provider}" stays out for another ${Math.round(holdMs - elapsed)} ms`)
        await save()
      }
      if (missing !== undefined && elapsed > budgetMs) {
        return { verdict: 'failed', because: `${missing} within ${budgetMs} ms after the injection` }
      }
      await this.#tick()
    }
  }

  /** One look-up, a pause, and the stop conditions. */
  async #tick(): Promise<void> {
    this.#stopIfTold()
    await this.#tools.observer.probe()
    await this.#pause()
    const { board, providers } = this.#deps
    const fallen = providers
      .ids()
      .find((id) => id !== this.#provider && board.get(id).state === 'down' && !this.#downBefore.has(id))
    if (fallen !== undefined) {
      throw new DrillStopped(`a second provider, "${fallen}", went down: ${board.get(fallen).reason}`)
    }
    const own = board.get(this.#provider)
    const isFault = this.#isOut && this.#tools.log.report.method === 'fault'
    if (own.state === 'down' && !isFault) throw new DrillStopped(`"${this.#provider}" is really down: ${own.reason}`)
  }

  /** Look-ups may follow the new primary before the drill looks for it, so its time is that of the scope's history. */
  async #decision(): Promise<DrillDecision | undefined> {
    const { scopes, now } = this.#deps
    const primary = await this.#primary()
    if (primary === undefined || primary === this.#provider) return undefined
    const events = await scopes.events(this.#scope, { after: this.#lastEvent, limit: EVENTS })
    return { primary, at: events.find(({ type }) => type === 'failover.promoted')?.at ?? now() }
  }

  async #findLastEvent(): Promise<void> {
    for (;;) {
      const events = await this.#deps.scopes.events(this.#scope, { after: this.#lastEvent, limit: EVENTS })
      this.#lastEvent = events.at(-1)?.sequence ?? this.#lastEvent
      if (events.length < EVENTS) return
    }
  }

  async #primary(): Promise<string | undefined> {
    return (await this.#deps.scopes.get(this.#scope))?.primary
  }

  async #pause(): Promise<void> {
    this.#stopIfTold()
    await this.#deps.sleep(this.#deps.settings.probeMs, this.#tools.stop)
    this.#stopIfTold()
  }

  #stopIfTold(): void {
    const { stop } = this.#tools
    if (!stop.aborted) return
    throw new DrillStopped(typeof stop.reason === 'string' ? stop.reason : 'the drill was told to end')
  }
}

function noSignal(detail: string): DrillEnding {
  return { verdict: 'invalid', because: `the probe had no signal: ${detail}` }
}

function describeInjection(method: 'drain' | 'fault', provider: string, scopes: number): string {
  switch (method) {
    case 'drain':
      return `"${provider}" is taken out on paper`
    case 'fault':
      return `the relay of "${provider}" is taken down; it is the primary of ${scopes === 0 ? 'no' : scopes} scope${scopes === 1 ? '' : 's'}`
  }
}
