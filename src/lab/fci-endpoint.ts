import { createHash } from 'node:crypto'
import { chooseMediaType } from '../fci/accept.ts'
import type { LabApp } from './http-listener.ts'
import { problem } from './problem.ts'

export const FCI_PATH = '/fci/advertisement'

/**
 * No registered payload type names a whole advertisement (RFC 7736 2.1; cdni-interfaces.md 1.5), so this one is
 * local policy.
 */
const CDNI_TYPE = 'application/cdni; ptype=FCI.Advertisement'
const JSON_TYPE = 'application/json'
const MAX_AGE_SECONDS = 10

/** The FCI document that a CDN advertises (RFC 8008 5). */
export interface AdvertisementSource {
  advertisement: unknown
}

/** `GET /fci/advertisement`: conditional, with a strong entity tag for each media type. */
export function addFciEndpoint(app: LabApp, source: AdvertisementSource): void {
  app.get(FCI_PATH, (c) => {
    const type = chooseMediaType(c.req.header('accept'), [CDNI_TYPE, JSON_TYPE])
    if (type === undefined) return problem(406, `this resource comes as ${CDNI_TYPE} or ${JSON_TYPE}`)
    const body = JSON.stringify(source.advertisement)
    const etag = `"${createHash('sha256').update(`${type}\n${body}`).digest('base64url')}"`
    const headers = { etag, 'cache-control': `max-age=${MAX_AGE_SECONDS}`, vary: 'Accept' }
    if (namesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers)
    return c.body(body, 200, { ...headers, 'content-type': type })
  })
  app.all(FCI_PATH, () => problem(405, 'only GET can be used here', { headers: { allow: 'GET, HEAD' } }))
  app.notFound(() => problem(404, `the advertisement is at ${FCI_PATH}`))
}

/** RFC 9110 13.1.2: weak comparison, any of a list, or `*`. */
function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
