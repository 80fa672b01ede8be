import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './app-env.ts'
import { ProblemError } from './problem.ts'

/** The promise's value, or `undefined` when it takes longer. */
export async function settledWithin<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Ends every request after `ms`: 408 while its body is still arriving, 503 afterwards. */
export function limitDuration(ms: number): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const finished = await settledWithin(
      next().then(() => true),
      ms,
    )
    if (finished === true) return
    throw context.get('receiving') === true
      ? new ProblemError({
          kind: 'request-timeout',
          detail: `The body did not arrive within ${ms} ms.`,
          headers: { Connection: 'close' },
        })
      : new ProblemError({
          kind: 'timeout',
          detail: `There was no answer within ${ms} ms. A change that was begun goes on; ask for its state.`,
          retryAfterSeconds: 1,
        })
  }
}
