import type { FootprintMatch } from '../../fci/match-footprint.ts'
import type { CoverageMatch } from './coverage-match.ts'
import type { OutcomeColumns } from './outcome-columns.ts'
import { codeOfMatch } from './outcome-columns.ts'

/** Matches in all outcomes of a column together: what fits into memory beside everything else. */
const MAX_MATCHES = 4_000_000
/** Beyond, a value's number does not fit beside type and length. */
const MAX_VALUES = 2 ** 21 - 1

/** A column whose footprints cut the address space into too many different pieces. */
export class CoverageLimitError extends Error {
  /** Its id. */
  readonly column: string

  constructor(column: string) {
    super(`its footprints overlap in so many ways that their outcomes hold more than ${MAX_MATCHES} matches`)
    this.name = 'CoverageLimitError'
    this.column = column
  }
}

/** How a footprint lets clients in, with the same as a number. */
export interface CodedMatch {
  readonly type: FootprintMatch['type']
  readonly prefixLength: number
  readonly code: number
}

/**
 * Numbers the distinct outcomes of a column, from 0 in the order of their appearance. An outcome is told match by match
 * between `begin` and `end`.
 */
export class OutcomeInterner {
  readonly #column: string
  readonly #values = new Map<string, number>()
  #footprints = new Uint32Array(1024)
  #hows = new Uint32Array(1024)
  #offsets = new Uint32Array(256)
  #count = 0
  /** Slots of an open hash table: number of the outcome plus one, 0 for empty. */
  #slots = new Uint32Array(512)
  /** Where the outcome being told begins and ends: behind all others, so that it can stay there. */
  #from = 0
  #to = 0
  #hash = 0

  /** @param column - its id. */
  constructor(column: string) {
    this.#column = column
  }

  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#to = this.#from
    this.#hash = 0
  }

  codeOf({ type, prefixLength, value }: Omit<CoverageMatch, 'footprint'>): CodedMatch {
    let number = 0
    if (value !== undefined) {
      number = this.#values.get(value) ?? this.#values.size + 1
      if (number > MAX_VALUES) throw new CoverageLimitError(this.#column)
      this.#values.set(value, number)
    }
    return { type, prefixLength, code: codeOfMatch(type, prefixLength, number) }
  }

  add(footprint: number, code: number): void {
    if (this.#to === this.#footprints.length) {
      if (this.#to >= MAX_MATCHES) throw new CoverageLimitError(this.#column)
      this.#footprints = doubled(this.#footprints)
      this.#hows = doubled(this.#hows)
    }
    this.#footprints[this.#to] = footprint
    this.#hows[this.#to++] = code
    const hash = Math.imul(this.#hash ^ footprint, 0x9e3779b1) ^ code
    this.#hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  }

  /** The number of the outcome told since `begin`. Throws CoverageLimitError. */
  end(): number {
    const mask = this.#slots.length - 1
    let slot = (this.#hash ^ (this.#hash >>> 13)) & mask
    for (;;) {
      const held = this.#slots[slot] ?? 0
      if (held === 0) break
      if (this.#isTold(held - 1)) return held - 1
      slot = (slot + 1) & mask
    }
    if (this.#to > MAX_MATCHES) throw new CoverageLimitError(this.#column)
    const number = this.#count++
    this.#slots[slot] = number + 1
    if (this.#count === this.#offsets.length) this.#offsets = doubled(this.#offsets)
    this.#offsets[this.#count] = this.#to
    this.#from = this.#to
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return number
  }

  /** All outcomes so far. */
  columns(): OutcomeColumns {
    return {
      offsets: this.#offsets.slice(0, this.#count + 1),
      footprints: this.#footprints.slice(0, this.#from),
      hows: this.#hows.slice(0, this.#from),
      values: [...this.#values.keys()],
    }
  }

  #isTold(number: number): boolean {
    const at = this.#offsets[number] ?? 0
    const length = this.#to - this.#from
    if ((this.#offsets[number + 1] ?? 0) - at !== length) return false
    for (let i = 0; i < length; i++) {
      if (this.#footprints[at + i] !== this.#footprints[this.#from + i]) return false
      if (this.#hows[at + i] !== this.#hows[this.#from + i]) return false
    }
    return true
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let number = 0; number < this.#count; number++) {
      let slot = this.#hashOf(number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }

  #hashOf(number: number): number {
    let told = 0
    for (let at = this.#offsets[number] ?? 0; at < (this.#offsets[number + 1] ?? 0); at++) {
      const hash = Math.imul(told ^ (this.#footprints[at] ?? 0), 0x9e3779b1) ^ (this.#hows[at] ?? 0)
      told = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    }
    return told ^ (told >>> 13)
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
