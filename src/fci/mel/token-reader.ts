import type { Expression } from './expression.ts'
import type { Token } from './lexer.ts'
import { MelError } from './mel-error.ts'
import type { TreeBuilder } from './tree-builder.ts'

const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'nil', 'true', 'false', 'in'])
const WORD_OPERATORS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'in',
  'ipmatch',
  'globmatch',
  'globmatchi',
  'regexmatch',
  'regexmatchi',
])
const RESERVED: ReadonlySet<string> = new Set([...KEYWORDS, ...WORD_OPERATORS])

/** Goes through the tokens of one expression. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #tree: TreeBuilder
  readonly #inParentheses = new WeakSet<Expression>()
  #next = 0

  constructor(tokens: readonly Token[], tree: TreeBuilder) {
    this.#tokens = tokens
    this.#tree = tree
  }

  /** The token so many behind the next one; the last token is of kind `end` and comes again and again. */
  peek(ahead = 0): Token {
    const token = this.#tokens[this.#next + ahead] ?? this.#tokens.at(-1)
    if (token === undefined) throw new MelError('expr-syntax', 0, 'it is empty')
    return token
  }

  take(): Token {
    const token = this.peek()
    if (token.kind === 'name') this.#checkCase(token)
    this.#next++
    return token
  }

  /** The operator that comes next, if one does. */
  operator(): string | undefined {
    const token = this.peek()
    if (token.kind === 'symbol') return token.text
    if (token.kind !== 'name' || token.sigil) return undefined
    const word = token.text.toLowerCase()
    return WORD_OPERATORS.has(word) ? word : undefined
  }

  /** The keyword or word operator that a name is. */
  keywordOf(token: Token & { readonly kind: 'name' }): string | undefined {
    const word = token.text.toLowerCase()
    return !token.sigil && RESERVED.has(word) ? word : undefined
  }

  isNext(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  expect(symbol: string): void {
    const token = this.peek()
    if (!this.isNext(symbol)) throw new MelError('expr-syntax', token.at, `a "${symbol}" is missing`)
    this.take()
  }

  inParentheses(expression: Expression): Expression {
    this.#inParentheses.add(expression)
    return expression
  }

  wasInParentheses(expression: Expression): boolean {
    return this.#inParentheses.has(expression)
  }

  #checkCase(token: Token & { readonly kind: 'name' }): void {
    const keyword = this.keywordOf(token)
    if (keyword !== undefined && keyword !== token.text) {
      this.#tree.repair('expr-keyword-case', token.at, `"${token.text}" is to be written "${keyword}"`)
    }
  }
}
