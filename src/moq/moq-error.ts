/**
 * - `refused`: the relay said no to the token.
 * - `unreachable`: no connection.
 * - `timeout`: no session within the deadline.
 * - `unsupported`: no transport that we speak for this URL, or no URL that we can make.
 */
export type MoqErrorCode = 'refused' | 'unreachable' | 'timeout' | 'unsupported'

/** A session that could not be had. The message never holds the URL or the token. */
export class MoqError extends Error {
  override readonly name = 'MoqError'
  readonly code: MoqErrorCode

  constructor(code: MoqErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
