import { jsonOf } from './canonical-advertisement.ts'
import type { JsonValue } from './canonical-json.ts'
import { canonicalJson } from './canonical-json.ts'
import { compareConjunctions } from './conjunction-order.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import { footprintOf } from './footprint-algebra.ts'
import type { FootprintSource, SourcedFact } from './footprint-source.ts'
import { textOfSources } from './footprint-source.ts'
import { printCondition } from './mel/print-condition.ts'
import { formatPrefix } from './prefix.ts'
import { holdsEveryAddress } from './prefix-set.ts'
import { compareTexts } from './sorted-values.ts'

/** A Footprint object on the wire (RFC 8006 4.2.2.2, [NF] 3.2). */
export type WireFootprint = {
  readonly 'footprint-type': string
  readonly 'footprint-value': JsonValue
  readonly 'footprint-source'?: JsonValue
}

/** How a footprint is printed. */
export interface PrintedFootprint {
  /** One `footprints` list per FCI Base Object needed, undefined standing for "leave the member out" (global). */
  readonly lists: readonly (readonly WireFootprint[] | undefined)[]
  /** What no list can say such that every reader understands the same. Leaving it out only narrows. */
  readonly withheld: readonly Conjunction[]
}

/**
 * The lists of a footprint, with what has none. No list is ever empty, because that would mean everybody; a footprint
 * of nobody gives no list at all. A list holds each type once and at most one union, so that it means the same under
 * every reading of RFC 9388 2.2.
 */
export function printFootprint(footprint: Footprint): PrintedFootprint {
  if (footprint.kind === 'global') return { lists: [undefined], withheld: [] }
  const canonical = footprintOf(footprint.anyOf)
  const conjunctions = canonical.kind === 'some' ? canonical.anyOf : []
  if (conjunctions.length === 0) return { lists: [], withheld: [] }
  const together = printTogether(conjunctions)
  if (together !== undefined) return { lists: [together], withheld: [] }

  const lists: (readonly WireFootprint[])[] = []
  const withheld: Conjunction[] = []
  const singles = conjunctions.filter(isSingle)
  const groups = singles.length > 0 ? [singles] : []
  for (const conjunction of conjunctions) if (!isSingle(conjunction)) groups.push([conjunction])
  for (const group of groups) {
    const list = printTogether(group)
    if (list === undefined) withheld.push(...group)
    else lists.push(list)
  }
  return { lists, withheld }
}

/**
 * What all conjunctions share, and a union of the one part in which each differs. Undefined if they do not fit that;
 * conjunctions of one part each always do.
 */
function printTogether(conjunctions: readonly Conjunction[]): readonly WireFootprint[] | undefined {
  const [first = [], ...others] = conjunctions.map(splitParts)
  const shared = first.filter((part) => others.every((parts) => holds(parts, part)))
  const placed = placeObjects(shared.map(printPart))
  const differing =
    others.length === 0 ? [] : [first, ...others].map((parts) => parts.filter((part) => !holds(shared, part)))
  const alternatives: Conjunction[] = []
  for (const parts of differing) {
    const [part] = parts
    if (part === undefined || parts.length > 1) return undefined
    alternatives.push(part)
  }
  if (placed === undefined) return undefined
  if (alternatives.length === 0) return [...sortObjects(placed.list), ...printUnion(placed.union)]

  // Alternatives of one type would come back as one value list, in another grouping than they left.
  const known = alternatives.map(mergingKey).filter((key) => key !== undefined)
  if (placed.union.length > 0 || new Set(known).size < known.length) return undefined
  return [...sortObjects(placed.list), ...printUnion(alternatives.flatMap(printPart))]
}

/**
 * Puts each part into the list, or into the one union of the list: prefixes of both families, or an object whose type
 * the list has already. Undefined if more than one part needs the union.
 */
function placeObjects(
  parts: readonly (readonly WireFootprint[])[],
): { readonly list: readonly WireFootprint[]; readonly union: readonly WireFootprint[] } | undefined {
  const list: WireFootprint[] = []
  const types = new Set<string>()
  let union: readonly WireFootprint[] = []
  for (const objects of parts) {
    const [object, second] = objects
    if (object !== undefined && second === undefined && !types.has(object['footprint-type'])) {
      list.push(object)
      types.add(object['footprint-type'])
    } else if (union.length === 0) union = objects
    else return undefined
  }
  return { list, union }
}

function isSingle(conjunction: Conjunction): boolean {
  return splitParts(conjunction).length === 1
}

