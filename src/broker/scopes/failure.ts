import { AdapterError, type AdapterErrorKind, isTransient } from '../../adapters/errors.ts'
import type { PlacementError } from './scope-record.ts'

const MINUTE = 60_000
const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 5 * MINUTE
/** An answer that nobody understands may have made something each time; asking often would only make more. */
const PROTOCOL_RETRY_MS = 60 * MINUTE

/** A failed call, in the words that a record and a caller may see. */
export interface Failure {
  readonly code: AdapterErrorKind | 'provider_disabled' | 'provider_drained' | 'internal'
  readonly detail: string
  readonly effect: 'none' | 'unknown'
  readonly transient: boolean
  readonly retryAfterMs?: number
}

export function failureOf(error: unknown): Failure {
  if (error instanceof AdapterError) {
    const base = { code: error.kind, detail: error.detail, effect: error.effect, transient: isTransient(error.kind) }
    return error.retryAfterMs === undefined ? base : { ...base, retryAfterMs: error.retryAfterMs }
  }
  // Anything else is a fault of ours; its text may hold what must not be shown.
  return {
    code: 'internal',
    detail: 'an unexpected error inside the broker; see its log',
    effect: 'unknown',
    transient: false,
  }
}

export const PROVIDER_DISABLED: Failure = {
  code: 'provider_disabled',
  detail: 'the provider is disabled, so it is not called; enable it to go on',
  effect: 'none',
  transient: true,
  retryAfterMs: 15_000,
}

export const PROVIDER_DRAINED: Failure = {
  code: 'provider_drained',
  detail: 'the provider is drained, so nothing new is placed on it; enable it or remove it from the scope',
  effect: 'none',
  transient: true,
  retryAfterMs: 15_000,
}

/**
 * What the record keeps. Transient failures are retried with growing pauses; failures that somebody has to mend are
 * tried again every five minutes, answers of an unknown shape every hour; a request that the provider calls wrong is not repeated. A call that an open breaker
 * held back is no attempt and makes no pause longer.
 */
export function placementError(failure: Failure, earlier: PlacementError | undefined, now: number): PlacementError {
  const held = failure.code === 'breaker_open'
  const attempts = (earlier?.attempts ?? 0) + (held ? 0 : 1)
  const base = { code: failure.code, detail: failure.detail, at: now, attempts }
  if (failure.code === 'rejected' || failure.code === 'unsupported') return base
  return {
    ...base,
    retryAt: now + Math.max(failure.retryAfterMs ?? 0, held ? FIRST_RETRY_MS : pauseMs(failure, attempts)),
  }
}

function pauseMs({ code, transient }: Failure, attempts: number): number {
  if (code === 'protocol') return PROTOCOL_RETRY_MS
  return transient ? Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 10), LAST_RETRY_MS) : LAST_RETRY_MS
}
