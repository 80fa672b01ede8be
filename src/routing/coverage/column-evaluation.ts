import { conditionsOf } from '../../fci/conjunction-conditions.ts'
import { textOfSources } from '../../fci/footprint-source.ts'
import type { ClientFacts, FootprintMatch } from '../../fci/match-footprint.ts'
import { compareMatches, matchSourced } from '../../fci/match-footprint.ts'
import type { ClauseBits } from './clause-bits.ts'
import { addClause, allClauses, removeClause } from './clause-bits.ts'
import type { ColumnFacts } from './column-facts.ts'
import type { Clause, ColumnPlan } from './column-plan.ts'
import type { CodedMatch, OutcomeInterner } from './outcome-interner.ts'
import type { PrefixContexts } from './prefix-contexts.ts'

/** The evaluation of all clauses of a column for the addresses of one family with the same facts and prefixes. */
export class ColumnEvaluation {
  readonly #version: 4 | 6
  readonly #plan: ColumnPlan
  readonly #facts: ColumnFacts
  readonly #contexts: PrefixContexts
  readonly #outcomes: OutcomeInterner
  /** Clauses that need no prefix. */
  readonly #everywhere: ClauseBits
  readonly #bitsOfContext: (ClauseBits | undefined)[] = []
  /** What clauses without a list say of whom they let in, by clause; undefined: it depends, or nobody is let in. */
  readonly #fixed: readonly (CodedMatch | undefined)[]
  readonly #byLength: readonly CodedMatch[]
  readonly #groupOf: ReadonlyMap<string, number>

  constructor(
    version: 4 | 6,
    plan: ColumnPlan,
    facts: ColumnFacts,
    contexts: PrefixContexts,
    outcomes: OutcomeInterner,
  ) {
    this.#version = version
    this.#plan = plan
    this.#facts = facts
    this.#contexts = contexts
    this.#outcomes = outcomes
    const type = version === 4 ? 'ipv4cidr' : 'ipv6cidr'
    this.#byLength = Array.from({ length: 129 }, (_, prefixLength) => outcomes.codeOf({ type, prefixLength }))
    this.#fixed = plan.clauses.map((clause) => this.#howWithoutList(clause))
    this.#everywhere = allClauses(plan.clauses.length)
    for (const { required } of plan.lists) for (const clause of required) removeClause(this.#everywhere, clause)
    this.#groupOf = new Map(plan.sourced.map(({ sources }, group) => [textOfSources(sources), group]))
  }

  /**
   * The number of the outcome.
   * @param valueOf - any address with this label and context, asked for only if an expression is to be evaluated.
   */
  evaluate(label: number, context: number, valueOf: () => bigint): number {
    const byFacts = this.#facts.bitsOf(label)
    const byPrefixes = this.#bitsOf(context)
    let client: ClientFacts | undefined
    let best: CodedMatch | undefined
    let footprint = -1
    this.#outcomes.begin()
    for (let word = 0; word < byFacts.length; word++) {
      let rest = (byFacts[word] ?? 0) & (byPrefixes[word] ?? 0)
      for (; rest !== 0; rest &= rest - 1) {
        const number = word * 32 + 31 - Math.clz32(rest & -rest)
        const clause = this.#plan.clauses[number]
        if (clause === undefined) continue
        let how = clause.list === undefined ? this.#fixed[number] : this.#byLength[this.#lengthIn(context, clause.list)]
        if (clause.expressions.length > 0 || clause.conjunction?.sourced !== undefined) {
          client ??= this.#clientOf(label, valueOf())
          how = this.#judge(clause, how, client)
        }
        if (how === undefined) continue
        if (clause.footprint !== footprint) {
          if (best !== undefined) this.#outcomes.add(footprint, best.code)
          footprint = clause.footprint
          best = how
        } else if (best === undefined || compareMatches(how, best) < 0) best = how
      }
    }
    if (best !== undefined) this.#outcomes.add(footprint, best.code)
    return this.#outcomes.end()
  }

  #bitsOf(context: number): ClauseBits {
    let bits = this.#bitsOfContext[context]
    if (bits === undefined) {
      bits = this.#everywhere.slice()
      const lists = this.#contexts.listsAt(context).map((list) => this.#plan.lists[list])
      for (const list of lists) for (const clause of list?.required ?? []) addClause(bits, clause)
      for (const list of lists) for (const clause of list?.excluded ?? []) removeClause(bits, clause)
      this.#bitsOfContext[context] = bits
    }
    return bits
  }

  #lengthIn(context: number, list: number): number {
    return this.#contexts.lengthIn(context, list)
  }

  #clientOf(label: number, value: bigint): ClientFacts {
    const { asn, country, subdivision } = this.#facts.generalOf(label) ?? {}
    return {
      address: { version: this.#version, value },
      ...(asn !== undefined && { asn }),
      ...(country !== undefined && { country }),
      ...(subdivision !== undefined && { subdivision }),
      under: (sources) => this.#facts.sourcedOf(label, this.#groupOf.get(textOfSources(sources)) ?? -1),
    }
  }

  /** As `matchConjunction` has it, for a clause whose list and facts let the client in. */
  #judge(
    { expressions, conjunction }: Clause,
    how: CodedMatch | undefined,
    client: ClientFacts,
  ): CodedMatch | undefined {
    for (const { holdsFor } of expressions) if (!holdsFor(client)) return undefined
    let bySource: FootprintMatch | undefined
    for (const constraint of conjunction?.sourced ?? []) {
      const match = matchSourced(constraint, client)
      if (match === undefined) return undefined
      if (bySource === undefined || compareMatches(match, bySource) < 0) bySource = match
    }
    const { prefixes, asns, countries, subdivisions } = conjunction ?? {}
    const isBySource = [prefixes, asns, countries, subdivisions].every((values) => values === undefined)
    return isBySource && bySource !== undefined ? this.#outcomes.codeOf(bySource) : how
  }

  #howWithoutList({ conjunction }: Clause): CodedMatch | undefined {
    if (conjunction === undefined) return this.#outcomes.codeOf({ type: 'global', prefixLength: 0 })
    const { prefixes, asns, subdivisions, countries } = conjunction
    if (prefixes !== undefined) return this.#byLength[0]
    if (asns !== undefined) return this.#outcomes.codeOf({ type: 'asn', prefixLength: 0 })
    if (subdivisions !== undefined) return this.#outcomes.codeOf({ type: 'subdivisioncode', prefixLength: 0 })
    if (countries !== undefined) return this.#outcomes.codeOf({ type: 'countrycode', prefixLength: 0 })
    // Exclusions and expressions alone speak of the whole address space.
    return conditionsOf(conjunction) === undefined ? undefined : this.#byLength[0]
  }
}
