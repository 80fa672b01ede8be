import { formatEndpoint } from '../endpoint.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { JsonObject } from './object-members.ts'
import { ObjectMembers, present } from './object-members.ts'

/** `FCI.RequestRoutingInterface` (SVTA2048): where and how the dCDN answers redirection requests. */
export type WireRequestRouting = {
  /** Absent: all hosts. */
  readonly 'forwarding-hosts'?: readonly string[]
  readonly 'request-router-target'?: {
    readonly host: string
    readonly 'path-prefix'?: string
    readonly 'include-forwarding-host'?: boolean
  }
  /** `RFC7975`, `OC_RECURSIVE`. */
  readonly protocol: readonly string[]
  readonly 'oc-recursive-start'?: string
  readonly 'oc-recursive-http-methods'?: readonly string[]
  readonly 'http-version'?: string
}

export function readRequestRouting(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireRequestRouting & JsonObject) | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const hosts = members.endpoints('forwarding-hosts')
  const protocol = members.requiredNames('protocol')
  const start = members.text('oc-recursive-start')
  const methods = members.names('oc-recursive-http-methods')
  const version = members.text('http-version')
  const target = members.object('request-router-target')
  const router = target && readRouterTarget(target)
  if (!members.isSound || target?.isSound === false) return undefined
  return {
    ...members.rest(),
    protocol,
    ...present({
      'forwarding-hosts': hosts,
      'request-router-target': router,
      'oc-recursive-start': start,
      'oc-recursive-http-methods': methods,
      'http-version': version,
    }),
  }
}

function readRouterTarget(target: ObjectMembers): WireRequestRouting['request-router-target'] {
  const endpoint = target.endpoint('host')
  const prefix = target.text('path-prefix')
  const includes = target.flag('include-forwarding-host')
  if (endpoint === undefined || !target.isSound) return undefined
  return {
    ...target.rest(),
    host: formatEndpoint(endpoint),
    ...present({ 'path-prefix': prefix, 'include-forwarding-host': includes }),
  }
}

/** `FCI.SupportedMELFeatures`. The texts contradict each other on what absence means; a cautious reader assumes none. */
export function readMelFeatures(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  return members && namesOf(members, ['keywords', 'operators', 'variables', 'built-in-functions'])
}

/** `FCI.LoggingPush`: which record types and containers can be pushed, and how. */
export function readLoggingPush(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  const includes = members?.flag('allow-include-headers')
  const names =
    members && namesOf(members, ['record-types', 'container-formats', 'applied-transforms', 'sftp-public-keys'])
  return names && { ...names, ...present({ 'allow-include-headers': includes }) }
}

function namesOf(members: ObjectMembers, lists: readonly string[]): JsonObject | undefined {
  const read = Object.fromEntries(lists.map((name) => [name, members.names(name)]))
  return members.isSound ? { ...members.rest(), ...present(read) } : undefined
}

/** `FCI.MetadataExtended`: metadata objects with their contexts and properties, or a profile that names them. */
export function readMetadataExtended(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const profile = members.text('external-profile')
  const objects = members.list('supported-objects', (item, at) => readSupportedObject(item, at, reading))
  const given = members.raw('supported-mel-features')
  const mel = given === undefined ? undefined : readMelFeatures(given, members.at('supported-mel-features'), reading)
  if (!members.isSound) return undefined
  return {
    ...members.rest(),
    ...present({ 'external-profile': profile, 'supported-objects': objects, 'supported-mel-features': mel }),
  }
}

function readSupportedObject(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const name = members.requiredText('object-name')
  const checksum = members.text('object-checksum')
  const lists = namesOf(members, ['allowed-contexts', 'supported-properties'])
  return lists && { ...lists, 'object-name': name, ...present({ 'object-checksum': checksum }) }
}

/** `FCI.LoggingSource`: where log files are fetched. Its transports may hold passwords; see `withoutSecrets`. */
export function readLoggingSource(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const hosts = members.endpoints('hosts')
  const transports = members.list('transports', (item, at) => {
    const transport = ObjectMembers.of(item, at, reading)
    return transport?.rest()
  })
  return members.isSound ? { ...members.rest(), ...present({ hosts, transports }) } : undefined
}

/** `FCI.DelegatedCredentials` (RFC 9677): how many delegated certificates it takes, and the key for private keys. */
export function readDelegatedCredentials(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const count = members.requiredWhole('number-delegated-certs-supported')
  const key = members.raw('PrivateKeyEncryptionKey')
  if (key !== undefined && typeof key !== 'string') {
    members.refuse('PrivateKeyEncryptionKey', `${quote(key)} is not a JWK in a string`)
  }
  if (!members.isSound) return undefined
  return {
    ...members.rest(),
    'number-delegated-certs-supported': count,
    ...present({ PrivateKeyEncryptionKey: typeof key === 'string' ? key : undefined }),
  }
}
