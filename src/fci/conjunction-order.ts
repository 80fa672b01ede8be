import { canonicalJson, toJsonValue } from './canonical-json.ts'
import type { Conjunction, Exclusion, SourcedConstraint, UnknownConstraint } from './footprint.ts'
import { textOfSources } from './footprint-source.ts'
import { comparePrefixes } from './prefix-set.ts'
import { compareTexts } from './sorted-values.ts'

/** Deepest JSON kept inside a value that we do not understand. */
export const MAX_OPAQUE_DEPTH = 32

/** Order of canonical footprints; 0 only for equal conjunctions. */
export function compareConjunctions(a: Conjunction, b: Conjunction): number {
  return (
    compareLists(a.prefixes, b.prefixes, comparePrefixes) ||
    compareLists(a.asns, b.asns, (left, right) => left - right) ||
    compareLists(a.countries, b.countries, compareTexts) ||
    compareLists(a.subdivisions, b.subdivisions, compareTexts) ||
    compareExclusions(a.excluded, b.excluded) ||
    compareLists(a.expressions, b.expressions, compareTexts) ||
    compareLists(a.named, b.named, compareClauses) ||
    compareLists(a.sourced, b.sourced, compareSourced) ||
    compareLists(a.unknown, b.unknown, (left, right) => compareTexts(unknownText(left), unknownText(right)))
  )
}

/** Order of clauses of a conjunction. */
export function compareClauses(a: readonly string[], b: readonly string[]): number {
  return compareLists(a, b, compareTexts)
}

/** Order of sourced constraints, first by their sources. */
export function compareSourced(a: SourcedConstraint, b: SourcedConstraint): number {
  return (
    compareTexts(textOfSources(a.sources), textOfSources(b.sources)) ||
    compareLists(alternativesOf(a), alternativesOf(b), compareConjunctions)
  )
}

/** Everybody stands as one alternative without a constraint, which no canonical footprint has. */
function alternativesOf({ within }: SourcedConstraint): readonly Conjunction[] {
  return within.kind === 'global' ? [{}] : within.anyOf
}

/** In order, each once. */
export function sortedUnknown(unknown: readonly UnknownConstraint[]): readonly UnknownConstraint[] {
  const byText = new Map(unknown.map((constraint) => [unknownText(constraint), constraint]))
  return [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, constraint]) => constraint)
}

function unknownText({ type, value, source }: UnknownConstraint): string {
  const json = (part: unknown) => toJsonValue(part, MAX_OPAQUE_DEPTH) ?? null
  return canonicalJson(source === undefined ? [type, json(value)] : [type, json(value), json(source)])
}

function compareExclusions(a: Exclusion | undefined, b: Exclusion | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return compareConjunctions(a, b)
}

function compareLists<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  compare: (left: T, right: T) => number,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  for (const [i, left] of a.entries()) {
    const right = b[i]
    if (right === undefined) return 1
    const order = compare(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
}
