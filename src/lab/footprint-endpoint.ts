import type { LabApp } from './http-listener.ts'
import { problem } from './problem.ts'

export const FOOTPRINTS_PATH = '/fci/footprints'
export const GEOFEED_PATH = '/fci/geofeed.csv'

const JSON_TYPE = 'application/json'
const MAX_AGE_SECONDS = 10
const HOUR_MS = 3_600_000

/** A named footprint of type `coverage` (draft-arolovitch-cdni-named-footprints 3.3.1). */
export interface PublishedFootprint {
  readonly namespace: string
  readonly name: string
  /** One Footprint object (RFC 8006 4.2.2.2). */
  readonly definition: unknown
}

export interface FootprintSource {
  readonly footprints: readonly PublishedFootprint[]
  /** As CSV (RFC 8805). */
  readonly geofeed?: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Where a named footprint is; also its name for those who refer to it. */
export function footprintUri(origin: string, namespace: string, name: string): string {
  return `${origin}${FOOTPRINTS_PATH}/${namespace}/${name}`
}

/** `GET /fci/footprints`, `GET /fci/footprints/{namespace}/{name}` and `GET /fci/geofeed.csv`. */
export function addFootprintEndpoint(app: LabApp, { footprints, geofeed, now }: FootprintSource): void {
  const headers = { 'cache-control': `max-age=${MAX_AGE_SECONDS}` }
  const print = ({ namespace, name, definition }: PublishedFootprint, url: string) => ({
    'footprint-name': name,
    'footprint-uri': footprintUri(new URL(url).origin, namespace, name),
    'footprint-expires': new Date((Math.floor(now() / HOUR_MS) + 2) * HOUR_MS).toISOString(),
    'footprint-def': definition,
  })
  app.get(FOOTPRINTS_PATH, (c) => {
    const namespaces = [...new Set(footprints.map(({ namespace }) => namespace))]
    const document = namespaces.map((namespace) => ({
      'footprint-namespace': namespace,
      'footprint-type': 'coverage',
      footprints: footprints.filter((one) => one.namespace === namespace).map((one) => print(one, c.req.url)),
    }))
    return c.body(JSON.stringify(document), 200, { ...headers, 'content-type': JSON_TYPE })
  })
  app.get(`${FOOTPRINTS_PATH}/:namespace/:name`, (c) => {
    const { namespace, name } = c.req.param()
    const found = footprints.find((one) => one.namespace === namespace && one.name === name)
    if (found === undefined) return problem(404, `there is no footprint ${name} in ${namespace}`)
    return c.body(JSON.stringify(print(found, c.req.url)), 200, { ...headers, 'content-type': JSON_TYPE })
  })
  app.get(GEOFEED_PATH, (c) =>
    geofeed === undefined
      ? problem(404, 'this CDN has no geofeed')
      : c.body(geofeed, 200, { ...headers, 'content-type': 'text/csv; charset=utf-8' }),
  )
}
