import { Worker } from 'node:worker_threads'
import { z } from 'zod'

/** A thread that takes calls and answers each. One that dies is replaced by an empty one at the next call. */
export interface CallThread extends AsyncDisposable {
  /** Counts the threads that have died: the next one knows nothing of what they were told. */
  readonly generation: () => number
  /** Starts the thread before there is a call, so that its code is loaded by then. */
  warm(): void
  /**
   * Resolves with the answer. Throws `ThreadError` if the thread ends before it answers, or the deadline or the signal
   * end the wait, and Error with the thread's own words for what it could not do. A thread that is overdue is ended.
   */
  ask(call: object, options?: AskOptions): Promise<unknown>
}

export interface AskOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** No answer came. The message is fit for an operator. */
export class ThreadError extends Error {
  readonly kind: 'ended' | 'overdue' | 'aborted'

  constructor(kind: ThreadError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

export interface CallThreadOptions {
  /** The program of the thread; it must be JavaScript, or be loaded by such. It answers `{ id, value }` or `{ id, error }`. */
  readonly entry: URL
  readonly name: string
  /** Beyond, the thread ends, and not the process; arrays of numbers lie outside. */
  readonly maxHeapMib: number
}

const replySchema = z.union([
  z.strictObject({ id: z.int(), value: z.unknown() }),
  z.strictObject({ id: z.int(), error: z.string() }),
])

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Starts nothing before the first call, unless it is warmed. */
export function createCallThread({ entry, name, maxHeapMib }: CallThreadOptions): CallThread {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let generation = 0
  let nextId = 0
  let closed = false

  /** What the thread was asked fails, and the next call starts another one. */
  function giveUp(thread: Worker, error: ThreadError): void {
    if (worker !== thread) return
    worker = undefined
    generation++
    const failed = [...waiting.values()]
    waiting.clear()
    for (const { reject } of failed) reject(error)
  }

  function start(): Worker {
    const started = new Worker(entry, { name, resourceLimits: { maxOldGenerationSizeMb: maxHeapMib } })
    started.on('message', (message: unknown) => {
      const reply = replySchema.parse(message)
      const waiter = waiting.get(reply.id)
      if ('error' in reply) waiter?.reject(new Error(reply.error))
      else waiter?.resolve(reply.value)
    })
    const fail = (why: string): void => {
      giveUp(started, new ThreadError('ended', `the ${name} thread has ended: ${why}`))
    }
    started.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
    started.on('exit', (code) => fail(`exit code ${code}`))
    worker = started
    return started
  }

  return {
    generation: () => generation,
    warm() {
      const thread = worker ?? start()
      if (waiting.size === 0) thread.unref()
    },
    async ask(call, { timeoutMs, signal } = {}) {
      if (closed) throw new ThreadError('ended', `the ${name} thread has ended: it was closed`)
      if (signal?.aborted === true) throw new ThreadError('aborted', `the work of the ${name} thread was ended`)
      const id = nextId++
      const thread = worker ?? start()
      // A process that wants to end does not wait for an idle thread, and does for an answer that somebody waits for.
      thread.ref()
      let timer: ReturnType<typeof setTimeout> | undefined
      let onAbort: (() => void) | undefined
      try {
        return await new Promise((resolve, reject) => {
          waiting.set(id, { resolve, reject })
          if (timeoutMs !== undefined) {
            timer = setTimeout(() => {
              giveUp(thread, new ThreadError('overdue', `the ${name} thread took longer than ${timeoutMs} ms`))
              // Nobody waits for the end of a thread that is given up.
              void thread.terminate()
            }, timeoutMs)
          }
          onAbort = () => reject(new ThreadError('aborted', `the work of the ${name} thread was ended`))
          signal?.addEventListener('abort', onAbort, { once: true })
          thread.postMessage({ id, ...call }, [])
        })
      } finally {
        waiting.delete(id)
        clearTimeout(timer)
        if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
        if (waiting.size === 0) thread.unref()
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await worker?.terminate()
    },
  }
}
