import type { AdvertisedCapability } from './advertisement.ts'
import { jsonOf } from './canonical-advertisement.ts'
import { canonicalJson } from './canonical-json.ts'
import { withoutSecrets } from './capabilities/secrets.ts'
import type { Footprint } from './footprint.ts'
import { uniteFootprints } from './footprint-algebra.ts'
import { compareTexts } from './sorted-values.ts'

/** One change between two lists of capabilities. */
export interface CapabilityChange {
  readonly type: string
  /** `footprint`: the same value for other clients. */
  readonly change: 'added' | 'removed' | 'footprint'
  /** The canonical JSON of the value, shortened, without passwords and keys. */
  readonly value: string
}

const MAX_VALUE_LENGTH = 300

interface Group {
  readonly type: string
  readonly value: unknown
  readonly footprint: Footprint
}

/** Values that came, went, or are there for other clients; by type, then value. */
export function compareCapabilities(
  before: readonly AdvertisedCapability[],
  after: readonly AdvertisedCapability[],
): readonly CapabilityChange[] {
  const old = groupByValue(before)
  const now = groupByValue(after)
  const changes: CapabilityChange[] = []
  for (const [key, group] of old) {
    const other = now.get(key)
    if (other === undefined) changes.push(changeOf(group, 'removed'))
    else if (textOfFootprint(group.footprint) !== textOfFootprint(other.footprint)) {
      changes.push(changeOf(group, 'footprint'))
    }
  }
  for (const [key, group] of now) if (!old.has(key)) changes.push(changeOf(group, 'added'))
  return changes.sort((a, b) => compareTexts(a.type, b.type) || compareTexts(a.value, b.value))
}

function groupByValue(capabilities: readonly AdvertisedCapability[]): ReadonlyMap<string, Group> {
  const lists = new Map<string, { type: string; value: unknown; footprints: Footprint[] }>()
  for (const { type, value, footprint } of capabilities) {
    const key = `${type} ${canonicalJson(jsonOf(value))}`
    const list = lists.get(key)
    if (list === undefined) lists.set(key, { type, value, footprints: [footprint] })
    else list.footprints.push(footprint)
  }
  return new Map(
    [...lists].map(([key, { type, value, footprints }]) => [
      key,
      { type, value, footprint: uniteFootprints(footprints) },
    ]),
  )
}

/** Equal for equal canonical footprints. */
function textOfFootprint(footprint: Footprint): string {
  return JSON.stringify(footprint, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

function changeOf({ type, value }: Group, change: CapabilityChange['change']): CapabilityChange {
  const text = canonicalJson(withoutSecrets(jsonOf(value)))
  return { type, change, value: text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 3)}...` : text }
}
