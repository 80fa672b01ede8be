import { z } from 'zod'

/** What is valid unescaped in one path segment (RFC 3986 3.3). Excludes `/`, `?`, `#` and white space. */
const PATH_SEGMENT = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%]+$/

/**
 * Base URL of a relay: absolute, `moqt`, `https`, `wss` or `ws`, no credentials, query or fragment.
 * One trailing slash is tolerated and removed, so that `{url}/{token}` joins with exactly one.
 */
export const relayUrlSchema = z.string().transform((value, context) => {
  const url = value.endsWith('/') ? value.slice(0, -1) : value
  const fault = relayUrlFault(url)
  if (fault === undefined) return url
  context.addIssue({ code: 'custom', message: fault })
  return z.NEVER
})

function relayUrlFault(url: string): string | undefined {
  if (!/^(?:moqt|https|wss|ws):\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    return 'must be an absolute moqt, https, wss or ws URL'
  }
  const parsed = new URL(url)
  if (parsed.username !== '' || parsed.password !== '') return 'must not hold a user name or password'
  if (/[?#\s\\]/.test(url)) return 'must not hold a query, a fragment or white space'
  if (url.endsWith('/')) return 'must not end with more than one slash'
  return undefined
}

/** A credential that goes into a URL path as one segment (draft, "Connecting to a Scope"). */
export const pathTokenSchema = z
  .string()
  .max(8192)
  .regex(PATH_SEGMENT, 'must be one non-empty URL path segment without "/", "?", "#" or white space')
  .refine((token) => token !== '.' && token !== '..', 'must not be a dot segment')

/**
 * The provider's id of something: any non-empty text, encoded by us where it goes into a path. Encoding leaves dot
 * segments as they are, and `DELETE /scopes/..` would name something else.
 */
export const remoteIdSchema = z
  .string()
  .min(1)
  .max(512)
  .refine((id) => id !== '.' && id !== '..', 'must not be a dot segment')
