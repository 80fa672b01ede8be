import type { AdvertisedCapability } from '../advertisement.ts'
import { canonicalJson, isJsonObject, toJsonValue } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import { subtractFootprints, subtractWherePossible } from '../subtract-footprints.ts'
import { descend } from './named-footprint.ts'
import { referencesOf } from './named-references.ts'
import type { NamedRegistry } from './named-registry.ts'

/** Most redirect targets that are compared with one another. */
const MAX_TARGETS = 200

/**
 * Of two redirect targets for the same hosts the one for the lower-level footprint counts ([NF] 2.2). It is taken out
 * of the footprint of the other, and where no footprint can say that, it stands before the other, since of several the
 * first counts (RFC 8804 2.3). Other capabilities do not contradict each other: they add up, or all hold.
 * @param asked - the capabilities with their references; `resolved` are the same without.
 */
export function preferLowestLevel(
  asked: readonly AdvertisedCapability[],
  resolved: readonly AdvertisedCapability[],
  registry: NamedRegistry,
): readonly AdvertisedCapability[] {
  const targets = asked.flatMap(({ type, value, footprint }, position) => {
    const uris = type === 'FCI.RedirectTarget' ? referencesOf(footprint) : []
    return uris.length === 0 ? [] : [{ position, uris, hosts: hostsOf(value) }]
  })
  if (targets.length < 2 || targets.length > MAX_TARGETS) return resolved
  const below = new Map(targets.flatMap(({ uris }) => uris).map((uri) => [uri, urisBelow(uri, registry)] as const))
  const changed = [...resolved]
  const order = resolved.map((_, position) => position)
  for (const upper of targets) {
    for (const lower of targets) {
      const isLower = lower.uris.every((uri) => upper.uris.some((above) => below.get(above)?.has(uri)))
      const [one, other] = [changed[upper.position], changed[lower.position]]
      if (!isLower || upper.hosts !== lower.hosts || one === undefined || other === undefined) continue
      const footprint = subtractWherePossible(one.footprint, other.footprint) ?? one.footprint
      changed[upper.position] = { ...one, footprint }
      if (subtractFootprints(one.footprint, other.footprint) === undefined)
        putBefore(order, lower.position, upper.position)
    }
  }
  return order.flatMap((position) => changed[position] ?? [])
}

/** Equal for equal lists of redirecting hosts (RFC 8804 2.3). */
function hostsOf(value: unknown): string {
  const hosts = isJsonObject(value) ? value['redirecting-hosts'] : undefined
  return canonicalJson(toJsonValue(hosts ?? [], MAX_OPAQUE_DEPTH) ?? [])
}

/** The URIs of all sub-footprints, at any depth. */
function urisBelow(uri: string, registry: NamedRegistry): ReadonlySet<string> {
  const held = registry.get(uri)
  const uris = held === undefined ? [] : [...descend(held.footprint)].flatMap((footprint) => footprint.uri ?? [])
  return new Set(uris.filter((one) => one !== uri))
}

function putBefore(order: number[], first: number, second: number): void {
  const [from, to] = [order.indexOf(first), order.indexOf(second)]
  if (from <= to) return
  order.splice(from, 1)
  order.splice(to, 0, first)
}
