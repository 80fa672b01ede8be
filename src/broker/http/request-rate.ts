const WINDOW_MS = 60_000
const MAX_CALLERS = 100_000

/** Counts requests per caller and minute, for at most 100 000 callers at once; more than those are let pass. */
export class RequestRate {
  readonly #mostPerMinute: number
  #window = 0
  #counts = new Map<string, number>()

  constructor(mostPerMinute: number) {
    this.#mostPerMinute = mostPerMinute
  }

  /** `undefined` when the caller may go on, else the seconds until it may come back. */
  secondsToWait(caller: string, now: number): number | undefined {
    const window = Math.floor(now / WINDOW_MS)
    if (window !== this.#window) {
      this.#window = window
      this.#counts = new Map()
    }
    const count = this.#counts.get(caller) ?? 0
    if (count >= this.#mostPerMinute) return Math.ceil(((window + 1) * WINDOW_MS - now) / 1000)
    if (count > 0 || this.#counts.size < MAX_CALLERS) this.#counts.set(caller, count + 1)
    return undefined
  }
}
