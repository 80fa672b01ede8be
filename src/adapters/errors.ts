/** Why a call to a provider failed. Closed: callers switch over it exhaustively. */
export type AdapterErrorKind =
  /** The provider says that our request is wrong (400, 422). Retrying the same will not help. */
  | 'rejected'
  /** 401 or 403: the account's credentials are wrong or lack a permission. */
  | 'unauthorized'
  | 'not_found'
  | 'conflict'
  /** The account's limit is reached: nothing works until something is deleted or the limit raised. */
  | 'quota'
  /** 429, with `retryAfterMs` where the provider told. */
  | 'throttled'
  /** 5xx, connection refused or reset. */
  | 'unavailable'
  /** Our own deadline ended the call. */
  | 'timeout'
  /** The caller's signal ended the call. */
  | 'aborted'
  /** An answer of a shape that we do not know: the provider's contract changed. Nothing is guessed. */
  | 'protocol'
  /** The breaker is open: the call was not sent. */
  | 'breaker_open'
  /** The adapter cannot do this (see its capabilities). */
  | 'unsupported'

export interface AdapterErrorDetail {
  readonly provider: string
  readonly operation: string
  /** What went wrong, in words, without secrets. */
  readonly detail: string
  /** HTTP status, where there was one. */
  readonly status?: number
  /** The provider's own error code, where there was one. */
  readonly remoteCode?: string
  readonly retryAfterMs?: number
  /** `unknown`: the provider may have carried the call out although we saw no answer. */
  readonly effect: 'none' | 'unknown'
  readonly cause?: unknown
}

/** The only error that an adapter throws. Its message holds no token, no URL path and no body. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError'
  readonly kind: AdapterErrorKind
  readonly provider: string
  readonly operation: string
  readonly detail: string
  readonly status: number | undefined
  readonly remoteCode: string | undefined
  readonly retryAfterMs: number | undefined
  readonly effect: 'none' | 'unknown'

  constructor(kind: AdapterErrorKind, info: AdapterErrorDetail) {
    super(`${info.provider}: ${info.operation} failed (${kind}): ${info.detail}`, { cause: info.cause })
    this.kind = kind
    this.provider = info.provider
    this.operation = info.operation
    this.detail = info.detail
    this.status = info.status
    this.remoteCode = info.remoteCode
    this.retryAfterMs = info.retryAfterMs
    this.effect = info.effect
  }
}

/** Whether the same call may succeed later without anybody changing anything. */
export function isTransient(kind: AdapterErrorKind): boolean {
  switch (kind) {
    case 'throttled':
    case 'unavailable':
    case 'timeout':
    case 'aborted':
    case 'breaker_open':
      return true
    case 'rejected':
    case 'unauthorized':
    case 'not_found':
    case 'conflict':
    case 'quota':
    case 'protocol':
    case 'unsupported':
      return false
  }
}
