import type { ExpressionReach } from '../../fci/expression-reach.ts'
import type { ClientFacts } from '../../fci/match-footprint.ts'
import { PairInterner } from '../pair-interner.ts'
import type { ClauseBits } from './clause-bits.ts'
import { addClause, allClauses, removeClause } from './clause-bits.ts'
import type { FactDomain } from './fact-domains.ts'

/** What values are told apart by, in the two lowest bits of a mark. */
const [REQUIRED, EXCLUDED, JUDGED, OWN] = [0, 1, 2, 3]
/** As many answers as a mark holds. */
const JUDGES_AT_ONCE = 30

/** The values of a domain, those that no clause tells apart under one label. */
export interface FactClasses {
  /** By position in the domain. */
  readonly labels: Uint32Array
  /** By label: the clauses that do not fail by this fact. */
  readonly bits: readonly ClauseBits[]
}

/** One fact of clients, such as the country, as far as the clauses of a column tell its values apart. */
export class FactDimension<T extends number | string> {
  readonly #clauses: number
  readonly #clientWith: (value: T | undefined) => ClientFacts
  readonly #required = new Map<T, number[]>()
  readonly #excluded = new Map<T, number[]>()
  readonly #requiring: number[] = []
  readonly #excluding: number[] = []
  readonly #judges: { readonly clause: number; readonly reach: ExpressionReach }[] = []
  readonly #distinguished = new Set<T>()
  #distinguishesAll = false

  /**
   * @param clauses - how many there are.
   * @param clientWith - a client of whom nothing else matters.
   */
  constructor(clauses: number, clientWith: (value: T | undefined) => ClientFacts) {
    this.#clauses = clauses
    this.#clientWith = clientWith
  }

  /** The clause holds only for these values. */
  require(clause: number, values: readonly T[]): void {
    this.#requiring.push(clause)
    for (const value of values) addTo(this.#required, value, clause)
  }

  /** The clause holds only for known values other than these. */
  exclude(clause: number, values: readonly T[]): void {
    this.#excluding.push(clause)
    for (const value of values) addTo(this.#excluded, value, clause)
  }

  /** The clause holds only for values that an expression, which reads nothing else, admits. */
  judge(clause: number, reach: ExpressionReach): void {
    this.#judges.push({ clause, reach })
  }

  /** An expression of several facts tells these values from all others. */
  distinguish(values: ReadonlySet<T> | 'all'): void {
    if (values === 'all') this.#distinguishesAll = true
    else for (const value of values) this.#distinguished.add(value)
  }

  /** After all clauses have been told. */
  classify(domain: FactDomain<T>): FactClasses {
    const { values, positionOf } = domain
    // A label is the mark met last, on a value that had another label before.
    const chain = new PairInterner()
    const labels = new Uint32Array(values.length).fill(1)
    const mark = (position: number | undefined, what: number): void => {
      if (position !== undefined) labels[position] = 2 + chain.intern(labels[position] ?? 0, what)
    }
    const unknown = positionOf.get(undefined)
    if (unknown !== undefined) labels[unknown] = 0
    for (const [value, clauses] of this.#required) {
      for (const clause of clauses) mark(positionOf.get(value), clause * 4 + REQUIRED)
    }
    for (const [value, clauses] of this.#excluded) {
      for (const clause of clauses) mark(positionOf.get(value), clause * 4 + EXCLUDED)
    }
    if (this.#distinguishesAll) for (const position of values.keys()) mark(position, position * 4 + OWN)
    else for (const value of this.#distinguished) mark(positionOf.get(value), (positionOf.get(value) ?? 0) * 4 + OWN)
    const verdicts = this.#judges.map(({ reach }) => domain.admittedBy(reach, this.#clientWith))
    for (let from = 0; from < verdicts.length; from += JUDGES_AT_ONCE) {
      const some = verdicts.slice(from, from + JUDGES_AT_ONCE)
      for (let position = 0; position < labels.length; position++) {
        let answers = 0
        for (let i = 0; i < some.length; i++) {
          answers |= (((some[i]?.[position >>> 5] ?? 0) >>> (position & 31)) & 1) << i
        }
        labels[position] = 2 + chain.intern(labels[position] ?? 0, answers * 4 + JUDGED)
      }
    }
    const examples = renumber(labels, chain.count + 2)
    return {
      labels,
      bits: examples.map((position) => {
        const value = values[position]
        const bits = value === undefined ? this.#bitsOfUnknown() : this.#bitsOfKnown(value)
        for (const [i, { clause }] of this.#judges.entries()) {
          if ((((verdicts[i]?.[position >>> 5] ?? 0) >>> (position & 31)) & 1) === 0) removeClause(bits, clause)
        }
        return bits
      }),
    }
  }

  #bitsOfUnknown(): ClauseBits {
    const bits = allClauses(this.#clauses)
    for (const clause of this.#requiring) removeClause(bits, clause)
    for (const clause of this.#excluding) removeClause(bits, clause)
    return bits
  }

  #bitsOfKnown(value: T): ClauseBits {
    const bits = allClauses(this.#clauses)
    for (const clause of this.#requiring) removeClause(bits, clause)
    for (const clause of this.#required.get(value) ?? []) addClause(bits, clause)
    for (const clause of this.#excluded.get(value) ?? []) removeClause(bits, clause)
    return bits
  }
}

/** Numbers the labels, all below `limit`, from 0 in the order of their appearance; answers where each appears first. */
function renumber(labels: Uint32Array, limit: number): readonly number[] {
  const numbers = new Uint32Array(limit)
  const firsts: number[] = []
  for (let position = 0; position < labels.length; position++) {
    const label = labels[position] ?? 0
    let number = numbers[label] ?? 0
    if (number === 0) {
      number = firsts.push(position)
      numbers[label] = number
    }
    labels[position] = number - 1
  }
  return firsts
}

function addTo<T>(lists: Map<T, number[]>, value: T, clause: number): void {
  const list = lists.get(value)
  if (list === undefined) lists.set(value, [clause])
  else if (list.at(-1) !== clause) list.push(clause)
}
