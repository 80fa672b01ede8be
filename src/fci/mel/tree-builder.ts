import type { Expression } from './expression.ts'
import type { MelDoubt, MelNote, MelRepair } from './mel-error.ts'
import { MelError } from './mel-error.ts'

/** Deepest tree of operators. Chains of `and` and of `or` are one level each, however long. */
export const MAX_DEPTH = 64
/** Most nodes, which is also the most steps of one evaluation: nothing repeats. */
export const MAX_STEPS = 10_000
/** Most parentheses and prefixes around one another; what prints a tree of MAX_DEPTH needs fewer. */
const MAX_NESTING = 3 * MAX_DEPTH

/** Builds the nodes of one expression within the limits, and collects what is to be said about it. */
export class TreeBuilder {
  readonly #lenient: boolean
  readonly #notes: MelNote[] = []
  readonly #depths = new Map<Expression, number>()
  #steps = 0
  #nesting = 0

  constructor(lenient: boolean) {
    this.#lenient = lenient
  }

  get notes(): readonly MelNote[] {
    return this.#notes
  }

  /** Takes in a node whose operands were taken in before. Throws MelError beyond the limits. */
  add<E extends Expression>(node: E, operands: readonly Expression[]): E {
    let depth = 0
    for (const operand of operands) depth = Math.max(depth, this.#depths.get(operand) ?? 0)
    if (depth >= MAX_DEPTH) throw new MelError('expr-too-deep', node.at, `it has more than ${MAX_DEPTH} levels`)
    this.#depths.set(node, depth + 1)
    this.spend(1, node.at)
    return node
  }

  /** Counts steps of one evaluation. */
  spend(steps: number, at: number): void {
    this.#steps += steps
    if (this.#steps > MAX_STEPS) throw new MelError('expr-too-complex', at, `it takes more than ${MAX_STEPS} steps`)
  }

  /** Runs one level deeper, so that no text can exhaust the stack. */
  nested<T>(at: number, parse: () => T): T {
    if (this.#nesting >= MAX_NESTING) {
      throw new MelError('expr-too-deep', at, `it has more than ${MAX_NESTING} parentheses around one another`)
    }
    this.#nesting++
    const result = parse()
    this.#nesting--
    return result
  }

  /** Says what was repaired; strictly read, that is an error. */
  repair(code: MelRepair, at: number, message: string): void {
    if (!this.#lenient) throw new MelError(code, at, message)
    this.#notes.push({ code, message, at })
  }

  doubt(code: MelDoubt, at: number, message: string): void {
    this.#notes.push({ code, message, at })
  }
}
