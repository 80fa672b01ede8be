import type { LabApp } from './http-listener.ts'

/** The vendor's error codes (moq-providers.md 1.1) with the HTTP status and the words they come with. */
const FAULTS = {
  7000: [404, 'No route for that URI'],
  7003: [404, 'Could not route to this account, perhaps your object identifier is invalid?'],
  971: [429, 'Please wait and consider throttling your request speed'],
  10000: [403, 'Authentication error'],
  10405: [405, 'Method not allowed for this authentication scheme'],
  21001: [413, 'request body too large'],
  21002: [400, 'request body too small: "name" is required'],
  21003: [400, 'invalid id: must be 32 hexadecimal characters'],
  21004: [400, 'request body is not valid JSON of the documented shape'],
  21006: [500, 'internal server error'],
  21007: [404, 'relay not found'],
  21008: [409, 'account relay limit reached'],
  21009: [409, 'a relay can have at most 10 tokens'],
  21010: [400, 'operations must be a non-empty list of "publish" and "subscribe"'],
  21011: [400, 'name must not be empty'],
  21012: [400, 'expires must lie in the future and at most one year ahead'],
  21013: [400, 'upstream url must be an absolute moqt:// or https:// URL with a host'],
  21014: [400, 'config cannot be set on create; use PUT'],
} as const satisfies Readonly<Record<number, readonly [status: number, message: string]>>

export type CloudflareCode = keyof typeof FAULTS

/** `result` absent: the answer has none (revoke). */
export function success(
  status: 200 | 201,
  answer: { readonly result?: unknown; readonly result_info?: unknown },
): Response {
  return envelope(status, { success: true, errors: [], messages: [], ...answer })
}

/** An error answer; `status` where it differs from the one that the code usually comes with. */
export function failure(code: CloudflareCode, status: number = FAULTS[code][0]): Response {
  return envelope(status, { success: false, errors: [{ code, message: FAULTS[code][1] }], messages: [], result: null })
}

/** The error that the vendor would most likely answer with this status. */
export function failureWithStatus(status: number): Response {
  return failure(codeOfStatus(status), status)
}

/** Every other method on a documented path; call it after the path's routes. */
export function onlyDocumentedMethods(app: LabApp, path: string): void {
  app.all(path, () => failure(10405))
}

function codeOfStatus(status: number): CloudflareCode {
  if (status >= 500) return 21006
  switch (status) {
    case 401:
    case 403:
      return 10000
    case 404:
      return 21007
    case 405:
      return 10405
    case 409:
      return 21008
    case 413:
      return 21001
    case 429:
      return 971
    default:
      return 21004
  }
}

function envelope(status: number, body: Readonly<Record<string, unknown>>): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}
