import { isJsonList, isJsonObject } from '../../fci/canonical-json.ts'
import { type Address, formatAddress, formatPrefix, type Prefix } from '../../fci/prefix.ts'
import type { RiError } from './ri-error.ts'
import { type JsonObject, type RiReader, type RiReading, readAddress, readName, readRiObject } from './ri-reading.ts'

/** What a dCDN answers (RFC 7975 4). */
export type RedirectionResponse = RedirectedResponse | RefusedResponse

export interface RedirectedResponse {
  readonly outcome: 'redirected'
  readonly answer: DnsRedirect | HttpRedirect
  /** Clients for whom a cached response may be used again (RFC 7975 4.6); empty: the one that was asked for. */
  readonly scope: readonly Prefix[]
  /** Says something beside the answer; of class 1 (RFC 7975 4.2). */
  readonly error?: RiError
  /** The request's path with the final dCDN behind it, if it is told. */
  readonly cdnPath?: readonly string[]
}

export interface RefusedResponse {
  readonly outcome: 'refused'
  readonly error: RiError
  readonly cdnPath?: readonly string[]
}

/** The `dns` dictionary (RFC 7975 4.4.2). */
export interface DnsRedirect {
  readonly kind: 'dns'
  readonly rcode: number
  /** A-labels in lower case, without the last dot. */
  readonly name: string
  /** Never empty. */
  readonly to:
    | { readonly kind: 'addresses'; readonly a: readonly Address[]; readonly aaaa: readonly Address[] }
    | { readonly kind: 'alias'; readonly names: readonly string[] }
  /** Binds the resolver, not who caches the response. */
  readonly ttlSeconds: number
}

/** The `http` dictionary (RFC 7975 4.5.2). */
export interface HttpRedirect {
  readonly kind: 'http'
  readonly status: number
  readonly version: string
  readonly reason: string
  /** The URI that was asked for. */
  readonly uri: string
  readonly location: string
  /** Further header fields by name in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

const DNS_KEYS = ['rcode', 'name', 'a', 'aaaa', 'cname', 'ttl']
const HTTP_KEYS = ['sc-status', 'sc-version', 'sc-reason', 'cs-uri', 'sc-(location)']
const TOP_KEYS = ['dns', 'http', 'scope', 'error', 'cdn-path']
const MAX_TARGETS = 256
const MAX_TTL = 2 ** 31 - 1
const REASON = /^[\t -~]+$/
const VERSION = /^HTTP\/\d(?:\.\d)?$/
/** RFC 9110 15.4. */
const PHRASES: ReadonlyMap<number, string> = new Map([
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
])

/** The standard phrase of a status of class 3. */
export function reasonPhrase(status: number): string {
  return PHRASES.get(status) ?? 'Redirect'
}

/**
 * Reads the body of a response. Tolerated under a diagnostic: `description` for `reason`, and no `sc-version` and
 * `sc-reason`, as the examples of RFC 7975 have it; a bare list as `scope` (Open Caching). Refused with 500, which is what
 * a CDN between says to its own uCDN: neither an answer nor an error, both dictionaries, an answer that sends nowhere.
 */
export function readRedirectionResponse(value: unknown): RiReading<RedirectionResponse> {
  return readRiObject<RedirectionResponse>(500, (reader) => {
    const body = reader.object(value, '')
    reader.noteCase(body, TOP_KEYS, '')
    const { dns, http } = body
    if (dns !== undefined && http !== undefined) reader.refuse('', 'it has both "dns" and "http"')
    const cdnPath = readPath(reader, body['cdn-path'])
    const told = cdnPath === undefined ? {} : { cdnPath }
    const error = readError(reader, body['error'])
    if (dns === undefined && http === undefined) {
      if (error === undefined) return reader.refuse('', 'it has neither "dns" nor "http" nor a valid "error"')
      return { outcome: 'refused', error, ...told }
    }
    const answer =
      dns === undefined ? readHttp(reader, reader.object(http, '/http')) : readDns(reader, reader.object(dns, '/dns'))
    if (error !== undefined && error.code >= 200) {
      reader.warn('ri-error-beside-answer', '/error/error-code', 'beside an answer it is to be 1xx; the answer counts')
    }
    const scope = readScope(reader, body['scope'])
    return { outcome: 'redirected', answer, scope, ...(error === undefined ? {} : { error }), ...told }
  })
}

function readPath(reader: RiReader, value: unknown): readonly string[] | undefined {
  const path = value === undefined ? undefined : reader.path(value)
  if (value !== undefined && path === undefined) {
    reader.error('ri-key-ignored', '/cdn-path', 'it is not a list of 1 to 64 CDN Provider IDs')
  }
  return path
}

function readError(reader: RiReader, value: unknown): RiError | undefined {
  if (value === undefined) return undefined
  const error = isJsonObject(value) ? value : {}
  const code = error['error-code']
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 100 || code > 999) {
    reader.error('ri-key-ignored', '/error', 'it has no "error-code" of three digits')
    return undefined
  }
  const { reason, description } = error
  if (reason === undefined && description !== undefined) {
    reader.warn('ri-value-repaired', '/error/description', 'the text is called "reason"')
  }
  const text = reason ?? description
  if (text === undefined) return { code }
  if (typeof text === 'string' && text.length <= 8192) return { code, reason: text }
  reader.error('ri-key-ignored', '/error', 'its reason is not a text of at most 8192 characters')
  return { code }
}

