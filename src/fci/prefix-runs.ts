import { PrefixColumns } from './prefix-columns.ts'

/** Fewer prefixes than this are not worth the detour. */
const MIN_RUN = 64

/**
 * Long arrays of strict prefixes of one version, read from the text of a document without a string for each. In the
 * document they are empty arrays; whoever reads it takes them by their place.
 */
export class PrefixRuns {
  readonly #text: string
  readonly #bytes: Uint8Array | undefined
  readonly #byPointer = new Map<string, PrefixColumns>()
  readonly #rest: string[] = []
  #copied = 0

  constructor(text: string) {
    this.#text = text
    // In a text of ASCII only, bytes and characters have the same offsets.
    if (Buffer.byteLength(text) === text.length) this.#bytes = Buffer.from(text, 'latin1')
  }

  /**
   * Cuts out the array that begins at `start`, if it is such a run. Returns the offset of its closing
   * bracket, or -1 if it stays.
   */
  cut(start: number, pointerOf: () => string): number {
    const bytes = this.#bytes
    if (bytes === undefined) return -1
    const first = skipBlanks(bytes, start + 1)
    const version = bytes.subarray(first, first + 6).includes(58) ? 6 : 4
    if (readRun(bytes, start, new PrefixColumns(version, MIN_RUN), MIN_RUN) < 0) return -1
    const columns = new PrefixColumns(version, 4096)
    const end = readRun(bytes, start, columns, Number.POSITIVE_INFINITY)
    if (end < 0) return -1
    this.#byPointer.set(pointerOf(), columns)
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
}

/** Reads elements up to the closing bracket, whose offset it returns, or up to `most` of them; -1 for anything else. */
function readRun(bytes: Uint8Array, start: number, columns: PrefixColumns, most: number): number {
  let at = skipBlanks(bytes, start + 1)
  while (bytes[at] === 34) {
    at = columns.addFrom(bytes, at + 1)
    if (at < 0 || bytes[at] !== 34) return -1
    at = skipBlanks(bytes, at + 1)
    if (bytes[at] === 93) return columns.count >= MIN_RUN ? at : -1
    if (columns.count >= most) return at
    if (bytes[at] !== 44) return -1
    at = skipBlanks(bytes, at + 1)
  }
  return -1
}

function skipBlanks(bytes: Uint8Array, at: number): number {
  let next = at
  for (;;) {
    const code = bytes[next]
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return next
    next++
  }
}
