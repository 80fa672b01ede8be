import type { RedirectTarget } from '../fci/effective-capabilities.ts'

export type HttpTarget = NonNullable<RedirectTarget['httpTarget']>
export type DnsTarget = NonNullable<RedirectTarget['dnsTarget']>

/** A target together with the redirecting host that named it; without one it is for all hosts. */
export interface HostTarget<Target> {
  readonly target: Target
  readonly redirectingHost?: string
}

/** Where requests to `host` (as the client wrote it, perhaps with a port) are redirected by HTTP (RFC 8804 2.5). */
export function httpTargetFor(targets: readonly RedirectTarget[], host: string): HostTarget<HttpTarget> | undefined {
  return select(targets, host, ({ httpTarget }) =>
    httpTarget !== undefined && isSafe(httpTarget) ? httpTarget : undefined,
  )
}

/** Which name queries for `host` are answered with (RFC 8804 2.4). */
export function dnsTargetFor(targets: readonly RedirectTarget[], host: string): HostTarget<DnsTarget> | undefined {
  return select(targets, host, ({ dnsTarget }) => dnsTarget)
}

/**
 * Targets that name the host come before those for all hosts, and if any does, only they count. Among these an object
 * without a target takes back those before it (RFC 8804 2); of what is left the first is taken.
 */
function select<Target>(
  targets: readonly RedirectTarget[],
  host: string,
  targetOf: (target: RedirectTarget) => Target | undefined,
): HostTarget<Target> | undefined {
  let forAll: HostTarget<Target> | undefined
  let named: HostTarget<Target> | undefined
  let isNamed = false
  for (const target of targets) {
    const found = targetOf(target)
    if (target.redirectingHosts.length === 0) {
      forAll = found === undefined ? undefined : (forAll ?? { target: found })
      continue
    }
    const redirectingHost = target.redirectingHosts.find((one) => isSameHost(one, host))
    if (redirectingHost === undefined) continue
    isNamed = true
    named = found === undefined ? undefined : (named ?? { target: found, redirectingHost })
  }
  return isNamed ? named : forAll
}

/** A host that is named without a port stands for every port. */
function isSameHost(named: string, host: string): boolean {
  const asked = host.toLowerCase()
  return asked === named || withoutPort(asked) === named
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '')
}

/** RFC 3986 3.2.2 and 3.2.3, without user information; also the form of a `Host` field. */
const HOST = /^(?:[\w.~-]{1,253}|\[[\da-fA-F:.]{2,45}\])(?::\d{1,5})?$/
/** RFC 3986 3.3: `path-absolute` that ends with a slash. */
const PATH_PREFIX = /^\/(?:[\w.~!$&'()*+,;=:@%-]+\/)*$/

/** Whether a text is a host, perhaps with a port, and nothing else. */
export function isHost(text: string): boolean {
  if (text === lastHost) return true
  if (!HOST.test(text)) return false
  lastHost = text
  return true
}

/** Most requests that follow each other are for one host. */
let lastHost: string | undefined

/** What a peer advertises goes into a header field, so it is looked at again where it is used. */
function isSafe({ host, pathPrefix }: HttpTarget): boolean {
  return HOST.test(host) && (pathPrefix === undefined || PATH_PREFIX.test(pathPrefix))
}

export interface RedirectedRequest {
  readonly scheme: 'http' | 'https'
  /** Host that the client asked for, perhaps with a port. */
  readonly host: string
  /** Path and query as the client sent them; begins with `/`. */
  readonly pathAndQuery: string
}

/** The `Location` of a redirect (RFC 8804 2.5): the client's path and query come out byte for byte. */
export function redirectLocation(chosen: HostTarget<HttpTarget>, request: RedirectedRequest): string {
  const { host, scheme, pathPrefix, includeRedirectingHost } = chosen.target
  const segment = includeRedirectingHost ? `${chosen.redirectingHost ?? request.host}/` : ''
  return `${scheme ?? request.scheme}://${host}${pathPrefix ?? '/'}${segment}${request.pathAndQuery.slice(1)}`
}