/** What alternatives that are read back as one have in common; undefined if a part comes back as it was. */
function mergingKey(part: Conjunction): string | undefined {
  const { excluded, expressions, unknown, sourced: [constraint] = [] } = part
  if (excluded !== undefined || expressions !== undefined || unknown !== undefined) return undefined
  if (constraint === undefined) return Object.keys(part)[0]
  const [inside = {}] = constraint.within.kind === 'global' ? [] : constraint.within.anyOf
  const key = mergingKey(inside)
  return key && `${key} ${textOfSources(constraint.sources)}`
}

/** The parts of a canonical conjunction that are a Footprint object each, or two of them. */
function splitParts(conjunction: Conjunction): readonly Conjunction[] {
  const { prefixes, asns, countries, subdivisions, excluded, expressions, named, sourced, unknown } = conjunction
  const parts: Conjunction[] = []
  const hasCondition = excluded !== undefined || expressions !== undefined
  // An expression alone speaks of every address.
  if (prefixes !== undefined && !(hasCondition && holdsEveryAddress(prefixes))) parts.push({ prefixes })
  if (asns !== undefined) parts.push({ asns })
  if (countries !== undefined) parts.push({ countries })
  if (subdivisions !== undefined) parts.push({ subdivisions })
  if (hasCondition) parts.push({ ...(excluded && { excluded }), ...(expressions && { expressions }) })
  for (const clause of named ?? []) parts.push({ named: [clause] })
  for (const { sources, within } of sourced ?? []) {
    const inside = within.kind === 'global' ? [] : within.anyOf.flatMap(splitParts)
    for (const part of inside) parts.push({ sourced: [{ sources, within: { kind: 'some', anyOf: [part] } }] })
  }
  for (const constraint of unknown ?? []) parts.push({ unknown: [constraint] })
  return parts
}

function holds(parts: readonly Conjunction[], part: Conjunction): boolean {
  return parts.some((other) => compareConjunctions(other, part) === 0)
}

/** The objects of one part: two of them for prefixes of both families. */
function printPart(part: Conjunction): readonly WireFootprint[] {
  const { prefixes = [], asns, countries, subdivisions, named = [], sourced = [], unknown = [] } = part
  const objects: WireFootprint[] = []
  const add = (type: string, values: JsonValue | undefined): void => {
    if (values !== undefined) objects.push({ 'footprint-type': type, 'footprint-value': values })
  }
  const v4 = prefixes.filter(({ version }) => version === 4)
  const v6 = prefixes.filter(({ version }) => version === 6)
  if (v4.length > 0) add('ipv4cidr', v4.map(formatPrefix))
  if (v6.length > 0) add('ipv6cidr', v6.map(formatPrefix))
  add('asn', asns && asns.map((asn) => `as${asn}`))
  add('countrycode', countries)
  add('subdivisioncode', subdivisions)
  const condition = printCondition(part)
  add('expr', condition && [condition])
  for (const clause of named) add('named', clause)
  for (const { type, value, source } of unknown) {
    const object = { 'footprint-type': type, 'footprint-value': jsonOf(value) }
    objects.push(source === undefined ? object : { ...object, 'footprint-source': jsonOf(source) })
  }
  for (const { sources, within } of sourced) {
    const source = sources.map(printSource)
    for (const inside of within.kind === 'global' ? [] : within.anyOf) {
      for (const object of printPart(inside)) objects.push({ ...object, 'footprint-source': source })
    }
  }
  return objects
}

const FACT_NAMES: Readonly<Record<SourcedFact, string>> = {
  asn: 'asn',
  country: 'country',
  subdivision: 'subdivisioncode',
}

/** A FootprintSource ([NF] 3.3.3). */
export function printSource({ type, uri, facts }: FootprintSource): { readonly [member: string]: JsonValue } {
  return {
    'footprint-source-type': type,
    'footprint-source-uri': uri,
    'footprint-source-footprint-type': facts.map((fact) => FACT_NAMES[fact]),
  }
}

function printUnion(members: readonly WireFootprint[]): readonly WireFootprint[] {
  if (members.length === 0) return []
  return [{ 'footprint-type': 'footprintunion', 'footprint-value': sortObjects(members) }]
}

function sortObjects(objects: readonly WireFootprint[]): readonly WireFootprint[] {
  return [...objects].sort(
    (a, b) =>
      compareTexts(a['footprint-type'], b['footprint-type']) ||
      compareTexts(canonicalJson(a['footprint-value']), canonicalJson(b['footprint-value'])) ||
      compareTexts(canonicalJson(a['footprint-source'] ?? null), canonicalJson(b['footprint-source'] ?? null)),
  )
}
