/**
 * A pattern that is matched in time linear in its size times the length of the text: characters, `.`, classes, `^`, `$`,
 * groups, `|`, `*`, `+`, `?` and `{m,n}`. Matches anywhere in the text, as in PCRE (cdni-mel-facts 4).
 */
export interface Regex {
  /** How many steps each character of the text can take. */
  readonly size: number
  readonly matches: (text: string) => boolean
}

/** A pattern that is malformed, or that no bounded time suffices for. */
export class RegexError extends Error {
  readonly fault: 'malformed' | 'unsupported'

  constructor(fault: 'malformed' | 'unsupported', message: string) {
    super(message)
    this.name = 'RegexError'
    this.fault = fault
  }
}

type Test = (character: number) => boolean

type Node =
  | { readonly kind: 'set'; readonly test: Test }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number }

type Step =
  | { readonly kind: 'set'; readonly test: Test }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'fork'; readonly to: number[] }

const MAX_STEPS = 1000
const MAX_GROUPS = 32

/** Compiles a pattern. Throws RegexError. */
export function compileRegex(pattern: string, ignoreCase: boolean): Regex {
  const steps: Step[] = []
  emit(new PatternReader(pattern, ignoreCase).read(), steps)
  return { size: steps.length + 1, matches: (text) => run(steps, text) }
}

class PatternReader {
  readonly #characters: readonly string[]
  readonly #ignoreCase: boolean
  #at = 0
  #groups = 0

  constructor(pattern: string, ignoreCase: boolean) {
    this.#characters = Array.from(pattern)
    this.#ignoreCase = ignoreCase
  }

  read(): Node {
    const node = this.#readChoice()
    if (this.#peek() !== undefined) throw new RegexError('malformed', 'a ")" has no "("')
    return node
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw new RegexError('malformed', 'the pattern ends too early')
    return character
  }

  #skip(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#at++
    return true
  }

