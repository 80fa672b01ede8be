import type { JsonValue } from './canonical-json.ts'
import { canonicalJson, isJsonList, isJsonObject, toJsonValue } from './canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from './footprint-algebra.ts'
import type { Reading } from './reading.ts'
import { quote } from './reading.ts'
import { compareTexts } from './sorted-values.ts'

/** The list of names that is the whole value of these types (RFC 8008 5.3, 5.4, 5.5, 5.7). */
const NAME_LISTS: ReadonlyMap<string, string> = new Map([
  ['FCI.DeliveryProtocol', 'delivery-protocols'],
  ['FCI.AcquisitionProtocol', 'acquisition-protocols'],
  ['FCI.RedirectionMode', 'redirection-modes'],
  ['FCI.Metadata', 'metadata'],
])

/** Spelling of the capability types that we have heard of; all others are kept as they come. */
const KNOWN_TYPES: ReadonlyMap<string, string> = new Map(
  [
    ...NAME_LISTS.keys(),
    'FCI.Logging',
    'FCI.PrivateFeatures',
    'FCI.RedirectTarget',
    'FCI.CapacityLimits',
    'FCI.Telemetry',
    'FCI.DelegatedCredentials',
  ].map((type) => [type.toLowerCase(), type]),
)

/** The registry's spelling of a capability type (RFC 7736 2.2; compared without case on input). */
export function capabilityTypeOf(type: string): string {
  return KNOWN_TYPES.get(type.toLowerCase()) ?? type
}

/**
 * Whether several objects of this type with one value say the same as one object with the union of their footprints
 * (RFC 9241 3.6). Not so for limits, which would be shared, nor for types whose order or meaning we do not know.
 */
export function isMergeable(type: string): boolean {
  return NAME_LISTS.has(type) || type === 'FCI.Logging' || type === 'FCI.PrivateFeatures'
}

/** The value in canonical form, or undefined (with an error reported) if it is not what its type demands. */
export function readCapabilityValue(
  type: string,
  value: unknown,
  pointer: string,
  reading: Reading,
): JsonValue | undefined {
  const copy = toJsonValue(value, MAX_OPAQUE_DEPTH)
  if (copy === undefined) {
    reading.error(
      'capability-value-invalid',
      pointer,
      'the value is missing or nested too deep; the object is left out',
    )
    return undefined
  }
  const list = NAME_LISTS.get(type)
  if (list !== undefined) return readNameList(list, copy, pointer, reading)
  switch (type) {
    case 'FCI.Logging':
      return readLogging(copy, pointer, reading)
    case 'FCI.PrivateFeatures':
      return readPrivateFeatures(copy, pointer, reading)
    default:
      return copy
  }
}

function readNameList(member: string, value: JsonValue, pointer: string, reading: Reading): JsonValue | undefined {
  if (isJsonList(value) && reading.lenient) {
    reading.warn('capability-value-bare-list', pointer, `the list is to stand in a member "${member}" (RFC 8008 5)`)
    return { [member]: readNames(value, pointer, reading) }
  }
  const names = isJsonObject(value) ? value[member] : undefined
  if (!isJsonObject(value) || !isJsonList(names)) {
    reading.error('capability-value-invalid', pointer, `the array "${member}" is missing; the object is left out`)
    return undefined
  }
  return { ...value, [member]: readNames(names, `${pointer}/${member}`, reading) }
}

function readNames(values: readonly unknown[], pointer: string, reading: Reading): readonly string[] {
  const names = new Set<string>()
  for (const [i, value] of values.entries()) {
    if (typeof value === 'string') names.add(value)
    else reading.error('capability-name-invalid', `${pointer}/${i}`, `${quote(value)} is not a string; it is left out`)
  }
  return [...names].sort(compareTexts)
}

/** RFC 8008 5.6: without `fields` all optional fields are supported, with an empty list none. */
function readLogging(value: JsonValue, pointer: string, reading: Reading): JsonValue | undefined {
  if (!isJsonObject(value) || typeof value['record-type'] !== 'string') {
    reading.error('capability-value-invalid', pointer, 'the string "record-type" is missing; the object is left out')
    return undefined
  }
  const fields = value['fields']
  if (fields === undefined) return { ...value }
  if (isJsonList(fields)) return { ...value, fields: readNames(fields, `${pointer}/fields`, reading) }
  reading.error('capability-value-invalid', `${pointer}/fields`, 'it is not an array; the object is left out')
  return undefined
}

/** draft-warshavsky-private-features-metadata-02 5: objects with `feature-oid` and `feature-type`. */
function readPrivateFeatures(value: JsonValue, pointer: string, reading: Reading): JsonValue | undefined {
  const { features, feature, ...rest } = isJsonObject(value) ? value : {}
  let list = features
  if (list === undefined && feature !== undefined && reading.lenient) {
    reading.warn('private-feature-member', pointer, 'the member is to be called "features"')
    list = feature
  }
  if (isJsonObject(list) && reading.lenient) {
    reading.warn('private-features-not-array', pointer, 'a single feature stands where an array belongs')
    list = [list]
  }
  if (!isJsonList(list)) {
    reading.error('capability-value-invalid', pointer, 'the array "features" is missing; the object is left out')
    return undefined
  }
  const byText = new Map<string, JsonValue>()
  for (const [i, item] of list.entries()) {
    const copy = toJsonValue(item, MAX_OPAQUE_DEPTH)
    if (copy !== undefined && isFeature(copy)) byText.set(canonicalJson(copy), copy)
    else
      reading.error(
        'private-feature-invalid',
        `${pointer}/features/${i}`,
        'it lacks "feature-oid" or "feature-type"; it is left out',
      )
  }
  return { ...rest, features: [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, item]) => item) }
}

function isFeature(value: JsonValue): boolean {
  return isJsonObject(value) && typeof value['feature-oid'] === 'string' && typeof value['feature-type'] === 'string'
}
