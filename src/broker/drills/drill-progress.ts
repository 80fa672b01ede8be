import type { HealthBoard } from '../health/health-board.ts'
import type { DrillLog } from './drill-log.ts'
import type { DrillObserver } from './drill-observer.ts'
import type { DrillOverlay } from './drill-overlay.ts'
import type { DrillVerdict } from './drill-service.ts'
import { firstNewAnswer, firstObjectOnNewPath, objectsOn } from './drill-signals.ts'

export interface DrillEnding {
  readonly verdict: DrillVerdict
  readonly because: string
}

export interface DrillDecision {
  readonly primary: string
  readonly at: number
}

export interface DrillProgressDeps {
  readonly log: DrillLog
  readonly observer: DrillObserver
  readonly board: HealthBoard
  readonly overlay: DrillOverlay
  /** The other primary that the drill's scope has got, and since when. */
  readonly decision: () => Promise<DrillDecision | undefined>
  readonly now: () => number
  /** When the provider was taken out. */
  readonly injectedAt: number
  /** The provider was the scope's primary, so another one has to become it. */
  readonly mustMove: boolean
}

/** Watches how the broker gets over the loss, writes it down, and judges it. */
export class DrillProgress {
  readonly #deps: DrillProgressDeps

  constructor(deps: DrillProgressDeps) {
    this.#deps = deps
  }

  /** Writes down what happened since the last call; whether there was anything. */
  async note(): Promise<boolean> {
    const { log } = this.#deps
    const before = log.report.timeline.length
    this.#noteDetection()
    await this.#noteDecision()
    this.#noteAnswer()
    this.#noteObject()
    return log.report.timeline.length > before
  }

  /** What has not happened yet, in words. */
  missing(): string | undefined {
    const { provider, scope, measured } = this.#deps.log.report
    if (measured.detectMs === undefined) return `the loss of "${provider}" was not detected`
    if (measured.firstAnswerMs === undefined) return 'the lookup answered with nobody else'
    if (this.#deps.mustMove && measured.decideMs === undefined) return `scope ${scope} got no other primary`
    if (measured.firstObjectMs !== undefined) return undefined
    return 'no new object came out of the provider that the lookup answers with'
  }

  /** The verdict when nothing is missing. */
  grade(budgetMs: number): DrillEnding {
    const { firstObjectMs = Number.POSITIVE_INFINITY } = this.#deps.log.report.measured
    const because = `the first object on the new path came ${Math.round(firstObjectMs)} ms after the injection; the budget is ${budgetMs} ms`
    return { verdict: firstObjectMs <= budgetMs ? 'succeeded' : 'failed', because }
  }

  /** `invalid` when the provider still hands out what was published `biteMs` after a fault that should have cut it off. */
  faultThatDidNotBite(biteMs: number): DrillEnding | undefined {
    const { log, observer, injectedAt } = this.#deps
    const { provider, method } = log.report
    if (method !== 'fault' || objectsOn(observer.signals, provider, injectedAt + biteMs).length < 2) return undefined
    const because = `the fault did not bite: "${provider}" still handed out objects published more than ${biteMs} ms after it`
    return { verdict: 'invalid', because }
  }

  #noteDetection(): void {
    const { log, board, overlay, now } = this.#deps
    const { id, provider, method, measured } = log.report
    if (measured.detectMs !== undefined) return
    switch (method) {
      case 'drain':
        if (overlay.drilled(provider) !== id) return
        this.#reach('detect', `routing takes "${provider}" for lost`, now())
        return
      case 'fault': {
        const { state, since, reason } = board.get(provider)
        if (state === 'down') this.#reach('detect', `"${provider}" is down: ${reason}`, since)
      }
    }
  }

  async #noteDecision(): Promise<void> {
    const { log, mustMove, decision } = this.#deps
    const { scope, measured } = log.report
    if (!mustMove || measured.decideMs !== undefined) return
    const decided = await decision()
    if (decided !== undefined)
      this.#reach('decide', `"${decided.primary}" is the primary of scope ${scope}`, decided.at)
  }

  #noteAnswer(): void {
    const { log, observer, injectedAt } = this.#deps
    const { provider, measured } = log.report
    if (measured.firstAnswerMs !== undefined) return
    const answer = firstNewAnswer(observer.signals, provider, injectedAt)
    if (answer === undefined) return
    this.#reach(
      'answer',
      `${observer.client?.address ?? 'the client'} is answered with ${answer.provider ?? ''}`,
      answer.at,
    )
  }

  #noteObject(): void {
    const { log, observer, injectedAt } = this.#deps
    if (log.report.measured.firstObjectMs !== undefined) return
    const object = firstObjectOnNewPath(observer.signals, log.report.provider, injectedAt)
    if (object === undefined) return
    const age = Math.round(object.receivedAt - object.publishedAt)
    this.#reach('object', `object ${object.sequence} came out of ${object.provider} after ${age} ms`, object.receivedAt)
  }

  #reach(step: keyof typeof MEASURES, detail: string, at: number): void {
    const { log, injectedAt } = this.#deps
    const reachedAt = Math.max(at, injectedAt)
    log.measure({ [MEASURES[step]]: reachedAt - injectedAt })
    log.mark(EVENTS[step], detail, reachedAt)
  }
}

const MEASURES = { detect: 'detectMs', decide: 'decideMs', answer: 'firstAnswerMs', object: 'firstObjectMs' } as const
const EVENTS = { detect: 'detect', decide: 'decide', answer: 'first-answer', object: 'first-object' } as const
