/**
 * Why the broker refuses or fails a request. Closed; the HTTP room maps each to one status and one problem type.
 * - `invalid_request`: the request is wrong; `faults` say where.
 * - `not_found`: no such thing.
 * - `revision_mismatch`: `If-Match` names another revision.
 * - `operation_in_progress`: another change of the same scope is at work; retry after `retryAfterSeconds`.
 * - `invalid_state`: the thing exists, but this cannot be done to it now; the message says what to do first.
 * - `provisioning_failed`: no provider could make the scope; everything was undone or is listed.
 * - `idempotency_mismatch`: this idempotency key was used with another request.
 * - `idempotency_in_progress`: the first request with this key is still at work.
 * - `store_unavailable`: the store does not answer; nothing can change now.
 * - `shutting_down`: this process is stopping.
 */
export type BrokerErrorCode =
  | 'invalid_request'
  | 'not_found'
  | 'revision_mismatch'
  | 'operation_in_progress'
  | 'invalid_state'
  | 'provisioning_failed'
  | 'idempotency_mismatch'
  | 'idempotency_in_progress'
  | 'store_unavailable'
  | 'shutting_down'

/** One fault in a request: what, and where (RFC 6901 pointer into the body, or a parameter's name). */
export interface Fault {
  readonly detail: string
  readonly pointer?: string
  readonly parameter?: string
}

export interface BrokerErrorInfo {
  readonly faults?: readonly Fault[]
  readonly retryAfterSeconds?: number
  /** What went wrong at each provider. */
  readonly providers?: readonly { readonly provider: string; readonly code: string; readonly detail: string }[]
  readonly operation?: string
  readonly scope?: string
  readonly cause?: unknown
}

/** An expected refusal or failure. Its message is fit for the caller: no secrets. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: BrokerErrorCode
  readonly info: BrokerErrorInfo

  constructor(code: BrokerErrorCode, message: string, info: BrokerErrorInfo = {}) {
    super(message, { cause: info.cause })
    this.code = code
    this.info = info
  }
}
