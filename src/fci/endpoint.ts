import { formatAddress, parseAddress } from './prefix.ts'

/** A host, and a port if one is given (RFC 8006 4.3.3). */
export interface Endpoint {
  /** Host name in lower case, or an address in canonical form without brackets. */
  readonly host: string
  readonly isAddress: boolean
  readonly port?: number
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * Reads `host`, `host:port`, `192.0.2.1:80`, `[2001:db8::1]:81` or a bare IPv6 address (RFC 8006 4.3.3, RFC 3986 3.2).
 * Host names keep to RFC 1123 2.1, but for the underscore that the DNS knows; undefined for everything else.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  if (text.length > 300) return undefined
  const bare = parseAddress(text)
  if (bare !== undefined) return { host: formatAddress(bare), isAddress: true }
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text)
  if (parts === null) return undefined
  const [, bracketed, plain, portText] = parts
  const host = bracketed === undefined ? hostOf(plain ?? '') : bracketedHost(bracketed)
  if (host === undefined || portText === undefined) return host
  const port = Number(portText)
  return port >= 1 && port <= 65_535 ? { ...host, port } : undefined
}

/** `host`, `host:port` or `[IPv6]:port`; an IPv6 address stands in brackets, as in a URL. */
export function formatEndpoint({ host, port }: Endpoint): string {
  const text = host.includes(':') ? `[${host}]` : host
  return port === undefined ? text : `${text}:${port}`
}

function bracketedHost(text: string): Endpoint | undefined {
  const address = parseAddress(text)
  return address?.version === 6 ? { host: formatAddress(address), isAddress: true } : undefined
}

function hostOf(text: string): Endpoint | undefined {
  const address = parseAddress(text)
  if (address !== undefined) return { host: formatAddress(address), isAddress: true }
  const host = text.toLowerCase().replace(/\.$/, '')
  const labels = host.split('.')
  // A last label of digits would be taken for an IPv4 address (RFC 1123 2.1).
  const isName = host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  return isName ? { host, isAddress: false } : undefined
}
