import { createHash } from 'node:crypto'
import { canonicalJson } from './json-text.ts'
import { ProblemError } from './problem.ts'

const PARAMETER = 'Idempotency-Key'
const MAX_LENGTH = 255

/**
 * The key in `Idempotency-Key`: a structured-field string (draft-ietf-httpapi-idempotency-key-header 2.1), or bare, as
 * many clients send it.
 */
export function parseIdempotencyKey(header: string): string {
  const key = header.startsWith('"') ? unquote(header) : header
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key) && key.length <= MAX_LENGTH) return key
  throw new ProblemError({
    kind: 'invalid-request',
    detail: `${PARAMETER} must be 1 to ${MAX_LENGTH} visible ASCII characters, bare or as a quoted string.`,
    errors: [{ detail: `is not 1 to ${MAX_LENGTH} visible ASCII characters`, parameter: PARAMETER }],
  })
}

/** RFC 8941 4.2.5, without parameters. */
function unquote(text: string): string | undefined {
  const inner = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text)?.[1]
  return inner?.replaceAll(/\\(["\\])/g, '$1')
}

/** The same for two requests that ask for the same: method, path and the body's meaning, not its spelling. */
export function fingerprintOf(request: {
  readonly method: string
  readonly path: string
  readonly body: string
}): string {
  const body = canonicalJson(request.body === '' ? {} : JSON.parse(request.body))
  return createHash('sha256').update(`${request.method}\n${request.path}\n${body}`).digest('hex')
}
