import type { Advertisement } from './advertisement.ts'
import type { Footprint } from './footprint.ts'
import { uniteFootprints } from './footprint-algebra.ts'
import { saysMoq } from './merge-capabilities.ts'

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
