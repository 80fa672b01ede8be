import type { AdvertisedCapability } from './advertisement.ts'
import type { JsonValue } from './canonical-json.ts'
import { canonicalJson, toJsonValue } from './canonical-json.ts'
import { isMergeable } from './capability-value.ts'
import type { CdnPath } from './cdn-path.ts'
import { keyOfCdnPath } from './cdn-path.ts'
import { MAX_OPAQUE_DEPTH } from './conjunction-order.ts'
import type { Footprint } from './footprint.ts'
import { uniteFootprints } from './footprint-algebra.ts'
import { compareTexts } from './sorted-values.ts'

/**
 * Sorted by type and value, objects of one mergeable type, value and path joined. Objects of other types keep their number
 * and their order among each other, which may carry meaning (RFC 8804 2.3, RFC 9808).
 */
export function canonicalCapabilities(capabilities: readonly AdvertisedCapability[]): readonly AdvertisedCapability[] {
  const groups = new Map<string, { type: string; value: unknown; path: CdnPath; footprints: Footprint[] }>()
  for (const [i, { type, value, footprint, ...path }] of capabilities.entries()) {
    const key = isMergeable(type) ? `${type} ${canonicalJson(jsonOf(value))} ${keyOfCdnPath(path)}` : `${type} ${i}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { type, value, path, footprints: [footprint] })
    else group.footprints.push(footprint)
  }
  return [...groups]
    .sort(
      ([keyA, a], [keyB, b]) => compareTexts(a.type, b.type) || (isMergeable(a.type) ? compareTexts(keyA, keyB) : 0),
    )
    .map(([, { type, value, path, footprints }]) => ({ type, value, footprint: uniteFootprints(footprints), ...path }))
}

/** A capability's value as JSON; throws TypeError if a model was built with anything else. */
export function jsonOf(value: unknown): JsonValue {
  const json = toJsonValue(value, MAX_OPAQUE_DEPTH)
  if (json === undefined) throw new TypeError(`a capability value must be JSON no deeper than ${MAX_OPAQUE_DEPTH}`)
  return json
}
