/** Waits; resolves early, without throwing, when the signal ends it. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export interface RepeatedTaskOptions {
  /** The pause after each run; asked after each run, so that it may change. */
  readonly pauseMs: () => number
  readonly sleep: Sleep
  /** One run. What it throws goes to `failed`; the next run takes place all the same. */
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Work done again and again until disposed, one run at a time. */
export interface RepeatedTask extends AsyncDisposable {
  /** Runs again at once, or right after the run under way. */
  wake(): void
}

/** Starts with a first run at once. Disposing aborts the run's signal and waits for its end. */
export function startRepeatedTask(options: RepeatedTaskOptions): RepeatedTask {
  const stop = new AbortController()
  let pause = new AbortController()
  let wanted = false

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      wanted = false
      try {
        await options.run(stop.signal)
      } catch (error) {
        if (!stop.signal.aborted) options.failed(error)
      }
      if (stop.signal.aborted) return
      if (wanted) continue
      pause = new AbortController()
      await options.sleep(options.pauseMs(), pause.signal)
    }
  }

  const done = loop()
  return {
    wake() {
      wanted = true
      pause.abort()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      pause.abort()
      await done
    },
  }
}

/** The promise's value, or `undefined` when it takes longer than `ms`. Its late outcome is not reported. */
export async function withinDeadline<T>(promise: Promise<T>, ms: number, sleep: Sleep): Promise<T | undefined> {
  const timer = new AbortController()
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, sleep(ms, timer.signal).then(() => undefined)])
  } finally {
    timer.abort()
  }
}

/** The promise's value, or `undefined` when the signal aborts first. Its late outcome is not reported. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  promise.catch(() => undefined)
  let stop: () => void = () => undefined
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Works on all items, at most `limit` at once, and resolves when every one has ended. `work` must not throw. */
export async function forEachAtMost<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}
