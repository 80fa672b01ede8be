import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { JsonObject } from './object-members.ts'
import { ObjectMembers, present } from './object-members.ts'

/** `FCI.CITEndpoint` (draft-ietf-cdni-ci-triggers-rfc8007bis). */
export type WireCitEndpoint = {
  /** Absolute http or https URL. */
  readonly 'trigger-endpoint-uri': string
  /** `v1`, `v2`. */
  readonly 'trigger-versions'?: readonly string[]
  /** Absent: all. */
  readonly 'trigger-subjects'?: readonly string[]
}

/** `FCI.CITScope`: what may be combined with an action on a subject. Absent lists mean that none is supported. */
export type WireCitScope = {
  readonly 'trigger-action': string
  readonly 'trigger-subject': string
  readonly 'trigger-specs'?: readonly string[]
  readonly 'trigger-extensions'?: readonly string[]
}

type ObjectReader = (value: unknown, pointer: string, reading: Reading) => JsonObject | undefined

export function readCitEndpoint(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireCitEndpoint & JsonObject) | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const uri = members.requiredText('trigger-endpoint-uri')
  if (members.isSound && !isHttpUrl(uri)) {
    members.refuse('trigger-endpoint-uri', `${quote(uri)} is not an absolute http or https URL`)
  }
  const versions = members.names('trigger-versions')
  const subjects = members.namesOrAll('trigger-subjects')
  if (!members.isSound) return undefined
  return {
    ...members.rest(),
    'trigger-endpoint-uri': uri,
    ...present({ 'trigger-versions': versions, 'trigger-subjects': subjects?.length === 0 ? undefined : subjects }),
  }
}

export function readCitScope(
  value: unknown,
  pointer: string,
  reading: Reading,
): (WireCitScope & JsonObject) | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const action = members.requiredText('trigger-action')
  const subject = members.requiredText('trigger-subject')
  const specs = members.names('trigger-specs')
  const extensions = members.names('trigger-extensions')
  if (!members.isSound) return undefined
  return {
    ...members.rest(),
    'trigger-action': action,
    'trigger-subject': subject,
    ...present({ 'trigger-specs': specs, 'trigger-extensions': extensions }),
  }
}

/** `FCI.CITObjectListType`, `FCI.CITUrlType`, `FCI.CITExtendedStatus`: one list, whose absence means none. */
export function optionalNamesReader(member: string): ObjectReader {
  return (value, pointer, reading) => {
    const members = ObjectMembers.of(value, pointer, reading)
    const names = members?.names(member)
    if (members === undefined || !members.isSound) return undefined
    return { ...members.rest(), [member]: names ?? [] }
  }
}

/** `FCI.CITPrivateUrlType` of the -14 draft: whether private URLs are supported; absent means no. */
export function readCitPrivateUrlType(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  const supported = members?.flag('private-url-type-support')
  if (members === undefined || !members.isSound) return undefined
  return { ...members.rest(), 'private-url-type-support': supported ?? false }
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}
