import type { Prefix } from '../../fci/prefix.ts'
import { valueOfWords, wordsOfValue } from '../../fci/prefix.ts'

/** Prefixes of one version as plain numbers: the words of each address, and its length. */
export class RowWriter {
  readonly #words: 1 | 4
  #rows: Uint32Array
  #count = 0

  constructor(version: 4 | 6) {
    this.#words = version === 4 ? 1 : 4
    this.#rows = new Uint32Array(256 * (this.#words + 1))
  }

  get count(): number {
    return this.#count
  }

  get rows(): Uint32Array {
    return this.#rows.slice(0, this.#count * (this.#words + 1))
  }

  add(prefix: Prefix): void {
    const at = this.#count * (this.#words + 1)
    this.#makeRoom(1)
    this.#count++
    wordsOfValue(prefix, this.#rows, at)
    this.#rows[at + this.#words] = prefix.length
  }

  /** Adds rows that another writer has made. */
  append(rows: Uint32Array): void {
    const count = rows.length / (this.#words + 1)
    this.#makeRoom(count)
    this.#rows.set(rows, this.#count * (this.#words + 1))
    this.#count += count
  }

  #makeRoom(more: number): void {
    const needed = (this.#count + more) * (this.#words + 1)
    if (needed <= this.#rows.length) return
    const larger = new Uint32Array(Math.max(needed, this.#rows.length * 2))
    larger.set(this.#rows)
    this.#rows = larger
  }
}

/** The prefixes of one list in rows, by version. */
export interface PrefixRows {
  readonly v4: Uint32Array
  readonly v6: Uint32Array
}

const known = new WeakMap<readonly Prefix[], PrefixRows>()

/** The rows of a list of which they are known: it need not be gone through again. */
export function knownRows(list: readonly Prefix[]): PrefixRows | undefined {
  return known.get(list)
}

/** Tells the rows of a list that came as such. Neither may change any more. */
export function keepRows(list: readonly Prefix[], rows: PrefixRows): void {
  known.set(list, rows)
}

/** Puts the prefixes in these rows into a list, from this position on. */
export function readRows(
  version: 4 | 6,
  rows: Uint32Array,
  from: number,
  count: number,
  list: Prefix[],
  position: number,
): void {
  const words = version === 4 ? 1 : 4
  let at = from * (words + 1)
  for (let i = 0; i < count; i++) {
    list[position + i] = { version, value: valueOfWords(version, rows, at), length: rows[at + words] ?? 0 }
    at += words + 1
  }
}