function readScope(reader: RiReader, value: unknown): readonly Prefix[] {
  if (value === undefined) return []
  if (isJsonList(value)) {
    reader.warn('ri-value-repaired', '/scope', 'it is an object with the list "iprange"')
    return reader.prefixes(value, '/scope')
  }
  const ranges = isJsonObject(value) ? (value['iprange'] ?? []) : undefined
  if (isJsonList(ranges)) return reader.prefixes(ranges, '/scope/iprange')
  reader.error('ri-key-ignored', '/scope', 'it is not an object with the list "iprange"')
  return []
}

function readDns(reader: RiReader, dns: JsonObject): DnsRedirect {
  reader.noteCase(dns, DNS_KEYS, '/dns')
  const rcode = reader.integer(dns, 'rcode', '/dns', 0, 65_535)
  const name = reader.name(dns, 'name', '/dns')
  const a = targets(reader, dns['a'], '/dns/a', (text) => addressOf(text, 4))
  const aaaa = targets(reader, dns['aaaa'], '/dns/aaaa', (text) => addressOf(text, 6))
  const names = targets(reader, dns['cname'], '/dns/cname', readName)
  const hasAddresses = a.length + aaaa.length > 0
  if (hasAddresses && names.length > 0) reader.refuse('/dns/cname', 'it stands beside addresses')
  if (!hasAddresses && names.length === 0) reader.refuse('/dns', 'it has no valid target in "a", "aaaa" or "cname"')
  const to: DnsRedirect['to'] = hasAddresses ? { kind: 'addresses', a, aaaa } : { kind: 'alias', names }
  return { kind: 'dns', rcode, name, to, ttlSeconds: readTtl(reader, dns['ttl']) }
}

/** The IPv4-mapped form is no IPv6 address that a record could hold. */
function addressOf(text: string, version: 4 | 6): Address | undefined {
  const address = readAddress(text)
  return address?.version === version ? address : undefined
}

/** Those that are valid: without the others there is only less to choose from. */
function targets<Target>(
  reader: RiReader,
  value: unknown,
  pointer: string,
  read: (text: string) => Target | undefined,
): readonly Target[] {
  if (value === undefined) return []
  if (!isJsonList(value) || value.length > MAX_TARGETS) {
    reader.error('ri-key-ignored', pointer, `it is not a list of at most ${MAX_TARGETS} targets`)
    return []
  }
  return value.flatMap((item, i) => {
    const target = typeof item === 'string' ? read(item) : undefined
    if (target !== undefined) return [target]
    reader.error('ri-key-ignored', `${pointer}/${i}`, 'it is not such a target; the others are used')
    return []
  })
}

function readTtl(reader: RiReader, value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TTL) return value
  reader.error('ri-default-assumed', '/dns/ttl', 'it is not a whole number of seconds; taken as 0')
  return 0
}

function readHttp(reader: RiReader, http: JsonObject): HttpRedirect {
  reader.noteCase(http, HTTP_KEYS, '/http')
  const status = reader.integer(http, 'sc-status', '/http', 300, 399)
  const orDefault = (key: string, form: RegExp, assumed: string): string => {
    if (http[key] !== undefined) return reader.text(http, key, '/http', form)
    reader.warn('ri-default-assumed', `/http/${key}`, `it is missing; taken as "${assumed}"`)
    return assumed
  }
  return {
    kind: 'http',
    status,
    version: orDefault('sc-version', VERSION, 'HTTP/1.1'),
    reason: orDefault('sc-reason', REASON, reasonPhrase(status)),
    uri: reader.text(http, 'cs-uri', '/http'),
    location: reader.text(http, 'sc-(location)', '/http'),
    headers: reader.headers(http, 'sc', '/http', 'location'),
  }
}

/** The strict form. */
export function printRedirectionResponse(response: RedirectionResponse): JsonObject {
  const { error, cdnPath } = response
  const printed = {
    ...(error === undefined ? {} : { error: printError(error) }),
    ...(cdnPath === undefined ? {} : { 'cdn-path': cdnPath }),
  }
  if (response.outcome === 'refused') return printed
  const { answer, scope } = response
  return {
    ...(answer.kind === 'dns' ? { dns: printDns(answer) } : { http: printHttp(answer) }),
    ...(scope.length === 0 ? {} : { scope: { iprange: scope.map(formatPrefix) } }),
    ...printed,
  }
}

function printError({ code, reason }: RiError): JsonObject {
  return { 'error-code': code, ...(reason === undefined ? {} : { reason }) }
}

function printDns({ rcode, name, to, ttlSeconds }: DnsRedirect): JsonObject {
  if (to.kind === 'alias') return { rcode, name, cname: to.names, ttl: ttlSeconds }
  return {
    rcode,
    name,
    ...(to.a.length === 0 ? {} : { a: to.a.map(formatAddress) }),
    ...(to.aaaa.length === 0 ? {} : { aaaa: to.aaaa.map(formatAddress) }),
    ttl: ttlSeconds,
  }
}

function printHttp({ status, version, reason, uri, location, headers }: HttpRedirect): JsonObject {
  return {
    'sc-status': status,
    'sc-version': version,
    'sc-reason': reason,
    'cs-uri': uri,
    'sc-(location)': location,
    ...Object.fromEntries([...headers].map(([name, value]) => [`sc-(${name})`, value])),
  }
}
