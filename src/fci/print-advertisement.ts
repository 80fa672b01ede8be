import type { Advertisement } from './advertisement.ts'
import { canonicalCapabilities, jsonOf } from './canonical-advertisement.ts'
import type { JsonValue } from './canonical-json.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { CdnPath, WireCdnPath } from './cdn-path.ts'
import { keyOfCdnPath, printCdnPath } from './cdn-path.ts'
import { MAX_EXPRESSION_LENGTH } from './mel/lexer.ts'
import type { WireFootprint } from './print-footprints.ts'
import { printFootprint } from './print-footprints.ts'

/** An FCI Base Object on the wire (RFC 8008 5.1). */
export type WireCapability = WireCdnPath & {
  readonly 'capability-type': string
  readonly 'capability-value': JsonValue
  readonly footprints?: readonly WireFootprint[]
}

/** The envelope of RFC 8008 5. A path on it holds for every object that has none of its own. */
export type WireAdvertisement = WireCdnPath & {
  readonly capabilities: readonly WireCapability[]
}

/**
 * The strict, canonical wire form: reading it back gives the same model. A capability that nobody may use is left out,
 * because `footprints: []` would offer it to everybody; one whose footprint needs several lists becomes several objects.
 * What no list can say without doubt is withheld, which only narrows.
 */
export function printAdvertisement(advertisement: Advertisement): WireAdvertisement {
  const canonical = canonicalCapabilities(advertisement.capabilities)
  const shared = sharedPath(canonical)
  const capabilities: WireCapability[] = []
  for (const { type, value, footprint, ...path } of canonical) {
    for (const footprints of printFootprint(footprint).lists) {
      if (!isReadable(footprints)) continue
      capabilities.push({
        ...printCapability(type, value, footprints),
        ...(shared === undefined && printCdnPath(path)),
      })
    }
  }
  return { capabilities, ...(shared !== undefined && printCdnPath(shared)) }
}

/** The path of all objects, if they have one and the same. */
function sharedPath([first, ...others]: readonly CdnPath[]): CdnPath | undefined {
  if (first === undefined) return undefined
  const key = keyOfCdnPath(first)
  return others.every((other) => keyOfCdnPath(other) === key) ? first : undefined
}

/** Whether every expression is short enough to be read back. Withholding the others only narrows what is offered. */
function isReadable(footprints: unknown): boolean {
  if (isJsonList(footprints)) return footprints.every(isReadable)
  if (!isJsonObject(footprints)) return true
  const { 'footprint-type': type, 'footprint-value': value } = footprints
  if (type === 'footprintunion') return isReadable(value)
  return type !== 'expr' || !isJsonList(value) || value.every((text) => String(text).length <= MAX_EXPRESSION_LENGTH)
}

function printCapability(
  type: string,
  value: unknown,
  footprints: readonly WireFootprint[] | undefined,
): WireCapability {
  const object = { 'capability-type': type, 'capability-value': jsonOf(value) }
  return footprints === undefined ? object : { ...object, footprints }
}
