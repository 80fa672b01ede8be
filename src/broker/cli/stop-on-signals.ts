/** Fires at the first SIGINT or SIGTERM. Disposing it gives the signals back to Node. */
export interface Stopping extends Disposable {
  readonly signal: AbortSignal
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The first signal asks for an orderly end; a second one finds Node's own handling, which ends the process at once. */
export function stopOnSignals(): Stopping {
  const controller = new AbortController()
  const release = (): void => {
    for (const signal of SIGNALS) process.removeListener(signal, stop)
  }
  const stop = (): void => {
    release()
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return { signal: controller.signal, [Symbol.dispose]: release }
}

/** Resolves when the signal fires, and keeps the process alive until then. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 2 ** 30)
    const end = (): void => {
      clearInterval(alive)
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
