import type { JsonValue } from '../canonical-json.ts'
import { canonicalJson, isJsonObject, toJsonValue } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import type { KnownFeature } from './known-feature.ts'
import { MOQ_RELAY_FEATURE } from './moq-relay-feature.ts'

const KNOWN_FEATURES: readonly KnownFeature[] = [MOQ_RELAY_FEATURE]

/** The schema of a feature; owner and type are compared exactly. */
export function knownFeature(oid: string, type: string): KnownFeature | undefined {
  return KNOWN_FEATURES.find((one) => one.type === type && (one.oid === undefined || one.oid === oid))
}

/**
 * The `feature-value` in canonical form. One of a feature that we do not know is kept as it is; one that its schema
 * refuses is dropped with an error, and the feature stands without details.
 */
export function readFeatureValue(
  { oid, type }: { readonly oid: string; readonly type: string },
  value: JsonValue,
  pointer: string,
  reading: Reading,
): JsonValue | undefined {
  const known = knownFeature(oid, type)
  if (known === undefined) return value
  const parsed = known.schema.safeParse(renameMembers(value, known, pointer, reading))
  const issue = parsed.error?.issues[0]
  if (issue !== undefined) {
    const place = [pointer, ...issue.path.map(String)].join('/')
    const why = `${issue.message}; the feature ${quote(type)} stands without details`
    reading.error('private-feature-value-invalid', place, why)
    return undefined
  }
  const canonical = toJsonValue(parsed.data, MAX_OPAQUE_DEPTH)
  if (canonical === undefined || canonicalJson(canonical) === canonicalJson(value)) return canonical
  if (isReordering(canonical, value)) return canonical
  const why = `its strict form is ${canonicalJson(canonical).slice(0, 200)}`
  if (reading.lenient) {
    reading.warn('private-feature-value-form', pointer, why)
    return canonical
  }
  reading.error('private-feature-value-form', pointer, `${why}; the feature stands without details`)
  return undefined
}

function renameMembers(value: JsonValue, { aliases }: KnownFeature, pointer: string, reading: Reading): JsonValue {
  if (!isJsonObject(value) || !reading.lenient) return value
  const members = Object.entries(value).map(([name, member]): readonly [string, unknown] => {
    const right = aliases.get(name)
    if (right === undefined || value[right] !== undefined) return [name, member]
    reading.warn('capability-member-name', `${pointer}/${name}`, `the member is to be called "${right}"`)
    return [right, member]
  })
  return toJsonValue(Object.fromEntries(members), MAX_OPAQUE_DEPTH) ?? value
}

/** Whether the values differ in the order and number of list items only, about which nobody need be told. */
function isReordering(a: JsonValue, b: JsonValue): boolean {
  return canonicalJson(sorted(a)) === canonicalJson(sorted(b))
}

function sorted(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return [...new Set(value.map((item: JsonValue) => canonicalJson(sorted(item))))].sort()
  return (
    toJsonValue(
      Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, member === undefined ? null : sorted(member)]),
      ),
      MAX_OPAQUE_DEPTH * 2,
    ) ?? null
  )
}
