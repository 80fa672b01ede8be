import { PrefixColumns } from './prefix-columns.ts'

/** Fewer prefixes than this are not worth the detour. */
const MIN_RUN = 64

/** Where alone a run is cut out: values of a Footprint object in an advertisement, in a union or not. */
const FOOTPRINT_VALUE =
  /^\/(?:capabilities|cdni-advertisement\/capabilities-with-footprints)\/\d+\/footprints\/\d+\/footprint-value(?:\/\d+\/footprint-value)?$/

/**
 * Long arrays of strict prefixes of one version, read from the text of a document without a string for each. In the
 * document they are empty arrays; whoever reads it takes them by their place.
 */
export class PrefixRuns {
  readonly #text: string
  readonly #byPointer = new Map<string, PrefixColumns>()
  readonly #rest: string[] = []
  #copied = 0

  constructor(text: string) {
    this.#text = text
  }

  /**
   * Cuts out the array that begins at `start`, if it is such a run in such a place. Returns the offset of its closing
   * bracket, or -1 if it stays.
   */
  cut(start: number, pointerOf: () => string): number {
    const first = this.#skipBlanks(start + 1)
    if (this.#text.charCodeAt(first) !== 34) return -1
    const colon = this.#text.slice(first, first + 6).includes(':')
    const version = colon ? 6 : 4
    if (this.#read(start, new PrefixColumns(version, MIN_RUN), MIN_RUN) < 0) return -1
    const pointer = pointerOf()
    if (!FOOTPRINT_VALUE.test(pointer)) return -1
    const columns = new PrefixColumns(version, 4096)
    const end = this.#read(start, columns, Number.POSITIVE_INFINITY)
    if (end < 0) return -1
    this.#byPointer.set(pointer, columns)
    this.#rest.push(this.#text.slice(this.#copied, start + 1))
    this.#copied = end
    return end
  }

  /** The text without what was cut out. */
  get rest(): string {
    return this.#rest.join('') + this.#text.slice(this.#copied)
  }

  /** The run cut out of this place, if one of this version was; it is then taken. */
  take(pointer: string, version: 4 | 6): PrefixColumns | undefined {
    const columns = this.#byPointer.get(pointer)
    if (columns?.version !== version) return undefined
    this.#byPointer.delete(pointer)
    return columns
  }

  /** Whether a run was left: it stands where no prefixes of its version belong, and the text must be read without it. */
  get isAnyLeft(): boolean {
    return this.#byPointer.size > 0
  }

  /** Reads elements up to the closing bracket, whose offset it returns, or up to `most` of them; -1 for anything else. */
  #read(start: number, columns: PrefixColumns, most: number): number {
    const text = this.#text
    let at = this.#skipBlanks(start + 1)
    while (text.charCodeAt(at) === 34) {
      at = columns.addFrom(text, at + 1)
      if (at < 0 || text.charCodeAt(at) !== 34) return -1
      at = this.#skipBlanks(at + 1)
      if (text.charCodeAt(at) === 93) return columns.count >= MIN_RUN ? at : -1
      if (columns.count >= most) return at
      if (text.charCodeAt(at) !== 44) return -1
      at = this.#skipBlanks(at + 1)
    }
    return -1
  }

  #skipBlanks(at: number): number {
    let next = at
    for (;;) {
      const code = this.#text.charCodeAt(next)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return next
      next++
    }
  }
}
