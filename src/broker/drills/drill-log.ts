import type { Log } from '../log.ts'
import type { Change, Lease, Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { type DrillUndo, putDrill, type StoredDrill } from './drill-record.ts'
import type { DrillReport } from './drill-service.ts'

export interface DrillLogDeps {
  readonly store: Pick<Store, 'commit'>
  readonly lease: Lease
  readonly now: () => number
  readonly log: Log
}

/**
 * The report of a drill under way, stored at every change of phase. Only the holder of the drill's lease can write.
 */
export class DrillLog {
  readonly #deps: DrillLogDeps
  #stored: StoredDrill

  constructor(deps: DrillLogDeps, stored: StoredDrill) {
    this.#deps = deps
    this.#stored = stored
  }

  get report(): DrillReport {
    return this.#stored.report
  }

  get undo(): DrillUndo | undefined {
    return this.#stored.undo
  }

  /** Adds to the timeline without storing it yet. */
  mark(event: string, detail: string, at = this.#deps.now()): void {
    // What a look-up or an object showed is noticed a little later than it happened.
    const timeline = [...this.report.timeline, { at, event, detail }].toSorted((a, b) => a.at - b.at)
    this.#stored = { ...this.#stored, report: { ...this.report, timeline } }
  }

  measure(measured: Partial<DrillReport['measured']>): void {
    this.#stored = { ...this.#stored, report: { ...this.report, measured: { ...this.report.measured, ...measured } } }
  }

  /** Stores what has to be undone, before it is done. Throws `StoreError`. */
  async intend(undo: DrillUndo): Promise<void> {
    this.#stored = { ...this.#stored, undo }
    await this.#commit(this.#stored, [])
  }

  /** Stores a phase that is over. A store that is away does not end a drill; the next phase is stored with this one. */
  async save(): Promise<void> {
    try {
      await this.#commit(this.#stored, [])
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#deps.log('drill.not_stored', { drill: this.report.id, code: error.code })
    }
  }

  /** Stores the end together with further changes. Throws `StoreError`. */
  async end(report: DrillReport, changes: readonly Change[]): Promise<void> {
    const { undo: _, ...rest } = this.#stored
    const ended = { ...rest, report }
    await this.#commit(ended, changes)
    this.#stored = ended
  }

  async #commit(stored: StoredDrill, changes: readonly Change[]): Promise<void> {
    const { store, lease } = this.#deps
    await store.commit([putDrill(stored), ...changes], { fence: lease })
  }
}
