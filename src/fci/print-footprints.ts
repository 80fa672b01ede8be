import { jsonOf } from './canonical-advertisement.ts'
import type { JsonValue } from './canonical-json.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { compareConjunctions, footprintOf } from './footprint-algebra.ts'
import { printCondition } from './mel/print-condition.ts'
import { formatPrefix } from './prefix.ts'
import { holdsEveryAddress } from './prefix-set.ts'
import { compareTexts } from './sorted-values.ts'

/** A Footprint object on the wire (RFC 8006 4.2.2.2). */
export type WireFootprint = {
  readonly 'footprint-type': string
  readonly 'footprint-value': JsonValue
}

/**
 * One `footprints` list per FCI Base Object needed, undefined standing for "leave the member out" (global).
 * No list is ever empty, because that would mean everybody; a footprint of nobody gives no list at all.
 * A list holds each type once and at most one union, so that it means the same under every reading of RFC 9388 2.2.
 */
export function printFootprint(footprint: Footprint): readonly (readonly WireFootprint[] | undefined)[] {
  if (footprint.kind === 'global') return [undefined]
  const canonical = footprintOf(footprint.anyOf)
  const conjunctions = canonical.kind === 'some' ? canonical.anyOf : []
  if (conjunctions.length === 0) return []
  const together = printTogether(conjunctions)
  if (together !== undefined) return [together]

  const groups = [conjunctions.filter(isSingle)]
  for (const conjunction of conjunctions) if (!isSingle(conjunction)) groups.push([conjunction])
  return groups.filter((group) => group.length > 0).map((group) => printTogether(group) ?? [])
}

/**
 * What all conjunctions share, and a union of the one part in which each differs. Undefined if they do not fit that;
 * a single conjunction and conjunctions of one part each always do.
 */
function printTogether(conjunctions: readonly Conjunction[]): readonly WireFootprint[] | undefined {
  const [first = [], ...others] = conjunctions.map(splitParts)
  const shared = first.filter((part) => others.every((parts) => holds(parts, part)))
  const shown = shared.map(printPart)
  const differing =
    others.length === 0 ? [] : [first, ...others].map((parts) => parts.filter((part) => !holds(shared, part)))
  const alternatives: Conjunction[] = []
  for (const parts of differing) {
    const [part] = parts
    if (part === undefined || parts.length > 1) return undefined
    alternatives.push(part)
  }
  const bothFamilies = shown.find((objects) => objects.length > 1)
  if (alternatives.length === 0)
    return [...sortObjects(shown.filter((objects) => objects.length === 1).flat()), ...unite(bothFamilies ?? [])]

  // Alternatives of one type would come back as one value list, in another grouping than they left.
  const known = alternatives.filter((part) => !isOpaque(part)).map((part) => Object.keys(part)[0])
  if (bothFamilies !== undefined || new Set(known).size < known.length) return undefined
  return [...sortObjects(shown.flat()), ...unite(alternatives.flatMap(printPart))]
}

function isSingle(conjunction: Conjunction): boolean {
  return splitParts(conjunction).length === 1
}

/** Whether a part comes back as it was, whatever stands beside it in a union. */
function isOpaque({ excluded, expressions, unknown }: Conjunction): boolean {
  return excluded !== undefined || expressions !== undefined || unknown !== undefined
}

function splitParts(conjunction: Conjunction): readonly Conjunction[] {
  const { prefixes, asns, countries, subdivisions, excluded, expressions, unknown } = conjunction
  const parts: Conjunction[] = []
  const hasCondition = excluded !== undefined || expressions !== undefined
  // An expression alone speaks of every address.
  if (prefixes !== undefined && !(hasCondition && holdsEveryAddress(prefixes))) parts.push({ prefixes })
  if (asns !== undefined) parts.push({ asns })
  if (countries !== undefined) parts.push({ countries })
  if (subdivisions !== undefined) parts.push({ subdivisions })
  if (hasCondition) parts.push({ ...(excluded && { excluded }), ...(expressions && { expressions }) })
  for (const constraint of unknown ?? []) parts.push({ unknown: [constraint] })
  return parts
}

function holds(parts: readonly Conjunction[], part: Conjunction): boolean {
  return parts.some((other) => compareConjunctions(other, part) === 0)
}

/** The objects of one part: two of them for prefixes of both families. */
function printPart(part: Conjunction): readonly WireFootprint[] {
  const { prefixes, asns, countries, subdivisions, unknown } = part
  const objects: WireFootprint[] = []
  const add = (type: string, values: JsonValue): void => {
    objects.push({ 'footprint-type': type, 'footprint-value': values })
  }
  const v4 = prefixes?.filter(({ version }) => version === 4) ?? []
  const v6 = prefixes?.filter(({ version }) => version === 6) ?? []
  if (v4.length > 0) add('ipv4cidr', v4.map(formatPrefix))
  if (v6.length > 0) add('ipv6cidr', v6.map(formatPrefix))
  if (asns !== undefined)
    add(
      'asn',
      asns.map((asn) => `as${asn}`),
    )
  if (countries !== undefined) add('countrycode', countries)
  if (subdivisions !== undefined) add('subdivisioncode', subdivisions)
  const condition = printCondition(part)
  if (condition !== undefined) add('expr', [condition])
  for (const { type, value } of unknown ?? []) add(type, jsonOf(value))
  return objects
}

function unite(members: readonly WireFootprint[]): readonly WireFootprint[] {
  if (members.length < 2) return members
  return [{ 'footprint-type': 'footprintunion', 'footprint-value': sortObjects(members) }]
}

function sortObjects(objects: readonly WireFootprint[]): readonly WireFootprint[] {
  return [...objects].sort(
    (a, b) =>
      compareTexts(a['footprint-type'], b['footprint-type']) ||
      compareTexts(canonicalJson(a['footprint-value']), canonicalJson(b['footprint-value'])),
  )
}
