import CircuitBreaker from 'opossum'
import type { ProviderAdapter } from './contract.ts'
import { AdapterError, type AdapterErrorKind } from './errors.ts'

const MIN_RETRY_AFTER_MS = 100

export interface BreakerOptions {
  readonly provider: string
  readonly now: () => number
  /** Most calls at once; one more is refused at once instead of queueing. Default 256. */
  readonly capacity?: number
  /** Calls within the window before the breaker can open. Default 5. */
  readonly volumeThreshold?: number
  /** Share of failed calls, in per cent, above which it opens. Default 50. */
  readonly errorThresholdPercent?: number
  /** How long it stays open before one call may try. Default 10 000 ms. */
  readonly resetTimeoutMs?: number
  /** Length of the window that is counted. Default 10 000 ms. */
  readonly windowMs?: number
}

export type BreakerState = 'closed' | 'open' | 'half_open'

/** A breaker as health, metrics and `GET /providers/{id}` show it. Failures, successes and latencies are of the window. */
export interface BreakerSnapshot {
  readonly state: BreakerState
  readonly failures: number
  readonly successes: number
  /** Calls never sent, because the breaker was open or `capacity` calls were under way; since the start. */
  readonly rejects: number
  /** The last failure that counted, ever; `at` is in milliseconds since the epoch. Holds no secrets. */
  readonly lastError?: { readonly kind: AdapterErrorKind; readonly detail: string; readonly at: number }
  /** Since when it has not been closed, in milliseconds since the epoch. */
  readonly openedAt?: number
  /** Latency of calls in milliseconds; 0 without calls. */
  readonly latencyMs: { readonly p50: number; readonly p99: number }
}

export interface GuardedAdapter {
  /** Has exactly the optional methods of the adapter that it wraps. Disposing it disposes that one too. */
  readonly adapter: ProviderAdapter
  snapshot(): BreakerSnapshot
  /** Calls the listener after each change of state; the result stops it. Listeners MUST NOT throw. */
  onStateChange(listener: (state: BreakerState) => void): () => void
}

/**
 * Puts a breaker and a bulkhead around an adapter. While open, calls throw `AdapterError` of kind `breaker_open`
 * with `retryAfterMs`; beyond `capacity` they throw kind `throttled`. Neither was sent (effect `none`).
 * Only `unavailable`, `timeout` and `protocol` count as failures: any other answer proves the provider alive.
 */
export function wrapWithBreaker(adapter: ProviderAdapter, options: BreakerOptions): GuardedAdapter {
  const { provider, now, capacity = 256, resetTimeoutMs = 10_000 } = options
  let underWay = 0
  let rejects = 0
  let notClosedSince: number | undefined
  let lastOpenedAt: number | undefined
  let lastError: BreakerSnapshot['lastError']

  // `timeout: false` since every call has a deadline and a signal of its own: opossum's timeout aborts one
  // controller that all calls share. The bulkhead is ours since opossum counts an overflow as success or failure.
  const breaker: CircuitBreaker<[() => Promise<void>], void> = new CircuitBreaker((run) => run(), {
    name: provider,
    timeout: false,
    resetTimeout: resetTimeoutMs,
    errorThresholdPercentage: options.errorThresholdPercent ?? 50,
    volumeThreshold: options.volumeThreshold ?? 5,
    rollingCountTimeout: options.windowMs ?? 10_000,
    enableSnapshots: false,
    errorFilter: (error: unknown) => !countsAsFailure(error, breaker.halfOpen),
  })
  breaker.on('failure', (error: unknown) => {
    if (error instanceof AdapterError) lastError = { kind: error.kind, detail: error.detail, at: now() }
  })
  breaker.on('reject', () => {
    rejects += 1
  })
  breaker.on('open', () => {
    lastOpenedAt = now()
    notClosedSince ??= lastOpenedAt
  })
  breaker.on('close', () => {
    notClosedSince = undefined
  })

  const stateOf = (): BreakerState => (breaker.opened ? 'open' : breaker.halfOpen ? 'half_open' : 'closed')

  function refusal(operation: string): AdapterError {
    const waitMs = (lastOpenedAt ?? now()) + resetTimeoutMs - now()
    return new AdapterError('breaker_open', {
      provider,
      operation,
      detail: `not sent, since calls to the provider keep failing${lastError === undefined ? '' : ` (${lastError.kind})`}`,
      retryAfterMs: Math.max(MIN_RETRY_AFTER_MS, waitMs),
      effect: 'none',
    })
  }

  function guard<T>(operation: string, run: () => Promise<T>): Promise<T> {
    if (underWay >= capacity) {
      rejects += 1
      const detail = `not sent, since ${capacity} calls to the provider are already under way`
      return Promise.reject(new AdapterError('throttled', { provider, operation, detail, effect: 'none' }))
    }
    if (breaker.isShutdown) {
      const detail = 'the adapter was closed'
      return Promise.reject(new AdapterError('aborted', { provider, operation, detail, effect: 'none' }))
    }
    return new Promise<T>((resolve, reject) => {
      let deliver = noValueYet
      const counted = async (): Promise<void> => {
        underWay += 1
        try {
          const value = await run()
          deliver = () => resolve(value)
        } finally {
          underWay -= 1
        }
      }
      // The caller hears only after the breaker has counted the call, so that a snapshot taken then is current.
      breaker.fire(counted).then(
        () => deliver(),
        (error: unknown) => reject(isOpenError(error) ? refusal(operation) : asError(error)),
      )
    })
  }

  return {
    adapter: guardMethods(adapter, guard, async () => {
      breaker.shutdown()
      await adapter[Symbol.asyncDispose]()
    }),
    snapshot() {
      const { failures, successes, percentiles } = breaker.stats
      return {
        state: stateOf(),
        failures,
        successes,
        rejects,
        ...(lastError !== undefined && { lastError }),
        ...(notClosedSince !== undefined && { openedAt: notClosedSince }),
        latencyMs: { p50: percentiles[0.5] ?? 0, p99: percentiles[0.99] ?? 0 },
      }
    },
    onStateChange(listener) {
      const events = ['open', 'close', 'halfOpen'] as const
      const notify = (): void => listener(stateOf())
      for (const event of events) breaker.addListener(event, notify)
      return () => {
        for (const event of events) breaker.removeListener(event, notify)
      }
    },
  }
}

