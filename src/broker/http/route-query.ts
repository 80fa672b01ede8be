import { MAX_CLIENT_LENGTH, MAX_SESSION_LENGTH } from './routes/route-schemas.ts'
import { IdSchema } from './wire-fields.ts'

/** The parameters of `GET /route`. */
export interface RouteQuery {
  readonly client: string | undefined
  readonly scope: string | undefined
  readonly session: string | undefined
}

/** Nothing that has to be decoded, and nothing that ends a parameter. */
const PLAIN = /^[\w.:~!$'()*,;@/-]*$/

/**
 * Reads the query of a look-up that is written in the plainest way. `undefined` for anything else, right or wrong:
 * percent-encoding, repeated or empty parameters, texts that are too long, `explain=true`.
 */
export function readPlainQuery(query: string): RouteQuery | undefined {
  let client: string | undefined
  let scope: string | undefined
  let session: string | undefined
  let at = 0
  while (at < query.length) {
    const next = query.indexOf('&', at)
    const end = next === -1 ? query.length : next
    const equals = query.indexOf('=', at)
    if (equals === -1 || equals >= end) return undefined
    const value = query.slice(equals + 1, end)
    if (value === '' || !PLAIN.test(value)) return undefined
    switch (query.slice(at, equals)) {
      case 'client':
        if (client !== undefined || value.length > MAX_CLIENT_LENGTH) return undefined
        client = value
        break
      case 'scope':
        if (scope !== undefined) return undefined
        scope = scopeIdOf(value)
        if (scope === undefined) return undefined
        break
      case 'session':
        if (session !== undefined || value.length > MAX_SESSION_LENGTH) return undefined
        session = value
        break
      default:
        return undefined
    }
    at = end + 1
  }
  return { client, scope, session }
}

let lastScope: string | undefined

/**
 * The text, if it has the form of a scope's id. Most look-ups that follow each other are for one scope, and get one and
 * the same string, by which scopes are found faster than by a new one.
 */
export function scopeIdOf(text: string): string | undefined {
  if (text === lastScope) return lastScope
  if (!IdSchema.safeParse(text).success) return undefined
  // A slice of what arrived would keep all of it for as long as somebody remembers the id.
  lastScope = Buffer.from(text, 'latin1').toString('latin1')
  return lastScope
}
