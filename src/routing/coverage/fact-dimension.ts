import type { ClauseBits } from './clause-bits.ts'
import { addClause, allClauses, removeClause } from './clause-bits.ts'

const UNKNOWN = 0
/** Beyond, a number cannot hold what the next expression says. */
const MAX_JUDGED = 2 ** 50

/**
 * One fact of clients, such as the country, as far as the clauses of a column tell its values apart: values that no
 * clause tells apart are one class.
 */
export class FactDimension<T extends number | string> {
  readonly #clauses: number
  readonly #required = new Map<T, number[]>()
  readonly #excluded = new Map<T, number[]>()
  readonly #requiring: number[] = []
  readonly #excluding: number[] = []
  readonly #judges: { readonly clause: number; readonly admits: (value: T | undefined) => boolean }[] = []
  readonly #distinguished = new Set<T>()
  #distinguishesAll = false
  readonly #classOfKey = new Map<string | number, number>()
  readonly #bits: ClauseBits[] = []

  /** @param clauses - how many there are. */
  constructor(clauses: number) {
    this.#clauses = clauses
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
  judge(clause: number, admits: (value: T | undefined) => boolean): void {
    this.#judges.push({ clause, admits })
  }

  /** An expression of several facts tells these values from all others. */
  distinguish(values: ReadonlySet<T> | 'all'): void {
    if (values === 'all') this.#distinguishesAll = true
    else for (const value of values) this.#distinguished.add(value)
  }

  /** After all clauses have been told: the class of a value. To be asked once for each value. */
  classOf(value: T | undefined): number {
    if (this.#bits.length === 0) this.#bits.push(this.#bitsOfUnknown())
    if (value === undefined) return UNKNOWN
    const key = this.#keyOf(value)
    let found = this.#classOfKey.get(key)
    if (found === undefined) {
      found = this.#bits.length
      this.#bits.push(this.#bitsOfKnown(value))
      this.#classOfKey.set(key, found)
    }
    return found
  }

  /** Equal for values that no clause tells apart; a number for most of them, since there are a hundred thousand. */
  #keyOf(value: T): string | number {
    const required = this.#required.get(value)
    const excluded = this.#excluded.get(value)
    const isOwn = this.#distinguishesAll || this.#distinguished.has(value)
    let judged = 1
    let former = ''
    for (let i = 0; i < this.#judges.length; i++) {
      judged = judged * 2 + (this.#judges[i]?.admits(value) === true ? 1 : 0)
      if (judged < MAX_JUDGED) continue
      former += `${judged},`
      judged = 1
    }
    if (!isOwn && required === undefined && excluded === undefined && former === '') return judged
    return `${isOwn ? value : ''};${required?.join() ?? ''};${excluded?.join() ?? ''};${former}${judged}`
  }

  /** The clauses that do not fail by this fact. */
  bitsOf(classNumber: number): ClauseBits {
    return this.#bits[classNumber] ?? new Uint32Array(0)
  }

  #bitsOfUnknown(): ClauseBits {
    const bits = allClauses(this.#clauses)
    for (const clause of this.#requiring) removeClause(bits, clause)
    for (const clause of this.#excluding) removeClause(bits, clause)
    for (const { clause, admits } of this.#judges) if (!admits(undefined)) removeClause(bits, clause)
    return bits
  }

  #bitsOfKnown(value: T): ClauseBits {
    const bits = allClauses(this.#clauses)
    for (const clause of this.#requiring) removeClause(bits, clause)
    for (const clause of this.#required.get(value) ?? []) addClause(bits, clause)
    for (const clause of this.#excluded.get(value) ?? []) removeClause(bits, clause)
    for (const { clause, admits } of this.#judges) if (!admits(value)) removeClause(bits, clause)
    return bits
  }
}

function addTo<T>(lists: Map<T, number[]>, value: T, clause: number): void {
  const list = lists.get(value)
  if (list === undefined) lists.set(value, [clause])
  else if (list.at(-1) !== clause) list.push(clause)
}
