import { type Address, formatAddress, formatPrefix, type Prefix } from '../../fci/prefix.ts'
import { type JsonObject, type RiReader, type RiReading, readRiObject } from './ri-reading.ts'

/** What a uCDN asks a dCDN: where to send this user (RFC 7975 4). */
export interface RedirectionRequest {
  readonly asked: DnsQuestion | HttpQuestion
  /** CDN Provider IDs of the CDNs that the request came through, the sender's last; never empty. */
  readonly cdnPath: readonly string[]
  /** Most ids that `cdnPath` may hold where it arrives; absent: no limit. */
  readonly maxHops?: number
}

/** The `dns` dictionary (RFC 7975 4.4.1). */
export interface DnsQuestion {
  readonly kind: 'dns'
  readonly resolver: Address
  readonly qtype: 'A' | 'AAAA'
  /** In capitals. */
  readonly qclass: string
  /** A-labels in lower case, without the last dot. */
  readonly qname: string
  readonly clientSubnet?: Prefix
  /** The answer must name surrogates, not request routers. */
  readonly dnsOnly: boolean
}

/** The `http` dictionary (RFC 7975 4.5.1). */
export interface HttpQuestion {
  readonly kind: 'http'
  readonly client: Address
  /** The effective request URI, as the user agent asked for it. */
  readonly uri: string
  readonly method: string
  /** `HTTP/1.1`. */
  readonly version: string
  /** Values by header name in lower case; cookies are not among them (RFC 7975 4.1). */
  readonly headers: ReadonlyMap<string, string>
}

const TOP_KEYS = ['dns', 'http', 'cdn-path', 'max-hops']
const DNS_KEYS = ['resolver-ip', 'qtype', 'qclass', 'qname', 'c-subnet', 'dns-only']
const HTTP_KEYS = ['c-ip', 'cs-uri', 'cs-method', 'cs-version']
const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,64}$/
const URI = /^[a-z][a-z0-9+.-]*:\/\/[!-~]+$/i
const VERSION = /^HTTP\/\d(?:\.\d)?$/
const CLASS = /^[a-z0-9]{1,16}$/i

/**
 * Reads the body of a request. Unknown keys are ignored, as are invalid ones that are optional; of `dns-only` and
 * `max-hops`, which limit us, the stricter meaning is assumed instead, whose answer is right under both. Refused with
 * 400: no or both dictionaries, a mandatory key missing or invalid, a `cdn-path` that cannot be read.
 */
export function readRedirectionRequest(value: unknown): RiReading<RedirectionRequest> {
  return readRiObject(400, (reader) => {
    const body = reader.object(value, '')
    reader.noteCase(body, TOP_KEYS, '')
    const { dns, http } = body
    if (dns !== undefined && http !== undefined) reader.refuse('', 'it has both "dns" and "http"')
    if (dns === undefined && http === undefined) reader.refuse('', 'it has neither "dns" nor "http"')
    const asked =
      dns === undefined ? readHttp(reader, reader.object(http, '/http')) : readDns(reader, reader.object(dns, '/dns'))
    if (body['cdn-path'] === undefined) reader.refuse('/cdn-path', 'it is missing')
    const cdnPath =
      reader.path(body['cdn-path']) ??
      reader.refuse('/cdn-path', 'it is not a list of 1 to 64 CDN Provider IDs such as "AS64496:0"')
    const maxHops = readMaxHops(reader, body['max-hops'], cdnPath.length)
    return { asked, cdnPath, ...(maxHops === undefined ? {} : { maxHops }) }
  })
}

function readDns(reader: RiReader, dns: JsonObject): DnsQuestion {
  reader.noteCase(dns, DNS_KEYS, '/dns')
  const resolver = reader.address(dns, 'resolver-ip', '/dns')
  const qtype = inCapitals(reader, reader.text(dns, 'qtype', '/dns'), '/dns/qtype')
  if (qtype !== 'A' && qtype !== 'AAAA') return reader.refuse('/dns/qtype', 'it is neither "A" nor "AAAA"')
  const qclass = inCapitals(reader, reader.text(dns, 'qclass', '/dns', CLASS), '/dns/qclass')
  const qname = reader.name(dns, 'qname', '/dns')
  const subnet = dns['c-subnet']
  const clientSubnet = subnet === undefined ? undefined : reader.prefix(subnet, '/dns/c-subnet')
  const dnsOnly = readDnsOnly(reader, dns['dns-only'])
  return { kind: 'dns', resolver, qtype, qclass, qname, ...(clientSubnet && { clientSubnet }), dnsOnly }
}

function inCapitals(reader: RiReader, text: string, pointer: string): string {
  const capitals = text.toUpperCase()
  if (capitals !== text) reader.warn('ri-value-repaired', pointer, 'it is written in capitals')
  return capitals
}

function readDnsOnly(reader: RiReader, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  reader.error('ri-stricter-assumed', '/dns/dns-only', 'it is not a boolean; taken as true')
  return true
}

function readMaxHops(reader: RiReader, value: unknown, hops: number): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  reader.error('ri-stricter-assumed', '/max-hops', 'it is not a whole number; the request goes no further than here')
  return hops
}

function readHttp(reader: RiReader, http: JsonObject): HttpQuestion {
  reader.noteCase(http, HTTP_KEYS, '/http')
  return {
    kind: 'http',
    client: reader.address(http, 'c-ip', '/http'),
    uri: reader.text(http, 'cs-uri', '/http', URI),
    method: reader.text(http, 'cs-method', '/http', TOKEN),
    version: reader.text(http, 'cs-version', '/http', VERSION),
    headers: reader.headers(http, 'cs', '/http'),
  }
}

/** The strict form. Addresses are in canonical form (RFC 5952); cookies are never sent. */
export function printRedirectionRequest({ asked, cdnPath, maxHops }: RedirectionRequest): JsonObject {
  return {
    ...(asked.kind === 'dns' ? { dns: printDns(asked) } : { http: printHttp(asked) }),
    'cdn-path': cdnPath,
    ...(maxHops === undefined ? {} : { 'max-hops': maxHops }),
  }
}

function printDns({ resolver, qtype, qclass, qname, clientSubnet, dnsOnly }: DnsQuestion): JsonObject {
  return {
    'resolver-ip': formatAddress(resolver),
    ...(clientSubnet === undefined ? {} : { 'c-subnet': formatPrefix(clientSubnet) }),
    qtype,
    qclass,
    qname,
    ...(dnsOnly ? { 'dns-only': true } : {}),
  }
}

function printHttp({ client, uri, method, version, headers }: HttpQuestion): JsonObject {
  const sent = [...headers].filter(([name]) => name !== 'cookie')
  return {
    'c-ip': formatAddress(client),
    'cs-uri': uri,
    'cs-method': method,
    'cs-version': version,
    ...Object.fromEntries(sent.map(([name, value]) => [`cs-(${name})`, value])),
  }
}

/** The addresses that are to be routed: of the user agent, else the subnet that its resolver tells, else the resolver. */
export function clientOf({ asked }: RedirectionRequest): Prefix {
  if (asked.kind === 'dns' && asked.clientSubnet !== undefined) return asked.clientSubnet
  const address = asked.kind === 'dns' ? asked.resolver : asked.client
  return { ...address, length: address.version === 4 ? 32 : 128 }
}
