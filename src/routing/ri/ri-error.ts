/** The `error` dictionary (RFC 7975 4.7). */
export interface RiError {
  /** Three digits; the first is the class: 1 informational, 4 the uCDN's fault, 5 the dCDN's. */
  readonly code: number
  readonly reason?: string
}

/** The codes that we send, with the reasons that IANA's registry gives those that have one. */
const REASONS = {
  400: undefined,
  500: undefined,
  502: 'Loop detected',
  503: 'Maximum hops exceeded',
  504: 'Out of capacity',
  505: 'Delivery protocol not supported',
  506: 'Redirection protocol not supported',
} as const

export type SentErrorCode = keyof typeof REASONS

/** An error as we send it: with the registered reason, else with the one given. */
export function riError(code: SentErrorCode, given?: string): RiError {
  const reason = REASONS[code] ?? given
  return reason === undefined ? { code } : { code, reason }
}

/**
 * The HTTP status that goes with a response. RFC 7975 4.7 leaves it open; its example sends 500 with 504, so each class
 * of errors goes with the class of statuses of the same first digit.
 */
export function httpStatusOf(response: {
  readonly outcome: 'redirected' | 'refused'
  readonly error?: RiError
}): number {
  if (response.outcome === 'redirected') return 200
  return response.error !== undefined && Math.floor(response.error.code / 100) === 4 ? 400 : 500
}
