import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { EngineCall } from './coverage-calls.ts'
import { reviveReply } from './coverage-calls.ts'
import type { CoverageEngine } from './coverage-engine.ts'

/** An engine in a thread of its own. A thread that dies is replaced by an empty one at the next call. */
export interface CoverageThread extends CoverageEngine, AsyncDisposable {
  /** Counts the threads that have died: the next one knows nothing of what they were told. */
  readonly generation: () => number
}

const replySchema = z.union([
  z.strictObject({ id: z.int(), value: z.unknown() }),
  z.strictObject({ id: z.int(), error: z.string() }),
])

/** Beyond, the thread ends, and not the process; arrays of numbers lie outside. */
const MAX_HEAP_MIB = 2048

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** @param entry - the program of the thread; it must be JavaScript, or be loaded by such. */
export function startCoverageThread(entry = new URL('./coverage-worker.js', import.meta.url)): CoverageThread {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let generation = 0
  let nextId = 0

  function start(): Worker {
    const started = new Worker(entry, { name: 'coverage', resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } })
    // Look-ups go on without it, so it must not keep a process alive that wants to end.
    started.unref()
    started.on('message', (message: unknown) => {
      const reply = replySchema.parse(message)
      const waiter = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('error' in reply) waiter?.reject(new Error(reply.error))
      else waiter?.resolve(reply.value)
    })
    const fail = (why: string): void => {
      if (worker === started) {
        worker = undefined
        generation++
      }
      for (const { reject } of waiting.values()) reject(new Error(`the coverage thread has ended: ${why}`))
      waiting.clear()
    }
    started.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
    started.on('exit', (code) => fail(`exit code ${code}`))
    worker = started
    return started
  }

  function ask(request: EngineCall): Promise<unknown> {
    const id = nextId++
    const thread = worker ?? start()
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      thread.postMessage({ id, ...request }, [])
    })
  }

  return {
    generation: () => generation,
    loadGeo: async (loading) => reviveReply.loadGeo(await ask({ method: 'loadGeo', argument: loading })),
    setSources: async (tables) => {
      await ask({ method: 'setSources', argument: tables })
    },
    compile: async (order) => reviveReply.compile(await ask({ method: 'compile', argument: order })),
    keep: async (order) => {
      await ask({ method: 'keep', argument: order })
    },
    tally: async (order) => reviveReply.tally(await ask({ method: 'tally', argument: order })),
    async [Symbol.asyncDispose]() {
      const thread = worker
      worker = undefined
      await thread?.terminate()
    },
  }
}