type Guard = <T>(operation: string, run: () => Promise<T>) => Promise<T>

function guardMethods(adapter: ProviderAdapter, guard: Guard, dispose: () => Promise<void>): ProviderAdapter {
  const adoptScope = adapter.adoptScope?.bind(adapter)
  const getScope = adapter.getScope?.bind(adapter)
  const listScopes = adapter.listScopes?.bind(adapter)
  const setUpstreams = adapter.setUpstreams?.bind(adapter)
  const deleteScope = adapter.deleteScope?.bind(adapter)
  const mintCredential = adapter.mintCredential?.bind(adapter)
  const revokeCredential = adapter.revokeCredential?.bind(adapter)
  return {
    createScope: (input, call) => guard('createScope', () => adapter.createScope(input, call)),
    ...(adoptScope && { adoptScope: (label, call) => guard('adoptScope', () => adoptScope(label, call)) }),
    ...(getScope && { getScope: (id, call) => guard('getScope', () => getScope(id, call)) }),
    ...(listScopes && { listScopes: (call) => guardList(listScopes(call), guard) }),
    ...(setUpstreams && {
      setUpstreams: (id, upstreams, call) => guard('setUpstreams', () => setUpstreams(id, upstreams, call)),
    }),
    ...(deleteScope && { deleteScope: (id, call) => guard('deleteScope', () => deleteScope(id, call)) }),
    ...(mintCredential && {
      mintCredential: (id, rights, call) => guard('mintCredential', () => mintCredential(id, rights, call)),
    }),
    ...(revokeCredential && {
      revokeCredential: (id, remoteId, call) => guard('revokeCredential', () => revokeCredential(id, remoteId, call)),
    }),
    [Symbol.asyncDispose]: dispose,
  }
}

/**
 * Only the first item goes through the guard, and a later failure is reported to it: most items come from a page
 * already fetched, and counting each would drown the failures of real calls.
 */
async function* guardList<T>(items: AsyncIterable<T>, guard: Guard): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    let item = await guard('listScopes', () => iterator.next())
    while (item.done !== true) {
      yield item.value
      const next = iterator.next()
      try {
        item = await next
      } catch (error) {
        await guard('listScopes', () => next).catch(() => 'what counts is the first error')
        throw error
      }
    }
  } finally {
    await iterator.return?.()
  }
}

function noValueYet(): void {}

function isOpenError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('an adapter threw what is not an error', { cause: error })
}

/**
 * A call that its caller ended says nothing about the provider; as the one trial of a half-open breaker it must
 * not close it, and opossum closes on everything that is not a failure.
 */
function countsAsFailure(error: unknown, halfOpen: boolean): boolean {
  if (!(error instanceof AdapterError)) return true
  switch (error.kind) {
    case 'unavailable':
    case 'timeout':
    case 'protocol':
      return true
    case 'aborted':
    case 'unsupported':
    case 'breaker_open':
      return halfOpen
    case 'rejected':
    case 'unauthorized':
    case 'not_found':
    case 'conflict':
    case 'quota':
    case 'throttled':
      return false
  }
}
