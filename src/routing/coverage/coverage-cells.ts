import { PairInterner } from '../pair-interner.ts'

/** Where facts and prefixes meet, numbered in the order of their appearance, with the class of each. */
export class CoverageCells {
  readonly #pairs = new PairInterner(1024)
  #classes = new Uint32Array(1024)
  #settled = 0
  /** An address in each cell without a class, as a number that whoever asks for it understands. */
  #examples: number[] = []

  /** The number of the cell of these labels; it has no class before `settle`. */
  intern(label: number, context: number, example: number): number {
    const cell = this.#pairs.intern(label, context)
    if (cell === this.#settled + this.#examples.length) this.#examples.push(example)
    return cell
  }

  classOf(cell: number): number {
    return this.#classes[cell] ?? 0
  }

  /** For each cell without a class, in order, what `find` answers. */
  map(find: (label: number, context: number, example: number) => number): Uint32Array {
    const found = new Uint32Array(this.#examples.length)
    for (let i = 0; i < found.length; i++) {
      const cell = this.#settled + i
      found[i] = find(this.#pairs.first(cell), this.#pairs.second(cell), this.#examples[i] ?? 0)
    }
    return found
  }

  /** Gives the cells without a class these, in order. */
  settle(classes: Uint32Array): void {
    const count = this.#settled + classes.length
    if (count > this.#classes.length) {
      const larger = new Uint32Array(Math.max(count, this.#classes.length * 2))
      larger.set(this.#classes.subarray(0, this.#settled))
      this.#classes = larger
    }
    this.#classes.set(classes, this.#settled)
    this.#settled = count
    this.#examples = []
  }
}
