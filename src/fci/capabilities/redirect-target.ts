import type { Endpoint } from '../endpoint.ts'
import { formatEndpoint } from '../endpoint.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { JsonObject } from './object-members.ts'
import { ObjectMembers, present } from './object-members.ts'

/** `FCI.RedirectTarget` (RFC 8804 2.3). Without any target it says that none is available for these hosts. */
export type WireRedirectTarget = {
  /** Sorted; absent: all hosts. */
  readonly 'redirecting-hosts'?: readonly string[]
  readonly 'dns-target'?: { readonly host: string }
  readonly 'http-target'?: WireHttpTarget
}

/** RFC 8804 2.5. */
export type WireHttpTarget = {
  readonly host: string
  readonly scheme?: 'http' | 'https'
  /** Begins and ends with `/`. */
  readonly 'path-prefix'?: string
  readonly 'include-redirecting-host'?: true
}

const PATH_PREFIX = /^\/(?:(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+\/)*$/

/**
 * Reads `FCI.RedirectTarget`. A target that is wrong counts as none (RFC 8804 2.3: "no target available"); an object
 * whose hosts are all wrong is left out, because without hosts it would speak of all.
 */
export function readRedirectTarget(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireRedirectTarget & JsonObject) | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const hosts = members.endpoints('redirecting-hosts')
  if (!members.isSound) return undefined
  const dns = readTarget(members, 'dns-target', reading, readDnsTarget)
  const http = readTarget(members, 'http-target', reading, readHttpTarget)
  return {
    ...members.rest(),
    ...present({ 'redirecting-hosts': hosts, 'dns-target': dns, 'http-target': http }),
  }
}

function readTarget<T>(
  members: ObjectMembers,
  name: string,
  reading: Reading,
  read: (target: ObjectMembers, reading: Reading) => T | undefined,
): T | undefined {
  const value = members.raw(name)
  if (value === undefined || value === '' || isEmptyObject(value)) return undefined
  const target = ObjectMembers.of(value, members.at(name), reading)
  return target && read(target, reading)
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** RFC 8804 2.4: a port MUST be ignored. */
function readDnsTarget(target: ObjectMembers, reading: Reading): WireRedirectTarget['dns-target'] {
  const endpoint = target.endpoint('host')
  if (endpoint === undefined) return undefined
  const { port, ...host } = endpoint
  if (port !== undefined)
    reading.warn('redirect-dns-port', target.at('host'), `the port ${port} has no place in a CNAME`)
  return { ...target.rest(), host: hostText(host) }
}

/** A CNAME or address record: without the brackets of a URL. */
function hostText({ host }: Endpoint): string {
  return host
}

function readHttpTarget(target: ObjectMembers, reading: Reading): WireHttpTarget | undefined {
  const endpoint = target.endpoint('host')
  const scheme = readScheme(target, reading)
  const prefix = readPathPrefix(target, reading)
  const includes = target.flag('include-redirecting-host')
  if (endpoint === undefined || !target.isSound) return undefined
  return {
    ...target.rest(),
    host: formatEndpoint(endpoint),
    ...present({ scheme, 'path-prefix': prefix, 'include-redirecting-host': includes === true ? includes : undefined }),
  }
}

function readScheme(target: ObjectMembers, reading: Reading): 'http' | 'https' | undefined {
  const given = target.text('scheme')
  if (given === undefined || given === '') return undefined
  const scheme = given.toLowerCase().replace(/:(?:\/\/)?$/, '')
  if ((scheme !== 'http' && scheme !== 'https') || (scheme !== given && !reading.lenient)) {
    return target.refuse('scheme', `${quote(given)} is neither "http" nor "https"`)
  }
  if (scheme !== given)
    reading.warn('capability-member-form', target.at('scheme'), `${quote(given)} is to be "${scheme}"`)
  return scheme
}

/** RFC 8804 2.5: a path-absolute of RFC 3986 3.3 that MUST end with a slash. */
function readPathPrefix(target: ObjectMembers, reading: Reading): string | undefined {
  const given = target.text('path-prefix')
  if (given === undefined || given === '') return undefined
  const repaired = `${given.startsWith('/') ? '' : '/'}${given}${given.endsWith('/') ? '' : '/'}`
  if (!PATH_PREFIX.test(repaired) || (repaired !== given && !reading.lenient)) {
    return target.refuse('path-prefix', `${quote(given)} is not an absolute path that ends with "/"`)
  }
  if (repaired !== given) {
    reading.warn('redirect-path-prefix', target.at('path-prefix'), `${quote(given)} is to be ${quote(repaired)}`)
  }
  return repaired === '/' ? undefined : repaired
}
