import type { JsonValue } from '../canonical-json.ts'
import { isJsonList, isJsonObject } from '../canonical-json.ts'

/** Members of `FCI.LoggingSource` transports and of whatever a peer invents. */
const SECRET_MEMBER = /password|secret|token|private-?key$|credential/i

/**
 * The value with what looks like a secret blotted out, for people and logs: `FCI.LoggingSource` holds passwords of SFTP
 * and keys of S3, and no text forbids a peer to send others.
 */
export function withoutSecrets(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return []
      const isSecret = SECRET_MEMBER.test(name) && (typeof member === 'string' || typeof member === 'number')
      return [[name, isSecret ? '[secret]' : withoutSecrets(member)] as const]
    }),
  )
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return isJsonList(value)
}

function isObject(value: JsonValue): value is { readonly [member: string]: JsonValue | undefined } {
  return isJsonObject(value)
}
