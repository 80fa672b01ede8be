import type { JsonValue } from '../canonical-json.ts'
import { isJsonList, isJsonObject, toJsonValue } from '../canonical-json.ts'
import type { JsonObject } from '../capabilities/object-members.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { DiagnosticCode } from '../diagnostic-clauses.ts'
import type { PrivateFeatureId } from '../effective-capabilities.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import { FEATURE_LIST_TYPE, featureKey, featureOfType, NAMED_PREFIX } from './feature-name.ts'
import type { GenericMetadata } from './generic-metadata.ts'
import { metadataTypeKey } from './generic-metadata.ts'

/** A private feature that metadata configures, with the flags of the object that holds it. */
export interface ConfiguredFeature extends PrivateFeatureId {
  readonly value: JsonObject
  readonly form: 'list' | 'named'
  readonly mandatoryToEnforce: boolean
  readonly safeToRedistribute: boolean
  /** Not to be applied. */
  readonly incomprehensible: boolean
}

/** Metadata about private features that cannot be used. */
export interface RejectedFeature {
  readonly type: string
  /** The content must not be served, because this was to be enforced (RFC 8006 3.2). */
  readonly mandatoryToEnforce: boolean
}

export interface ConfiguredFeatures {
  /** Each feature once; in the order of the array, named ones where they stand. */
  readonly features: readonly ConfiguredFeature[]
  readonly rejected: readonly RejectedFeature[]
}

/** The `metadata` array of one level of the tree, and where it stands, for findings. */
export interface MetadataLevel {
  readonly metadata: readonly GenericMetadata[]
  readonly pointer: string
}

/** What the array of one level says of private features. */
interface Level {
  readonly list: readonly ConfiguredFeature[] | undefined
  readonly named: ReadonlyMap<string, ConfiguredFeature>
  readonly rejected: readonly (RejectedFeature & { readonly key: string })[]
}

/**
 * The private features in force where these arrays are the metadata from the host down to the path that matched
 * (RFC 8006 3.3). A child's list replaces its parent's list as a whole, since both are objects of one type; named
 * features are inherited one by one. In one array a named feature overrides the list's entry ([PF] 4); between levels,
 * of which [PF] does not speak, the nearer one does.
 */
export function featuresInForce(levels: readonly MetadataLevel[], reading: Reading): ConfiguredFeatures {
  let list: readonly ConfiguredFeature[] = []
  let named = new Map<string, ConfiguredFeature>()
  const rejected = new Map<string, RejectedFeature>()
  for (const { metadata, pointer } of levels) {
    const level = readLevel(metadata, pointer, reading)
    if (level.list !== undefined) {
      list = level.list
      rejected.delete(metadataTypeKey(FEATURE_LIST_TYPE))
      const inList = new Set(list.map(featureKey))
      named = new Map([...named].filter(([key]) => !inList.has(key)))
    }
    for (const [key, feature] of level.named) {
      named.delete(key)
      named.set(key, feature)
    }
    for (const metadataObject of metadata) rejected.delete(metadataTypeKey(metadataObject.type))
    for (const { key, ...one } of level.rejected) {
      rejected.set(key, one)
      const feature = featureOfType(one.type)
      if (feature !== undefined) named.delete(featureKey(feature))
      else list = []
    }
  }
  const features = [...list.filter((feature) => !named.has(featureKey(feature))), ...named.values()]
  return { features, rejected: [...rejected.values()] }
}

function readLevel(metadata: readonly GenericMetadata[], pointer: string, reading: Reading): Level {
  let list: readonly ConfiguredFeature[] | undefined
  const named = new Map<string, ConfiguredFeature>()
  const rejected: (RejectedFeature & { readonly key: string })[] = []
  for (const one of metadata) {
    const reject = (code: DiagnosticCode, why: string): void => {
      const { type, mandatoryToEnforce } = one
      const consequence = mandatoryToEnforce ? 'its content must not be served' : 'it is not applied'
      reading.error(code, pointer, `${quote(type)}: ${why}; ${consequence}`)
      rejected.push({ key: metadataTypeKey(type), type, mandatoryToEnforce })
    }
    if (metadataTypeKey(one.type) === metadataTypeKey(FEATURE_LIST_TYPE)) {
      list = readFeatureList(one, pointer, reading)
      if (list === undefined) reject('private-feature-list-invalid', 'the array "features" is missing, or holds others')
      continue
    }
    if (!one.type.toLowerCase().startsWith(NAMED_PREFIX.toLowerCase())) continue
    const id = featureOfType(one.type)
    if (id === undefined) reject('private-feature-name-invalid', 'it names no owner and feature ([PF] 4.1)')
    else if (!isObject(one.value)) reject('private-feature-value-invalid', 'the value of a feature is an object')
    else if ('href' in one.value) {
      reject('private-feature-href', 'a value with "href" would be taken for a Link (RFC 8006 4.3.1)')
    } else named.set(featureKey(id), { ...id, value: one.value, form: 'named', ...flagsOf(one) })
  }
  return { list, named, rejected }
}

/** Undefined if the list as a whole cannot be trusted: one entry that is left out may be the one to be enforced. */
export function readFeatureList(
  metadata: GenericMetadata,
  pointer: string,
  reading: Reading,
): readonly ConfiguredFeature[] | undefined {
  const items = isJsonObject(metadata.value) ? metadata.value['features'] : undefined
  if (!isJsonList(items)) return undefined
  const features = new Map<string, ConfiguredFeature>()
  for (const item of items) {
    const feature = readFeature(item)
    if (feature === undefined) return undefined
    const key = featureKey(feature)
    if (features.has(key)) {
      const why = `a second ${feature.type} of ${feature.oid} in one list is ignored`
      reading.warn('private-feature-repeated', pointer, why)
    } else features.set(key, { ...feature, form: 'list', ...flagsOf(metadata) })
  }
  return [...features.values()]
}

/** [PF] 3.1. Open Caching lets the value be absent, which is an empty one. */
function readFeature(item: unknown): (PrivateFeatureId & { readonly value: JsonObject }) | undefined {
  if (!isJsonObject(item)) return undefined
  const { 'feature-oid': oid, 'feature-type': type, 'feature-value': given } = item
  const value = toJsonValue(given ?? {}, MAX_OPAQUE_DEPTH)
  if (typeof oid !== 'string' || typeof type !== 'string' || value === undefined || !isObject(value)) return undefined
  return { oid, type, value }
}

function flagsOf({
  mandatoryToEnforce,
  safeToRedistribute,
  incomprehensible,
}: GenericMetadata): Pick<ConfiguredFeature, 'mandatoryToEnforce' | 'safeToRedistribute' | 'incomprehensible'> {
  return { mandatoryToEnforce, safeToRedistribute, incomprehensible }
}

function isObject(value: JsonValue): value is JsonObject {
  return isJsonObject(value)
}
