/** Resolves after `ms`, or at once when the signal ends it. Never rejects. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}

export interface RepeatOptions {
  readonly name: string
  readonly intervalMs: number
  readonly signal: AbortSignal
  readonly onError: (name: string, error: unknown) => void
}

/**
 * Runs a task again and again, with a pause between its end and the next start, until the signal ends it. A failure
 * is told and does not stop it. Resolves when the last run is over.
 */
export async function repeat(options: RepeatOptions, task: () => Promise<unknown>): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await task()
    } catch (error) {
      if (!options.signal.aborted) options.onError(options.name, error)
    }
    await sleep(options.intervalMs, options.signal)
  }
}
