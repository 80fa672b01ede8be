import { createCallThread } from '../call-thread.ts'
import { programFile } from '../program-file.ts'
import type { EngineCall } from './coverage-calls.ts'
import { reviveReply } from './coverage-calls.ts'
import type { CoverageEngine } from './coverage-engine.ts'

/** An engine in a thread of its own. A thread that dies is replaced by an empty one at the next call. */
export interface CoverageThread extends CoverageEngine, AsyncDisposable {
  /** Counts the threads that have died: the next one knows nothing of what they were told. */
  readonly generation: () => number
  /** Has the thread load its code now. */
  warm(): void
}

const MAX_HEAP_MIB = 2048

/** A thread that loads its code at once, while whoever will ask it prepares. */
export function warmCoverageThread(): CoverageThread {
  const thread = startCoverageThread()
  thread.warm()
  return thread
}

/** @param entry - the program of the thread; it must be JavaScript, or be loaded by such. */
export function startCoverageThread(entry = programFile('broker/coverage/coverage-worker')): CoverageThread {
  const thread = createCallThread({ entry, name: 'coverage', maxHeapMib: MAX_HEAP_MIB })
  const ask = (call: EngineCall): Promise<unknown> => thread.ask(call)
  return {
    generation: () => thread.generation(),
    warm: () => thread.warm(),
    loadGeo: async (loading) => reviveReply.loadGeo(await ask({ method: 'loadGeo', argument: loading })),
    setSources: async (tables) => {
      await ask({ method: 'setSources', argument: tables })
    },
    compile: async (order) => reviveReply.compile(await ask({ method: 'compile', argument: order })),
    keep: async (order) => {
      await ask({ method: 'keep', argument: order })
    },
    tally: async (order) => reviveReply.tally(await ask({ method: 'tally', argument: order })),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  }
}
