import type { ExpressionReach } from '../../fci/expression-reach.ts'
import { expressionReach } from '../../fci/expression-reach.ts'
import type { Conjunction, Footprint, SourcedConstraint } from '../../fci/footprint.ts'
import type { FootprintSource } from '../../fci/footprint-source.ts'
import { textOfSources } from '../../fci/footprint-source.ts'
import { isMatchable } from '../../fci/match-footprint.ts'
import type { Fact } from '../../fci/mel/expression.ts'
import type { Address, Prefix } from '../../fci/prefix.ts'
import { holdsEveryAddress } from '../../fci/prefix-set.ts'
import { FactDimension } from './fact-dimension.ts'

/** One conjunction of one footprint; without one, a global footprint. */
export interface Clause {
  readonly footprint: number
  readonly conjunction?: Conjunction
  /** Position of its prefixes among the plan's lists. Absent: none, or every address. */
  readonly list?: number
  /** What is left to evaluate where lists and facts let a client in. */
  readonly expressions: readonly ExpressionReach[]
}

/** Where the clauses of a column stand in the prefix lists. */
export interface PrefixList {
  readonly prefixes: readonly Prefix[]
  readonly required: number[]
  readonly excluded: number[]
}

/** The sourced constraints of a column over one set of sources. */
export interface SourcedGroup {
  readonly sources: readonly FootprintSource[]
  readonly constraints: SourcedConstraint[]
}

/** The footprints of a column taken apart by what each condition looks at. */
export interface ColumnPlan {
  readonly clauses: readonly Clause[]
  readonly lists: readonly PrefixList[]
  readonly asns: FactDimension<number>
  readonly countries: FactDimension<string>
  readonly subdivisions: FactDimension<string>
  readonly sourced: readonly SourcedGroup[]
}

export function planColumn(footprints: readonly Footprint[]): ColumnPlan {
  const parts = footprints.flatMap((footprint, position) => clausesOf(footprint, position))
  const asns = new FactDimension<number>(parts.length, (asn) => (asn === undefined ? { address } : { address, asn }))
  const countries = new FactDimension<string>(parts.length, (country) =>
    country === undefined ? { address } : { address, country },
  )
  const subdivisions = new FactDimension<string>(parts.length, (subdivision) =>
    subdivision === undefined ? { address } : { address, subdivision },
  )
  const lists = new PrefixLists()
  const sourced = new Map<string, SourcedGroup>()
  const clauses = parts.map((part, clause): Clause => {
    const { conjunction } = part
    if (conjunction === undefined) return part
    const { prefixes, excluded = {}, expressions = [] } = conjunction
    if (conjunction.asns !== undefined) asns.require(clause, conjunction.asns)
    if (conjunction.countries !== undefined) countries.require(clause, conjunction.countries)
    if (conjunction.subdivisions !== undefined) subdivisions.require(clause, conjunction.subdivisions)
    if (excluded.asns !== undefined) asns.exclude(clause, excluded.asns)
    if (excluded.countries !== undefined) countries.exclude(clause, excluded.countries)
    if (excluded.subdivisions !== undefined) subdivisions.exclude(clause, excluded.subdivisions)
    if (excluded.prefixes !== undefined) lists.of(excluded.prefixes).excluded.push(clause)
    const joint: ExpressionReach[] = []
    for (const expression of expressions) {
      const reach = expressionReach(expression)
      switch (onlyFactOf(reach)) {
        case 'ep.asn':
          asns.judge(clause, reach)
          break
        case 'ep.country':
          countries.judge(clause, reach)
          break
        case 'ep.subdivision':
          subdivisions.judge(clause, reach)
          break
        case 'ep.ipv4addr':
        case 'ep.ipv6addr':
        case undefined:
          joint.push(reach)
          asns.distinguish(reach.asns)
          countries.distinguish(reach.countries)
          subdivisions.distinguish(reach.subdivisions)
          lists.addBoundaries(reach.prefixes)
      }
    }
    for (const constraint of conjunction.sourced ?? []) {
      groupConstraint(constraint, sourced)
      for (const mentioned of prefixesWithin(constraint)) lists.addBoundaries(mentioned)
    }
    if (prefixes === undefined || holdsEveryAddress(prefixes)) return { ...part, expressions: joint }
    lists.of(prefixes).required.push(clause)
    return { ...part, list: lists.numberOf(prefixes), expressions: joint }
  })
  return { clauses, lists: lists.all, asns, countries, subdivisions, sourced: [...sourced.values()] }
}

/** For expressions that do not read it. */
const address: Address = { version: 4, value: 0n }

function onlyFactOf({ facts }: ExpressionReach): Fact | undefined {
  const [fact] = facts
  return facts.size === 1 ? fact : undefined
}

function clausesOf(footprint: Footprint, position: number): readonly Clause[] {
  const part = { footprint: position, expressions: [] }
  if (footprint.kind === 'global') return [part]
  return footprint.anyOf.filter(isMatchable).map((conjunction) => ({ ...part, conjunction }))
}

function groupConstraint(constraint: SourcedConstraint, groups: Map<string, SourcedGroup>): void {
  const key = textOfSources(constraint.sources)
  const group = groups.get(key)
  if (group === undefined) groups.set(key, { sources: constraint.sources, constraints: [constraint] })
  else group.constraints.push(constraint)
}

/** What a sourced constraint says of addresses; canonical ones say so in expressions alone. */
export function prefixesWithin({ within }: SourcedConstraint): readonly (readonly Prefix[])[] {
  if (within.kind === 'global') return []
  return within.anyOf
    .flatMap(({ prefixes = [], excluded, expressions = [] }) => [
      prefixes,
      excluded?.prefixes ?? [],
      ...expressions.map((expression) => expressionReach(expression).prefixes),
    ])
    .filter((prefixes) => prefixes.length > 0)
}

/** Lists of prefixes, each kept once however many clauses share it. */
class PrefixLists {
  readonly all: PrefixList[] = []
  readonly #numbers = new Map<readonly Prefix[], number>()

  of(prefixes: readonly Prefix[]): PrefixList {
    const known = this.all[this.numberOf(prefixes)]
    if (known !== undefined) return known
    const list: PrefixList = { prefixes, required: [], excluded: [] }
    this.#numbers.set(prefixes, this.all.length)
    this.all.push(list)
    return list
  }

  /** Prefixes at whose edges an expression can change. */
  addBoundaries(prefixes: readonly Prefix[]): void {
    if (prefixes.length > 0) this.of(prefixes)
  }

  numberOf(prefixes: readonly Prefix[]): number {
    return this.#numbers.get(prefixes) ?? -1
  }
}
