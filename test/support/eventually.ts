import { setTimeout as pause } from 'node:timers/promises'

const ASK_EVERY_MS = 20

/**
 * Asks again until there is an answer other than `undefined` and `false`. Fails with `what`, and with what the last
 * attempt threw, when `withinMs` (default 15 s) have passed.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = AbortSignal.timeout(withinMs)
  for (;;) {
    let cause: unknown
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      cause = error
    }
    if (deadline.aborted) throw new Error(`did not happen within ${withinMs} ms: ${what}`, { cause })
    await pause(ASK_EVERY_MS)
  }
}
