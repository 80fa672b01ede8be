import { PairInterner } from '../pair-interner.ts'

/** Where labels of facts and contexts of prefixes meet, numbered in the order of their appearance. */
export class CoverageCells {
  readonly #pairs = new PairInterner(1024)
  #classes = new Uint32Array(1024)
  /** The first cell without a class. */
  #settled = 0
  /** An address in each cell without a class, as a number that whoever asks for it understands. */
  #examples: number[] = []

  get count(): number {
    return this.#pairs.count
  }

  get settled(): number {
    return this.#settled
  }

  /** Label and context of each cell. */
  get pairs(): Uint32Array {
    return this.#pairs.pairs
  }

  /** The class of each cell before `settled`. */
  get classes(): Uint32Array {
    return this.#classes
  }

  get examples(): readonly number[] {
    return this.#examples
  }

  /** The number of the cell; it has no class before `settle`. */
  intern(label: number, context: number, example: number): number {
    const cell = this.#pairs.intern(label, context)
    if (cell === this.#settled + this.#examples.length) this.#examples.push(example)
    return cell
  }

  /** Gives the cells without a class these, in order. */
  settle(classes: Uint32Array): void {
    const count = this.#settled + classes.length
    if (count > this.#classes.length) {
      const larger = new Uint32Array(this.#settled === 0 ? count : Math.max(count, this.#classes.length * 2))
      larger.set(this.#classes.subarray(0, this.#settled))
      this.#classes = larger
    }
    this.#classes.set(classes, this.#settled)
    this.#settled = count
    this.#examples = []
  }
}