  #readChoice(): Node {
    const parts = [this.#readSequence()]
    while (this.#skip('|')) parts.push(this.#readSequence())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts }
  }

  #readSequence(): Node {
    const parts: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#readRepeated())
    }
    return { kind: 'sequence', parts }
  }

  #readRepeated(): Node {
    let node = this.#readOne()
    for (;;) {
      const bounds = this.#readBounds()
      if (bounds === undefined) return node
      if (node.kind === 'start' || node.kind === 'end') throw new RegexError('malformed', 'an anchor is repeated')
      node = { kind: 'repeat', node, ...bounds }
      // Which of several matches is found makes no difference here.
      this.#skip('?')
      if (this.#peek() === '+') throw new RegexError('unsupported', 'possessive repetition is not supported')
    }
  }

  #readBounds(): { least: number; most: number } | undefined {
    if (this.#skip('*')) return { least: 0, most: Number.POSITIVE_INFINITY }
    if (this.#skip('+')) return { least: 1, most: Number.POSITIVE_INFINITY }
    if (this.#skip('?')) return { least: 0, most: 1 }
    const written = /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 9).join(''))
    if (written === null) return undefined
    this.#at += written[0].length
    const least = Number(written[1])
    const most = written[2] === undefined ? least : Number(written[3] ?? Number.POSITIVE_INFINITY)
    if (most < least) throw new RegexError('malformed', 'a repetition has more at least than at most')
    return { least, most }
  }

  #readOne(): Node {
    const character = this.#take()
    switch (character) {
      case '^':
        return { kind: 'start' }
      case '$':
        return { kind: 'end' }
      case '.':
        return { kind: 'set', test: (code) => code !== 10 }
      case '(':
        return this.#readGroup()
      case '[':
        return { kind: 'set', test: this.#readClass() }
      case '\\':
        return { kind: 'set', test: this.#readEscape() }
      case '*':
      case '+':
      case '?':
        throw new RegexError('malformed', `nothing stands before "${character}"`)
      default:
        return { kind: 'set', test: this.#oneOf(codeOf(character), codeOf(character)) }
    }
  }

  #readGroup(): Node {
    if (++this.#groups > MAX_GROUPS) throw new RegexError('unsupported', `it has more than ${MAX_GROUPS} groups`)
    if (this.#skip('?') && !this.#skip(':')) {
      throw new RegexError('unsupported', 'of groups with "?" only "(?:" is supported')
    }
    const node = this.#readChoice()
    if (!this.#skip(')')) throw new RegexError('malformed', 'a "(" has no ")"')
    return node
  }

  #readClass(): Test {
    const negated = this.#skip('^')
    const tests: Test[] = []
    while (tests.length === 0 || this.#peek() !== ']') {
      const first = this.#take()
      if (first === '\\' && isClassEscape(this.#peek())) {
        tests.push(this.#readEscape())
        continue
      }
      const low = first === '\\' ? this.#literalEscape() : codeOf(first)
      let high = low
      if (this.#peek() === '-' && this.#characters[this.#at + 1] !== ']') {
        this.#take()
        const last = this.#take()
        high = last === '\\' ? this.#literalEscape() : codeOf(last)
      }
      if (high < low) throw new RegexError('malformed', 'a range in a class runs backwards')
      tests.push(this.#oneOf(low, high))
    }
    this.#take()
    return (code) => tests.some((test) => test(code)) !== negated
  }

  /** What follows a backslash, as a set. */
  #readEscape(): Test {
    const next = this.#peek()
    if (isClassEscape(next)) {
      this.#take()
      const test = CLASSES[next.toLowerCase() === 'd' ? 'd' : next.toLowerCase() === 'w' ? 'w' : 's']
      return next === next.toLowerCase() ? test : (code) => !test(code)
    }
    const code = this.#literalEscape()
    return this.#oneOf(code, code)
  }

  #literalEscape(): number {
    const character = this.#take()
    const control = { n: 10, r: 13, t: 9 }[character]
    if (control !== undefined) return control
    if (/[A-Za-z0-9]/.test(character)) throw new RegexError('unsupported', `"\\${character}" is not supported`)
    return codeOf(character)
  }

  #oneOf(low: number, high: number): Test {
    const isIn = (code: number): boolean => code >= low && code <= high
    if (!this.#ignoreCase) return isIn
    return (code) => {
      const character = String.fromCodePoint(code)
      return isIn(code) || isIn(codeOf(character.toLowerCase())) || isIn(codeOf(character.toUpperCase()))
    }
  }
}

const CLASSES: Readonly<Record<'d' | 'w' | 's', Test>> = {
  d: (code) => code >= 48 && code <= 57,
  w: (code) => /^\w$/.test(String.fromCodePoint(code)),
  s: (code) => code === 32 || (code >= 9 && code <= 13),
}

function isClassEscape(character: string | undefined): character is string {
  return character !== undefined && 'dDwWsS'.includes(character)
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

/** Appends the steps of a node; whoever is through goes on behind them. */
function emit(node: Node, steps: Step[]): void {
  if (steps.length > MAX_STEPS) throw new RegexError('unsupported', `it takes more than ${MAX_STEPS} steps`)
  switch (node.kind) {
    case 'set':
    case 'start':
    case 'end':
      steps.push(node)
      break
    case 'sequence':
      // Every node takes a step, so that the bound on steps bounds the work.
      if (node.parts.length === 0) steps.push({ kind: 'fork', to: [steps.length + 1] })
      for (const part of node.parts) emit(part, steps)
      break
    case 'choice': {
      const ends: number[][] = []
      for (const part of node.parts) {
        const to = [steps.length + 1]
        steps.push({ kind: 'fork', to })
        emit(part, steps)
        const end: number[] = []
        steps.push({ kind: 'fork', to: end })
        ends.push(end)
        to.push(steps.length)
      }
      // Whoever took none of them is stuck.
      steps.push({ kind: 'fork', to: [] })
      for (const end of ends) end.push(steps.length)
      break
    }
    case 'repeat': {
      if (node.most === 0) steps.push({ kind: 'fork', to: [steps.length + 1] })
      for (let i = 0; i < node.least; i++) emit(node.node, steps)
      if (node.most === Number.POSITIVE_INFINITY) {
        const start = steps.length
        const to = [start + 1]
        steps.push({ kind: 'fork', to })
        emit(node.node, steps)
        steps.push({ kind: 'fork', to: [start] })
        to.push(steps.length)
        break
      }
      const exits: number[][] = []
      for (let i = node.least; i < node.most; i++) {
        const to = [steps.length + 1]
        exits.push(to)
        steps.push({ kind: 'fork', to })
        emit(node.node, steps)
      }
      for (const exit of exits) exit.push(steps.length)
    }
  }
}

/** Follows all ways at once, so that every step is taken at most once for each character. */
function run(steps: readonly Step[], text: string): boolean {
  const codes = Array.from(text, codeOf)
  const seen = new Int32Array(steps.length + 1).fill(-1)
  let active: number[] = []
  const reach = (from: number, at: number, into: number[]): boolean => {
    const open = [from]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (step === steps.length) return true
      if (seen[step] === at) continue
      seen[step] = at
      const { kind, ...rest } = steps[step] ?? { kind: 'end' as const }
      if (kind === 'set') into.push(step)
      else if (kind === 'start' ? at === 0 : kind === 'end' && at === codes.length) open.push(step + 1)
      else if ('to' in rest) open.push(...rest.to)
    }
    return false
  }
  for (let at = 0; ; at++) {
    if (reach(0, at, active)) return true
    const code = codes[at]
    if (code === undefined) return false
    const next: number[] = []
    // The marks of this position are done with: what is reached now is reached at the next.
    for (const step of active) {
      const one = steps[step]
      if (one?.kind === 'set' && one.test(code) && reach(step + 1, at + 1, next)) return true
    }
    active = next
  }
}
