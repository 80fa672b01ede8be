/** RFC 7285 8.5.2. */
export type AltoErrorCode = 'E_SYNTAX' | 'E_MISSING_FIELD' | 'E_INVALID_FIELD_TYPE' | 'E_INVALID_FIELD_VALUE'

export const ALTO_ERROR = 'application/alto-error+json'

export interface AltoFault {
  readonly code: AltoErrorCode
  /** Path of the member, by slashes. */
  readonly field?: string
  readonly value?: string
  readonly syntaxError?: string
}

/** A question that ALTO's own error format answers (RFC 7285 8.5). */
export class AltoError extends Error {
  override readonly name = 'AltoError'
  readonly fault: AltoFault

  constructor(fault: AltoFault) {
    super(fault.code)
    this.fault = fault
  }
}

/** RFC 7285 8.5: 400, and an object whose `meta` holds the code. */
export function altoErrorResponse({ code, field, value, syntaxError }: AltoFault): Response {
  const meta = {
    code,
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
    ...(syntaxError === undefined ? {} : { 'syntax-error': syntaxError }),
  }
  return new Response(JSON.stringify({ meta }), { status: 400, headers: { 'Content-Type': ALTO_ERROR } })
}
