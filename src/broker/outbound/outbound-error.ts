/**
 * Why a document could not be had.
 * - `forbidden`: the URL, or one it redirected to, is not of an allowed origin; nothing was sent there.
 * - `forbidden_address`: the host resolves to an address that is not public; nothing was sent there.
 * - `redirect`: too many redirects, or one that must not be followed.
 * - `timeout`: the exchange, with its body, was not over in time.
 * - `too_large`, `encoding`, `content_type`: the body is not what may be read.
 * - `status`: the answer is no success; `status` has it.
 * - `unreachable`: no connection, a broken one, or no HTTP.
 * - `ended`: the broker gave up, because it stops.
 */
export type OutboundFault =
  | 'forbidden'
  | 'forbidden_address'
  | 'redirect'
  | 'timeout'
  | 'too_large'
  | 'encoding'
  | 'content_type'
  | 'status'
  | 'unreachable'
  | 'ended'

/** A failed exchange. The message holds no token and no more of a URL than its host. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly fault: OutboundFault
  /** With fault `status`. */
  readonly status?: number
  /** With fault `status`: the beginning of the body. From outside, so not for logs. */
  readonly body?: string

  constructor(
    fault: OutboundFault,
    message: string,
    answer: { readonly status?: number; readonly body?: string } = {},
  ) {
    super(message)
    this.fault = fault
    if (answer.status !== undefined) this.status = answer.status
    if (answer.body !== undefined) this.body = answer.body
  }
}
