import type { PrivateFeatureId } from '../effective-capabilities.ts'

/** The type of the object that holds several private features ([PF] 3). */
export const FEATURE_LIST_TYPE = 'MI.PrivateFeatureList'

/** What the type of a named private feature begins with ([PF] 4.1). */
export const NAMED_PREFIX = 'MI.PrivateFeature.'

/** [PF] 4.1: MI.PrivateFeature.<org id>.<feature id>; the feature id may hold dots. The prefix has no case. */
const NAMED_TYPE = /^MI\.PrivateFeature\.([a-z0-9A-Z]+)\.([a-z0-9A-Z]+(?:\.[a-z0-9A-Z]+)*)$/
const OWNER = /^[a-z0-9A-Z]+$/
const FEATURE = /^[a-z0-9A-Z]+(?:\.[a-z0-9A-Z]+)*$/

/** The feature that a `generic-metadata-type` names; undefined if it names none. */
export function featureOfType(type: string): PrivateFeatureId | undefined {
  if (type.slice(0, NAMED_PREFIX.length).toLowerCase() !== NAMED_PREFIX.toLowerCase()) return undefined
  const [, oid, name] = NAMED_TYPE.exec(NAMED_PREFIX + type.slice(NAMED_PREFIX.length)) ?? []
  return oid === undefined || name === undefined ? undefined : { oid, type: name }
}

/** The type that names the feature; undefined where owner or name hold other characters than letters and digits. */
export function typeOfFeature({ oid, type }: PrivateFeatureId): string | undefined {
  return OWNER.test(oid) && FEATURE.test(type) ? `${NAMED_PREFIX}${oid}.${type}` : undefined
}

/** Equal for the same feature. */
export function featureKey({ oid, type }: PrivateFeatureId): string {
  return JSON.stringify([oid, type])
}
