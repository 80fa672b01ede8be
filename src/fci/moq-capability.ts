import type { AdvertisedCapability, Advertisement } from './advertisement.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { Footprint } from './footprint.ts'
import { uniteFootprints } from './footprint-algebra.ts'

/** `feature-type` under which a MoQ relay is advertised in `FCI.PrivateFeatures`; any `feature-oid` is accepted. */
export const MOQ_FEATURE_TYPE = 'MoQRelay'

/** No registered protocol type names MoQ; these are understood in `FCI.DeliveryProtocol`. */
const MOQ_PROTOCOLS: ReadonlySet<string> = new Set(['moqt', 'moq'])

/** Where the provider says that it serves MoQ: the union over the objects that say so. Undefined: it nowhere does. */
export function moqFootprint(advertisement: Advertisement): Footprint | undefined {
  const saying = advertisement.capabilities.filter(saysMoq)
  return saying.length === 0 ? undefined : uniteFootprints(saying.map(({ footprint }) => footprint))
}

/**
 * Where the provider says that it serves at all: the union over its `FCI.DeliveryProtocol` objects, or over all
 * objects if there is none of that type. Undefined for an empty advertisement, which offers nothing (RFC 9241 3.6).
 */
export function deliveryFootprint(advertisement: Advertisement): Footprint | undefined {
  const { capabilities } = advertisement
  if (capabilities.length === 0) return undefined
  const delivering = capabilities.filter(({ type }) => type === 'FCI.DeliveryProtocol')
  return uniteFootprints((delivering.length > 0 ? delivering : capabilities).map(({ footprint }) => footprint))
}

function saysMoq({ type, value }: AdvertisedCapability): boolean {
  if (!isJsonObject(value)) return false
  switch (type) {
    case 'FCI.DeliveryProtocol':
      return listOf(value['delivery-protocols']).some(
        (protocol) => typeof protocol === 'string' && MOQ_PROTOCOLS.has(protocol.toLowerCase()),
      )
    case 'FCI.PrivateFeatures':
      return listOf(value['features']).some(
        (feature) => isJsonObject(feature) && feature['feature-type'] === MOQ_FEATURE_TYPE,
      )
    default:
      return false
  }
}

function listOf(value: unknown): readonly unknown[] {
  return isJsonList(value) ? value : []
}
