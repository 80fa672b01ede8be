/** How long an answer may be used, in seconds from its arrival. Absent: the answer does not say. */
export interface Freshness {
  /** RFC 9111 4.2.1: `max-age`, else `Expires`; what the answer had aged on its way is subtracted. Never negative. */
  readonly freshSeconds?: number
  /** RFC 5861 3, counted from the end of freshness. */
  readonly staleWhileRevalidateSeconds?: number
  /** RFC 5861 4, counted from the end of freshness. */
  readonly staleIfErrorSeconds?: number
}

/** Header fields as node and undici give them, with names in lower case. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>

/** RFC 9111 1.2.2: larger numbers mean this one. */
const MAX_DELTA_SECONDS = 2_147_483_648
const DIRECTIVE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?/g

/** Reads `Cache-Control`, `Expires`, `Date` and `Age`. What cannot be read counts as absent. */
export function readFreshness(headers: HeaderFields, now: number): Freshness {
  const directives = readDirectives(fieldText(headers, 'cache-control') ?? '')
  const lifetime = lifetimeOf(directives, headers, now)
  const age = deltaSeconds(fieldText(headers, 'age')) ?? 0
  const whileRevalidate = deltaSeconds(directives.get('stale-while-revalidate'))
  const ifError = deltaSeconds(directives.get('stale-if-error'))
  return {
    ...(lifetime === undefined ? {} : { freshSeconds: Math.max(0, lifetime - age) }),
    ...(whileRevalidate === undefined ? {} : { staleWhileRevalidateSeconds: whileRevalidate }),
    ...(ifError === undefined ? {} : { staleIfErrorSeconds: ifError }),
  }
}

/** One field as text; several of a name are joined as RFC 9110 5.3 says. */
export function fieldText(headers: HeaderFields, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.join(', ')
}

function readDirectives(text: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>()
  for (const [, name = '', quoted, token] of text.matchAll(DIRECTIVE)) {
    const key = name.toLowerCase()
    // RFC 9111 4.2.1: of conflicting ones the first, or treat it as stale; the first is what proxies do.
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? '')
  }
  return directives
}

function lifetimeOf(directives: ReadonlyMap<string, string>, headers: HeaderFields, now: number): number | undefined {
  if (directives.has('no-cache') || directives.has('no-store')) return 0
  const maxAge = deltaSeconds(directives.get('max-age'))
  if (maxAge !== undefined) return maxAge
  const text = fieldText(headers, 'expires')
  if (text === undefined) return undefined
  const expires = Date.parse(text)
  // RFC 9111 5.3: an invalid date, "0" above all, lies in the past.
  if (Number.isNaN(expires)) return 0
  const date = Date.parse(fieldText(headers, 'date') ?? '')
  return Math.min(Math.max(0, (expires - (Number.isNaN(date) ? now : date)) / 1000), MAX_DELTA_SECONDS)
}

function deltaSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), MAX_DELTA_SECONDS) : undefined
}
