import { MoqError } from './moq-error.ts'

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is

/** The characters a URL path segment may hold as they are (RFC 3986 3.3), and complete percent escapes. */
const NOT_URL_SAFE = /%(?![0-9a-f]{2})|[^a-z0-9\-._~!$&'()*+,;=:@%]/giu

/** Segments that URL parsers resolve away (WHATWG URL 4.3, also in their escaped spellings). */
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i

/**
 * Joins a scope's `url` and `token` to its connect URL with exactly one `/` (draft-englishm-moq-cdn-provisioning:
 * clients connect to `{url}/{token}`). What is already URL-safe in the token stays as it is, escapes included.
 *
 * @throws MoqError `unsupported` when the token is empty, a dot segment or holds `/`, `?` or `#`; when the URL is not
 * absolute or has a query or fragment.
 */
export function joinConnectUrl(url: string, token: string): string {
  if (token === '') throw new MoqError('unsupported', 'cannot build the connect URL: the token is empty')
  if (/[/?#]/.test(token)) {
    throw new MoqError('unsupported', 'cannot build the connect URL: the token holds "/", "?" or "#"')
  }
  if (DOT_SEGMENT.test(token)) {
    throw new MoqError('unsupported', 'cannot build the connect URL: the token is a dot segment')
  }
  if (/[?#]/.test(url)) {
    throw new MoqError('unsupported', 'cannot build the connect URL: the scope URL has a query or a fragment')
  }
  const base = url.replace(/\/+$/, '')
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(base)) {
    throw new MoqError('unsupported', 'cannot build the connect URL: the scope URL is not absolute')
  }
  return `${base}/${token.replace(NOT_URL_SAFE, encodeCharacter)}`
}

/**
 * The WebSocket URL that we dial for a connect URL.
 *
 * This is our transport mapping and no standard's: real `moqt://` is QUIC or WebTransport, and npm has no QUIC for
 * Debian 12. MoQ relays such as moq-relay accept QMux over WebSocket on the same host, so `moqt:` and `https:` become
 * `wss:` with the same host, port and path (`moqt` has the default port 443), `http:` becomes `ws:`, and `ws:` and
 * `wss:` stay. On a loopback host `moqt:` becomes `ws:`, because relays of one machine have no certificate.
 *
 * @throws MoqError `unsupported` for another scheme, a URL that does not parse, or one with a fragment.
 */
export function websocketUrl(connectUrl: string): URL {
  const match = SCHEME.exec(connectUrl)
  const scheme = match?.[1]?.toLowerCase()
  const rest = match?.[2]
  if (scheme === undefined || rest === undefined) {
    throw new MoqError('unsupported', 'cannot connect: the connect URL is not absolute')
  }
  if (rest.includes('#')) throw new MoqError('unsupported', 'cannot connect: the connect URL has a fragment')
  switch (scheme) {
    case 'ws':
    case 'http':
      return parse('ws', rest)
    case 'wss':
    case 'https':
      return parse('wss', rest)
    case 'moqt': {
      const secure = parse('wss', rest)
      if (!isLoopback(secure.hostname)) return secure
      const plain = new URL(secure)
      plain.protocol = 'ws:'
      plain.port = secure.port === '' ? '443' : secure.port
      return plain
    }
    default:
      throw new MoqError('unsupported', `cannot connect: no transport for the scheme "${scheme}:"`)
  }
}

function parse(scheme: 'ws' | 'wss', rest: string): URL {
  const text = `${scheme}://${rest}`
  // Special schemes skip extra slashes, so `https:///token` would take the token for the host.
  if (/^[/\\]/.test(rest) || !URL.canParse(text)) {
    throw new MoqError('unsupported', 'cannot connect: the connect URL does not parse')
  }
  return new URL(text)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function encodeCharacter(character: string): string {
  // A lone surrogate has no UTF-8 form; encodeURIComponent would throw on it.
  return encodeURIComponent(/\p{Surrogate}/u.test(character) ? '\u{FFFD}' : character)
}
