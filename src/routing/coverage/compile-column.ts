import { conditionsOf } from '../../fci/conjunction-conditions.ts'
import type { Conjunction } from '../../fci/footprint.ts'
import { textOfSources } from '../../fci/footprint-source.ts'
import type { ClientFacts, FootprintMatch } from '../../fci/match-footprint.ts'
import { compareMatches, matchSourced } from '../../fci/match-footprint.ts'
import { valueOfWords } from '../../fci/prefix.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions } from '../partition.ts'
import type { ClauseBits } from './clause-bits.ts'
import { addClause, allClauses, removeClause, visitCommon } from './clause-bits.ts'
import type { ColumnFacts, CoverageGeo } from './column-facts.ts'
import { findColumnFacts } from './column-facts.ts'
import type { Clause, ColumnPlan } from './column-plan.ts'
import { planColumn } from './column-plan.ts'
import type { CoverageColumn, CoverageOutcome } from './coverage-map.ts'
import type { CoverageMatch } from './coverage-match.ts'
import { OutcomeInterner } from './outcome-interner.ts'
import type { PrefixContexts } from './prefix-contexts.ts'
import { findPrefixContexts } from './prefix-contexts.ts'

/** One column on its own: for every address the number of its outcome. */
export interface CompiledColumn {
  readonly id: string
  readonly version: string
  readonly v4: Partition
  readonly v6: Partition
  readonly outcomes: readonly CoverageOutcome[]
}

/**
 * Evaluates the footprints of a column for every address at once. Addresses with the same facts in the same prefixes
 * are evaluated together, once; each outcome is what `matchFootprint` says.
 */
export function compileColumn(column: CoverageColumn, geo: CoverageGeo): CompiledColumn {
  const plan = planColumn(column.footprints)
  const facts = findColumnFacts(plan, geo)
  const outcomes = new OutcomeInterner()
  const sweep = (version: 4 | 6): Partition => {
    const contexts = findPrefixContexts(
      version,
      plan.lists.map(({ prefixes }) => prefixes),
    )
    const evaluation = new Evaluation(version, plan, facts, contexts)
    const pairs = new PairInterner(1024)
    const numbers: number[] = []
    return overlayPartitions(facts[`v${version}`], contexts.partition, (label, context, starts, at) => {
      const pair = pairs.intern(label, context)
      const known = numbers[pair]
      if (known !== undefined) return known
      const number = outcomes.intern(evaluation.evaluate(label, context, valueOfWords(version, starts, at)))
      numbers.push(number)
      return number
    })
  }
  return { id: column.id, version: column.version, v4: sweep(4), v6: sweep(6), outcomes: outcomes.all }
}

/** The evaluation of all clauses for one label and context, within one family. */
class Evaluation {
  readonly #version: 4 | 6
  readonly #plan: ColumnPlan
  readonly #facts: ColumnFacts
  readonly #contexts: PrefixContexts
  /** Clauses that need no prefix. */
  readonly #everywhere: ClauseBits
  readonly #bitsOfContext: (ClauseBits | undefined)[] = []
  readonly #groupOf: ReadonlyMap<string, number>

  constructor(version: 4 | 6, plan: ColumnPlan, facts: ColumnFacts, contexts: PrefixContexts) {
    this.#version = version
    this.#plan = plan
    this.#facts = facts
    this.#contexts = contexts
    this.#everywhere = allClauses(plan.clauses.length)
    for (const { required } of plan.lists) for (const clause of required) removeClause(this.#everywhere, clause)
    this.#groupOf = new Map(plan.sourced.map(({ sources }, group) => [textOfSources(sources), group]))
  }

  /** @param value - any address with this label and context. */
  evaluate(label: number, context: number, value: bigint): readonly CoverageMatch[] {
    const matches: CoverageMatch[] = []
    let client: ClientFacts | undefined
    visitCommon(this.#facts.bitsOf(label), this.#bitsOf(context), (number) => {
      const clause = this.#plan.clauses[number]
      if (clause === undefined) return
      client ??= this.#clientOf(label, value)
      const match = this.#match(clause, context, client)
      const last = matches.at(-1)
      if (match === undefined) return
      if (last?.footprint !== clause.footprint) matches.push(match)
      else if (compareMatches(match, last) < 0) matches[matches.length - 1] = match
    })
    return matches
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

  /** As `matchConjunction` has it, for a clause whose lists and facts let the client in. */
  #match(clause: Clause, context: number, client: ClientFacts): CoverageMatch | undefined {
    const { footprint, conjunction, list } = clause
    if (conjunction === undefined) return { footprint, type: 'global', prefixLength: 0 }
    let bySource: FootprintMatch | undefined
    if (clause.isConditional) {
      if (conditionsOf(conjunction)?.(client) === false) return undefined
      for (const constraint of conjunction.sourced ?? []) {
        const match = matchSourced(constraint, client)
        if (match === undefined) return undefined
        if (bySource === undefined || compareMatches(match, bySource) < 0) bySource = match
      }
    }
    const byPrefix = this.#version === 4 ? 'ipv4cidr' : 'ipv6cidr'
    if (conjunction.prefixes !== undefined) {
      const prefixLength = list === undefined ? 0 : this.#contexts.lengthIn(context, list)
      return { footprint, type: byPrefix, prefixLength }
    }
    const byFact = matchedFact(conjunction)
    if (byFact !== undefined) return { footprint, type: byFact, prefixLength: 0 }
    if (bySource !== undefined) return { footprint, ...bySource }
    return conditionsOf(conjunction) === undefined ? undefined : { footprint, type: byPrefix, prefixLength: 0 }
  }
}

function matchedFact({ asns, subdivisions, countries }: Conjunction): FootprintMatch['type'] | undefined {
  if (asns !== undefined) return 'asn'
  if (subdivisions !== undefined) return 'subdivisioncode'
  return countries === undefined ? undefined : 'countrycode'
}
