import { MelError } from './mel-error.ts'

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly sigil: boolean; readonly at: number; readonly end: number }
  | { readonly kind: 'integer' | 'real'; readonly value: number; readonly at: number; readonly end: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number; readonly end: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly at: number; readonly end: number }
  | { readonly kind: 'end'; readonly at: number; readonly end: number }

/** Longest expression, in UTF-16 code units. */
export const MAX_EXPRESSION_LENGTH = 8192

const BLANKS = /[ \t\r\n]*/y
const NAME = /[A-Za-z_](?:[A-Za-z0-9.#_-]*[A-Za-z0-9#_-])?/y
const NUMBER = /\d+(?:\.\d+)?/y
/** The longest first. `!` and a word are one operator only without a blank between. */
const SYMBOL =
  /!(?:ipmatch|globmatchi?|regexmatchi?)(?![A-Za-z0-9.#_-])|!%\*=|!\*=|!~=|%\*=|\*=|~=|==|!=|<=|>=|<<|>>|[<>=!+*/%.~|&()[\],?:-]/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['/', '/'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Cuts a text into tokens, the last of kind `end`. Throws MelError; takes linear time. */
export function tokenize(text: string): readonly Token[] {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    throw new MelError(
      'expr-too-long',
      MAX_EXPRESSION_LENGTH,
      `it is longer than ${MAX_EXPRESSION_LENGTH} characters; say it with fewer, or with other footprint types`,
    )
  }
  const tokens: Token[] = []
  let at = skip(BLANKS, text, 0)
  while (at < text.length) {
    const token = readToken(text, at)
    tokens.push(token)
    at = skip(BLANKS, text, token.end)
  }
  tokens.push({ kind: 'end', at, end: at })
  return tokens
}

function readToken(text: string, at: number): Token {
  const first = text[at]
  if (first === '"' || first === "'") return readString(text, at, first)
  const sigil = first === '$'
  const nameEnd = skip(NAME, text, sigil ? at + 1 : at)
  if (nameEnd > at + Number(sigil)) {
    return { kind: 'name', text: text.slice(at + Number(sigil), nameEnd), sigil, at, end: nameEnd }
  }
  const numberEnd = skip(NUMBER, text, at)
  if (numberEnd > at) return readNumber(text, at, numberEnd)
  const end = skip(SYMBOL, text, at)
  if (end === at) throw new MelError('expr-syntax', at, `${JSON.stringify(first)} means nothing here`)
  const symbol = text.slice(at, end)
  if (symbol === '.' && !(isBlank(text[at - 1]) && isBlank(text[end]))) {
    throw new MelError('expr-syntax', at, 'put blanks around the "." that joins strings')
  }
  return { kind: 'symbol', text: symbol, at, end }
}

function readNumber(text: string, at: number, end: number): Token {
  const digits = text.slice(at, end)
  const value = Number(digits)
  const kind = digits.includes('.') ? 'real' : 'integer'
  // A number that prints with an exponent could not be read back.
  if (kind === 'integer' ? !Number.isSafeInteger(value) : String(value).includes('e') || !Number.isFinite(value)) {
    throw new MelError('expr-value', at, 'the number is too large or too small')
  }
  return { kind, value, at, end }
}

function readString(text: string, at: number, quote: string): Token {
  let value = ''
  let from = at + 1
  for (let i = from; i < text.length; i++) {
    const character = text[i]
    if (character === quote) return { kind: 'string', value: value + text.slice(from, i), at, end: i + 1 }
    if (character !== '\\') continue
    const escaped = ESCAPES.get(text[i + 1] ?? '')
    if (escaped === undefined) throw new MelError('expr-syntax', i, 'a string has no such escape')
    value += text.slice(from, i) + escaped
    i++
    from = i + 1
  }
  throw new MelError('expr-syntax', at, 'the string has no end')
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}
