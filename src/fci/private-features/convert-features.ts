import type { JsonValue } from '../canonical-json.ts'
import { isJsonList, isJsonObject } from '../canonical-json.ts'
import { silentReading } from '../reading.ts'
import { FEATURE_LIST_TYPE, featureKey, featureOfType, typeOfFeature } from './feature-name.ts'
import type { GenericMetadata } from './generic-metadata.ts'
import { metadataTypeKey } from './generic-metadata.ts'
import type { ConfiguredFeature } from './metadata-features.ts'
import { readFeatureList } from './metadata-features.ts'

/**
 * The array with every feature of its list as a named feature ([PF] 4.2). What has no such name ("Lumen Technologies")
 * or holds a member `href`, which would make it a Link (RFC 8006 4.3.1), stays in the list. The same features are in
 * force by this array; but named features are inherited one by one and lists are not, so convert what is in force on a
 * path, not one level of a tree.
 */
export function listToNamed(metadata: readonly GenericMetadata[]): readonly GenericMetadata[] {
  const named = new Set(metadata.map(({ type }) => metadataTypeKey(type)))
  return metadata.flatMap((one) => {
    const features = isFeatureList(one) ? readFeatureList(one, '', silentReading()) : undefined
    if (features === undefined) return [one]
    const staying: ConfiguredFeature[] = []
    const converted: GenericMetadata[] = []
    for (const feature of features) {
      const type = typeOfFeature(feature)
      if (type !== undefined && named.has(metadataTypeKey(type))) continue
      if (type === undefined || holdsLink(feature.value)) staying.push(feature)
      else converted.push({ ...one, type, value: feature.value })
    }
    return staying.length === 0 ? converted : [{ ...one, value: listValue(staying) }, ...converted]
  })
}

/**
 * The array with its named features in its list ([PF] 4.2), or in a new one. The list has one set of flags for all its
 * features: named features with other flags stay as they are.
 */
export function namedToList(metadata: readonly GenericMetadata[]): readonly GenericMetadata[] {
  const list = metadata.find(isFeatureList)
  const listed = list === undefined ? [] : readFeatureList(list, '', silentReading())
  if (listed === undefined) return metadata
  const model = list ?? metadata.find((one) => convertible(one) !== undefined)
  if (model === undefined) return metadata
  const moving = metadata.filter((one) => convertible(one) !== undefined && hasFlagsOf(one, model))
  if (moving.length === 0) return metadata
  const byKey = new Map(listed.map((feature) => [featureKey(feature), listItem(feature)]))
  for (const one of moving) {
    const feature = convertible(one)
    if (feature !== undefined) byKey.set(featureKey(feature), listItem({ ...feature, value: one.value }))
  }
  const gone = new Set<GenericMetadata>(moving)
  const united: GenericMetadata = { ...model, type: FEATURE_LIST_TYPE, value: { features: [...byKey.values()] } }
  return metadata.flatMap((one) => {
    if (one === (list ?? moving[0])) return [united]
    return gone.has(one) ? [] : [one]
  })
}

function convertible(metadata: GenericMetadata): { readonly oid: string; readonly type: string } | undefined {
  const feature = featureOfType(metadata.type)
  return isJsonObject(metadata.value) && !('href' in metadata.value) ? feature : undefined
}

function hasFlagsOf(a: GenericMetadata, b: GenericMetadata): boolean {
  return (
    a.mandatoryToEnforce === b.mandatoryToEnforce &&
    a.safeToRedistribute === b.safeToRedistribute &&
    a.incomprehensible === b.incomprehensible
  )
}

function isFeatureList({ type }: GenericMetadata): boolean {
  return metadataTypeKey(type) === metadataTypeKey(FEATURE_LIST_TYPE)
}

function listValue(features: readonly ConfiguredFeature[]): JsonValue {
  return { features: features.map(listItem) }
}

function listItem({ oid, type, value }: Pick<ConfiguredFeature, 'oid' | 'type'> & { value: JsonValue }): JsonValue {
  return { 'feature-oid': oid, 'feature-type': type, 'feature-value': value }
}

/** Whether some object in it would be taken for a Link; strict where we print, although others may read it. */
function holdsLink(value: unknown): boolean {
  if (isJsonList(value)) return value.some(holdsLink)
  return isJsonObject(value) && ('href' in value || Object.values(value).some(holdsLink))
}
