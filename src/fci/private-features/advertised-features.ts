import type { JsonValue } from '../canonical-json.ts'
import { canonicalJson, isJsonList, isJsonObject, toJsonValue } from '../canonical-json.ts'
import type { JsonObject } from '../capabilities/object-members.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Reading } from '../reading.ts'
import { compareTexts } from '../sorted-values.ts'
import { readFeatureValue } from './feature-registry.ts'

/** `FCI.PrivateFeature` ([PF] 5.1), with the value that ours may have besides. */
export type WirePrivateFeature = {
  readonly 'feature-oid': string
  readonly 'feature-type': string
  readonly 'feature-value'?: JsonValue
}

/** `FCI.PrivateFeatures` ([PF] 5): the supported features, sorted, each once; items that are none are left out. */
export function readPrivateFeatures(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const copy = toJsonValue(value, MAX_OPAQUE_DEPTH) ?? null
  const { features, feature, ...rest } = isObject(copy) ? copy : {}
  let list = features
  let at = `${pointer}/features`
  if (list === undefined && feature !== undefined && reading.lenient) {
    reading.warn('private-feature-member', pointer, 'the member is to be called "features"')
    list = feature
    at = `${pointer}/feature`
  }
  if (list !== undefined && isObject(list) && reading.lenient) {
    reading.warn('private-features-not-array', pointer, 'a single feature stands where an array belongs')
    list = [list]
  }
  if (!isJsonList(list)) {
    reading.error('capability-value-invalid', pointer, 'the array "features" is missing; the object is left out')
    return undefined
  }
  const byText = new Map<string, JsonValue>()
  for (const [i, item] of list.entries()) {
    const one = readFeature(item, `${at}/${i}`, reading)
    if (one !== undefined) byText.set(canonicalJson(one), one)
  }
  return { ...rest, features: [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, item]) => item) }
}

/** The features that a canonical `capability-value` names. */
export function featuresOf(value: unknown): readonly WirePrivateFeature[] {
  const features = isJsonObject(value) ? value['features'] : undefined
  return isJsonList(features) ? features.filter(isFeature) : []
}

function readFeature(item: unknown, pointer: string, reading: Reading): JsonValue | undefined {
  const copy = toJsonValue(item, MAX_OPAQUE_DEPTH)
  if (copy === undefined || !isFeature(copy)) {
    reading.error('private-feature-invalid', pointer, 'it lacks "feature-oid" or "feature-type"; it is left out')
    return undefined
  }
  const { 'feature-value': value, ...feature } = copy
  if (value === undefined || value === null) return feature
  const name = { oid: feature['feature-oid'], type: feature['feature-type'] }
  const read = readFeatureValue(name, value, `${pointer}/feature-value`, reading)
  return read === undefined ? feature : { ...feature, 'feature-value': read }
}

function isObject(value: JsonValue): value is JsonObject {
  return isJsonObject(value)
}

function isFeature(value: unknown): value is WirePrivateFeature & JsonObject {
  return isJsonObject(value) && typeof value['feature-oid'] === 'string' && typeof value['feature-type'] === 'string'
}
