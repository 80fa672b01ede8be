import type { JsonValue } from '../canonical-json.ts'
import { isJsonList, isJsonObject, toJsonValue } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Reading } from '../reading.ts'
import { quote } from '../reading.ts'
import { NAMED_PREFIX } from './feature-name.ts'

/** One GenericMetadata object (RFC 8006 4.1.7). */
export interface GenericMetadata {
  /** As it came; compared without case, but for the names of private features. */
  readonly type: string
  readonly value: JsonValue
  /** Who does not understand the object must not serve the content. */
  readonly mandatoryToEnforce: boolean
  /** It may be passed on as it is. */
  readonly safeToRedistribute: boolean
  /** A CDN on the way could not make it safe: it is passed on and never applied. */
  readonly incomprehensible: boolean
}

/** The wire form, without members that have their defaults (RFC 8006 4.1.7). */
export type WireGenericMetadata = {
  readonly 'generic-metadata-type': string
  readonly 'generic-metadata-value': JsonValue
  readonly 'mandatory-to-enforce'?: false
  readonly 'safe-to-redistribute'?: false
  readonly incomprehensible?: true
}

/**
 * Reads a `metadata` array. Of objects of one type only the first counts (RFC 8006 3.3). A flag that is no boolean
 * has the value that permits less.
 */
export function readMetadataArray(value: unknown, pointer: string, reading: Reading): readonly GenericMetadata[] {
  if (!isJsonList(value)) {
    reading.error('metadata-invalid', pointer, `${quote(value)} is not an array of GenericMetadata`)
    return []
  }
  const byType = new Map<string, GenericMetadata>()
  for (const [i, item] of value.entries()) {
    const at = `${pointer}/${i}`
    const metadata = readGenericMetadata(item, at, reading)
    if (metadata === undefined) continue
    const key = metadataTypeKey(metadata.type)
    if (byType.has(key)) {
      reading.warn('metadata-type-repeated', at, `a second ${quote(metadata.type)} in one array is ignored`)
    } else byType.set(key, metadata)
  }
  return [...byType.values()]
}

export function printGenericMetadata(metadata: GenericMetadata): WireGenericMetadata {
  return {
    'generic-metadata-type': metadata.type,
    'generic-metadata-value': metadata.value,
    ...(metadata.mandatoryToEnforce ? {} : { 'mandatory-to-enforce': false }),
    ...(metadata.safeToRedistribute ? {} : { 'safe-to-redistribute': false }),
    ...(metadata.incomprehensible ? { incomprehensible: true } : {}),
  }
}

/** Equal for types that are the same: without case, but for owner and name of a private feature. */
export function metadataTypeKey(type: string): string {
  const prefix = type.slice(0, NAMED_PREFIX.length).toLowerCase()
  return prefix === NAMED_PREFIX.toLowerCase() ? prefix + type.slice(NAMED_PREFIX.length) : type.toLowerCase()
}

function readGenericMetadata(item: unknown, pointer: string, reading: Reading): GenericMetadata | undefined {
  const type = isJsonObject(item) ? item['generic-metadata-type'] : undefined
  const given = isJsonObject(item) ? item['generic-metadata-value'] : undefined
  const value = given === undefined ? undefined : toJsonValue(given, MAX_OPAQUE_DEPTH)
  if (!isJsonObject(item) || typeof type !== 'string' || type === '' || value === undefined) {
    const why = 'it lacks "generic-metadata-type" or "generic-metadata-value"; it is left out'
    reading.error('metadata-invalid', pointer, why)
    return undefined
  }
  const flag = (name: string, byDefault: boolean, cautious: boolean): boolean => {
    const flagValue = item[name]
    if (flagValue === undefined || flagValue === null) return byDefault
    if (typeof flagValue === 'boolean') return flagValue
    reading.error('metadata-flag-invalid', `${pointer}/${name}`, `${quote(flagValue)} is read as ${cautious}`)
    return cautious
  }
  return {
    type,
    value,
    mandatoryToEnforce: flag('mandatory-to-enforce', true, true),
    safeToRedistribute: flag('safe-to-redistribute', true, false),
    incomprehensible: flag('incomprehensible', false, true),
  }
}
