import type { AdvertisedCapability } from '../fci/advertisement.ts'
import { canonicalJson } from '../fci/canonical-json.ts'
import type { WireCapacityLimit } from '../fci/capabilities/capacity.ts'
import type { CdnPath } from '../fci/cdn-path.ts'
import { keyOfCdnPath } from '../fci/cdn-path.ts'
import type { Footprint } from '../fci/footprint.ts'
import { printFootprint } from '../fci/print-footprints.ts'
import { compareTexts } from '../fci/sorted-values.ts'
import { isSameFootprint } from './one-list.ts'

/** A limit of one provider, on what is told of its footprint. */
export interface ContributedLimit {
  readonly provider: string
  readonly limit: WireCapacityLimit
  readonly footprint: Footprint
  readonly path: CdnPath
}

/** Limits of these types add up over CDNs that serve the same clients (RFC 9808 2.2.3); of others the lowest counts. */
const ADDITIVE: ReadonlySet<string> = new Set(['egress', 'requests', 'sessions', 'storage-size', 'storage-objects'])

interface Group {
  readonly type: string
  readonly byProvider: ReadonlyMap<string, readonly WireCapacityLimit[]>
}

/** All limits on one footprint that came on one way. */
interface Place {
  readonly footprint: Footprint
  readonly path: CdnPath
  readonly byType: Map<string, Map<string, WireCapacityLimit[]>>
}

/**
 * One `FCI.CapacityLimits` object for each footprint: what all CDNs together can take there, less the reserve. Limits
 * on different footprints, or that came on different ways, stay apart, and since all limits apply together the peer
 * sees too little rather than too much.
 *
 * @param nameOf - a name that is stable over time, for a text that identifies a limit.
 * @param sourceOf - the telemetry source of a provider's limit under the name that peers know, if they know it.
 */
export function sumLimits(
  contributed: readonly ContributedLimit[],
  reserveShare: number,
  nameOf: (text: string) => string,
  sourceOf: (provider: string, limit: WireCapacityLimit) => WireCapacityLimit['telemetry-source'],
): readonly AdvertisedCapability[] {
  const places: Place[] = []
  for (const { provider, limit, footprint, path } of contributed) {
    const place = placeIn(places, footprint, path)
    const type = limit['limit-type']
    const byProvider = place.byType.get(type) ?? new Map<string, WireCapacityLimit[]>()
    place.byType.set(type, byProvider)
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), limit])
  }
  return places
    .map(({ footprint, path, byType }) => ({ footprint, path, byType, key: keyOfPlace(footprint, path) }))
    .sort((a, b) => compareTexts(a.key, b.key))
    .map(({ footprint, path, byType, key }) => ({
      type: 'FCI.CapacityLimits',
      value: {
        limits: [...byType]
          .sort(([a], [b]) => compareTexts(a, b))
          .map(([type, byProvider]) => ({
            id: nameOf(`${key} ${type}`),
            ...joinLimits({ type, byProvider }, reserveShare, sourceOf),
          })),
      },
      footprint,
      ...path,
    }))
}

function placeIn(places: Place[], footprint: Footprint, path: CdnPath): Place {
  const key = keyOfCdnPath(path)
  const found = places.find((one) => keyOfCdnPath(one.path) === key && isSameFootprint(one.footprint, footprint))
  if (found !== undefined) return found
  const place: Place = { footprint, path, byType: new Map() }
  places.push(place)
  return place
}

function keyOfPlace(footprint: Footprint, path: CdnPath): string {
  return `${canonicalJson(printFootprint(footprint).lists.map((list) => list ?? null))} ${keyOfCdnPath(path)}`
}

function joinLimits(
  { type, byProvider }: Group,
  reserveShare: number,
  sourceOf: (provider: string, limit: WireCapacityLimit) => WireCapacityLimit['telemetry-source'],
): Omit<WireCapacityLimit, 'id'> {
  const lowest = [...byProvider.values()].map((limits) => ({
    hard: Math.min(...limits.map((limit) => limit['maximum-hard'])),
    soft: Math.min(...limits.map((limit) => limit['maximum-soft'] ?? limit['maximum-hard'])),
  }))
  const join = (values: readonly number[]): number => {
    const joined = ADDITIVE.has(type) ? values.reduce((sum, value) => sum + value, 0) : Math.min(...values)
    return Math.floor(Math.min(joined, Number.MAX_SAFE_INTEGER) * (1 - reserveShare))
  }
  const hard = join(lowest.map((one) => one.hard))
  const soft = join(lowest.map((one) => one.soft))
  const [only, ...others] = byProvider
  const [limit, ...further] = only?.[1] ?? []
  const isOne = only !== undefined && limit !== undefined && others.length === 0 && further.length === 0
  const source = isOne ? sourceOf(only[0], limit) : undefined
  return {
    'limit-type': type,
    'maximum-hard': hard,
    ...(soft < hard ? { 'maximum-soft': soft } : {}),
    ...(source === undefined ? {} : { 'telemetry-source': source }),
  }
}
