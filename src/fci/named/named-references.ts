import type { Advertisement } from '../advertisement.ts'
import { isJsonList, isJsonObject } from '../canonical-json.ts'
import { MAX_OPAQUE_DEPTH } from '../conjunction-order.ts'
import type { Footprint } from '../footprint.ts'
import { escapePointer } from '../json-text.ts'
import { sortedTexts } from '../sorted-values.ts'

/** A `named` Footprint object somewhere in a document ([NF] 4.3). */
export interface NamedReference {
  readonly uri: string
  /** RFC 6901 pointer to the URI. */
  readonly pointer: string
}

/** The URIs that a footprint refers to, each once and in order. */
export function referencesOf(footprint: Footprint): readonly string[] {
  if (footprint.kind === 'global') return []
  return sortedTexts(footprint.anyOf.flatMap(({ named = [] }) => named.flat()))
}

/** The URIs that an advertisement refers to, in footprints and inside capability values, each once and in order. */
export function namedReferences(advertisement: Advertisement): readonly string[] {
  return sortedTexts(
    advertisement.capabilities.flatMap(({ value, footprint }) => [
      ...referencesOf(footprint),
      ...namedReferencesIn(value).map(({ uri }) => uri),
    ]),
  )
}

/**
 * Every reference in any CDNI object, such as metadata: Footprint objects at any place, in the LocationRule of a
 * LocationACL or in the value of a private feature. Looks no deeper than values are kept.
 */
export function namedReferencesIn(document: unknown): readonly NamedReference[] {
  const found: NamedReference[] = []
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (depth > 2 * MAX_OPAQUE_DEPTH) return
    if (isJsonList(value)) {
      for (const [i, item] of value.entries()) visit(item, `${pointer}/${i}`, depth + 1)
      return
    }
    if (!isJsonObject(value)) return
    const { 'footprint-type': type, 'footprint-value': values } = value
    if (typeof type === 'string' && type.toLowerCase() === 'named') collect(values, `${pointer}/footprint-value`, found)
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'object') visit(member, `${pointer}/${escapePointer(name)}`, depth + 1)
    }
  }
  visit(document, '', 0)
  return found
}

/** As elsewhere, a single value may stand outside an array. */
function collect(values: unknown, pointer: string, found: NamedReference[]): void {
  if (typeof values === 'string') found.push({ uri: values, pointer })
  if (!isJsonList(values)) return
  for (const [i, uri] of values.entries()) if (typeof uri === 'string') found.push({ uri, pointer: `${pointer}/${i}` })
}
