import type { AdapterErrorKind } from './errors.ts'

/** The kind for an HTTP status of 400 and more, where the provider's own error code does not say it better. */
export function kindOfStatus(status: number): AdapterErrorKind {
  switch (status) {
    case 401:
    case 403:
      return 'unauthorized'
    case 404:
    case 410:
      return 'not_found'
    case 409:
    case 412:
      return 'conflict'
    case 402:
      return 'quota'
    case 429:
      return 'throttled'
    case 408:
    case 425:
      return 'unavailable'
    default:
      return status >= 500 ? 'unavailable' : 'rejected'
  }
}

/**
 * Whether a request with this error status may have had an effect. A 4xx did not; of the 5xx only those do not
 * which say that the request was not handled: 501, 503 and 505 (RFC 9110 15.6).
 */
export function effectOfStatus(status: number): 'none' | 'unknown' {
  if (status < 500) return 'none'
  return status === 501 || status === 503 || status === 505 ? 'none' : 'unknown'
}

/** `Retry-After` (RFC 9110 10.2.3), delay in seconds or HTTP-date, as milliseconds from `now`; otherwise absent. */
export function parseRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  // Date.parse alone also takes "-1" and "12.5" for dates; an HTTP-date begins with the name of a day.
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
