import { compareSourced } from './conjunction-order.ts'
import type { Conjunction, Exclusion, Footprint, SourcedConstraint } from './footprint.ts'
import { canonicalSources, textOfSources } from './footprint-source.ts'
import type { Prefix } from './prefix.ts'
import { intersectPrefixes, unitePrefixes } from './prefix-set.ts'

/** Sourced constraints in canonical form, and what they say of addresses, which needs no source. */
interface CanonicalSourced {
  readonly sourced: readonly SourcedConstraint[]
  readonly prefixes: readonly Prefix[] | undefined
  readonly excludedPrefixes: readonly Prefix[] | undefined
  /** Whether one of them held for everybody, and so was dropped. */
  readonly heldForAll: boolean
}

export const NOTHING_SOURCED: CanonicalSourced = {
  sourced: [],
  prefixes: undefined,
  excludedPrefixes: undefined,
  heldForAll: false,
}

/** The parts of the algebra that are needed here, handed in because they need this module themselves. */
interface Algebra {
  readonly footprintOf: (conjunctions: readonly Conjunction[]) => Footprint
  readonly intersectFootprints: (a: Footprint, b: Footprint) => Footprint
}

/** One constraint for each list of sources, in order; undefined if one of them nobody can meet. */
export function canonicalSourced(
  sourced: readonly SourcedConstraint[],
  { footprintOf, intersectFootprints }: Algebra,
): CanonicalSourced | undefined {
  const bySources = new Map<string, SourcedConstraint>()
  for (const constraint of sourced) {
    const sources = canonicalSources(constraint.sources)
    const within = constraint.within.kind === 'global' ? constraint.within : footprintOf(constraint.within.anyOf)
    const known = bySources.get(textOfSources(sources))
    bySources.set(textOfSources(sources), {
      sources,
      within: known === undefined ? within : intersectFootprints(known.within, within),
    })
  }
  const kept: SourcedConstraint[] = []
  let prefixes: readonly Prefix[] | undefined
  let excludedPrefixes: readonly Prefix[] | undefined
  let heldForAll = false
  for (const constraint of bySources.values()) {
    const { within } = constraint
    const [only, ...others] = within.kind === 'global' ? [{}] : within.anyOf
    if (only === undefined) return undefined
    if (others.length > 0) {
      kept.push(constraint)
      continue
    }
    const { prefixes: inside, excluded, ...rest } = only
    const { prefixes: outside, ...remaining } = excluded ?? {}
    if (inside !== undefined) prefixes = prefixes === undefined ? inside : intersectPrefixes(prefixes, inside)
    if (outside !== undefined) excludedPrefixes = unitePrefixes([excludedPrefixes ?? [], outside])
    const judged = footprintOf([withExclusion(rest, remaining)])
    if (judged.kind === 'some' && judged.anyOf.length > 0) kept.push({ ...constraint, within: judged })
    else heldForAll = true
  }
  return { sourced: kept.sort(compareSourced), prefixes, excludedPrefixes, heldForAll }
}

function withExclusion(rest: Conjunction, excluded: Exclusion): Conjunction {
  return Object.keys(excluded).length > 0 ? { ...rest, excluded } : rest
}

/** The same clients as conjunctions whose sourced constraints have no alternatives inside. */
export function spreadAlternatives(conjunction: Conjunction): readonly Conjunction[] {
  const { sourced } = conjunction
  if (sourced === undefined || sourced.every((constraint) => choicesOf(constraint).length === 1)) return [conjunction]
  let products: readonly (readonly SourcedConstraint[])[] = [[]]
  for (const constraint of sourced) {
    const choices = choicesOf(constraint)
    products = products.flatMap((product) => choices.map((choice) => [...product, choice]))
  }
  return products.map((product) => ({ ...conjunction, sourced: product }))
}

function choicesOf({ sources, within }: SourcedConstraint): readonly SourcedConstraint[] {
  if (within.kind === 'global') return [{ sources, within }]
  return within.anyOf.map((one) => ({ sources, within: { kind: 'some', anyOf: [one] } }))
}

/** Constraints alone in their conjunctions, joined as far as they name the same sources. */
export function uniteSourced(
  constraints: readonly SourcedConstraint[],
  footprintOf: Algebra['footprintOf'],
): readonly Conjunction[] {
  const bySources = new Map<string, { sources: SourcedConstraint['sources']; within: Conjunction[] }>()
  for (const { sources, within } of constraints) {
    const alternatives = within.kind === 'global' ? [] : within.anyOf
    const known = bySources.get(textOfSources(sources))
    if (known === undefined) bySources.set(textOfSources(sources), { sources, within: [...alternatives] })
    else for (const alternative of alternatives) known.within.push(alternative)
  }
  return [...bySources.values()].flatMap(({ sources, within }) => {
    const united = footprintOf(within)
    const alternatives = united.kind === 'some' ? united.anyOf : []
    return alternatives.map((one): Conjunction => ({ sourced: [{ sources, within: { kind: 'some', anyOf: [one] } }] }))
  })
}
