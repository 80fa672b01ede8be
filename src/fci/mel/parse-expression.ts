import type { Arithmetic, Comparison, Expression, Fact, FunctionName } from './expression.ts'
import type { Token } from './lexer.ts'
import { tokenize } from './lexer.ts'
import { MelError } from './mel-error.ts'
import { readMatchList, readQualifiedAsn } from './seed-forms.ts'
import { TokenReader } from './token-reader.ts'
import type { TreeBuilder } from './tree-builder.ts'

/** How tightly an operator binds; `not` stands between `and` and the comparisons. */
const POWER = { choice: 1, or: 2, and: 3, not: 4, compare: 5, concat: 6, sum: 7, product: 8, prefix: 9 } as const

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map(
  (['==', '!=', '<', '>', '<=', '>='] as const).map((operator) => [operator, operator]),
)
const ARITHMETIC: ReadonlyMap<string, Arithmetic> = new Map(
  (['+', '-', '*', '/', '%'] as const).map((operator) => [operator, operator]),
)
const FACTS: ReadonlyMap<string, Fact> = new Map(
  (['ep.asn', 'ep.ipv4addr', 'ep.ipv6addr', 'ep.country', 'ep.subdivision'] as const).map((fact) => [fact, fact]),
)
const FUNCTIONS: ReadonlyMap<string, FunctionName> = new Map(
  (['upper', 'lower', 'integer', 'string'] as const).map((name) => [name, name]),
)
interface PatternOperator {
  readonly kind: 'glob' | 'regex'
  readonly negated: boolean
  readonly ignoreCase: boolean
}
const PATTERNS: ReadonlyMap<string, PatternOperator> = new Map([
  ...patternOperators('glob', false, ['*=', 'globmatch']),
  ...patternOperators('glob', true, ['%*=', 'globmatchi']),
  ...patternOperators('regex', false, ['~=', 'regexmatch']),
  ...patternOperators('regex', true, ['regexmatchi']),
])

function patternOperators(
  kind: PatternOperator['kind'],
  ignoreCase: boolean,
  operators: readonly string[],
): readonly (readonly [string, PatternOperator])[] {
  return [false, true].flatMap((negated) =>
    operators.map((operator) => [negated ? `!${operator}` : operator, { kind, negated, ignoreCase }] as const),
  )
}

/** Functions of the language that a footprint has no use for (cdni-mel-facts 5). */
const OTHER_FUNCTIONS: ReadonlySet<string> = new Set([
  'real',
  'boolean',
  'match',
  'match_replace',
  'add_query',
  'add_query_multi',
  'remove_query',
  'remove_query_multi',
  'keep_query_multi',
  'path_element',
  'path_elements',
])
const BITS: ReadonlySet<string> = new Set(['|', '&', '~', '<<', '>>'])

/**
 * Parses by operator precedence (docs/fci.md, "Expressions"). Throws MelError.
 * @param qualifiersOf - how many different qualifiers the document gives an AS number.
 */
export function parseExpression(text: string, tree: TreeBuilder, qualifiersOf: (asn: number) => number): Expression {
  const reader = new TokenReader(tokenize(text), tree)
  const parsed = parseFrom(reader, 0, { tree, qualifiersOf })
  const rest = reader.peek()
  if (rest.kind !== 'end') throw unexpected(rest, 'an operator or the end')
  return parsed
}

interface Context {
  readonly tree: TreeBuilder
  readonly qualifiersOf: (asn: number) => number
}

/** Parses an expression whose operators all bind tighter than `power`. */
function parseFrom(reader: TokenReader, power: number, context: Context): Expression {
  let left = parsePrefix(reader, power, context)
  for (;;) {
    const operator = reader.operator()
    const next = operator === undefined ? undefined : parseOperator(left, operator, reader, power, context)
    if (next === undefined) return left
    left = next
  }
}

/** What an operator makes of its left side, or undefined if it binds no tighter than `power` or is none. */
function parseOperator(
  left: Expression,
  operator: string,
  reader: TokenReader,
  power: number,
  context: Context,
): Expression | undefined {
  const { at } = reader.peek()
  const { tree } = context
  if (operator === 'and' || operator === 'or') {
    return power < POWER[operator] ? parseChain(left, operator, reader, context) : undefined
  }
  if (operator === '?') return power < POWER.choice ? parseChoice(left, reader, context) : undefined
  const arithmetic = ARITHMETIC.get(operator)
  if (arithmetic !== undefined) {
    const own = arithmetic === '+' || arithmetic === '-' ? POWER.sum : POWER.product
    if (power >= own) return undefined
    reader.take()
    const right = parseFrom(reader, own, context)
    return tree.add({ kind: 'arithmetic', operator: arithmetic, left, right, at }, [left, right])
  }
  if (operator === '.') {
    if (power >= POWER.concat) return undefined
    reader.take()
    const right = parseFrom(reader, POWER.concat, context)
    return tree.add({ kind: 'concat', left, right, at }, [left, right])
  }
  refuseOperator(operator, at)
  if (!isComparison(operator) || power > POWER.compare) return undefined
  if (power === POWER.compare) {
    throw new MelError('expr-syntax', at, 'comparisons do not chain; put parentheses around the first')
  }
  return parseComparison(left, operator, reader, context)
}

function isComparison(operator: string): boolean {
  return COMPARISONS.has(operator) || PATTERNS.has(operator) || ['=', 'in', 'ipmatch', '!ipmatch'].includes(operator)
}

function refuseOperator(operator: string, at: number): void {
  if (BITS.has(operator)) {
    throw new MelError('expr-unsupported', at, `the bit operator "${operator}" has no known precedence; do without it`)
  }
}

function parseChain(left: Expression, kind: 'and' | 'or', reader: TokenReader, { tree, qualifiersOf }: Context) {
  const { at } = reader.peek()
  const operands = [left]
  const mixed = (operand: Expression): void => {
    if (kind === 'or' && operand.kind === 'and' && !reader.wasInParentheses(operand)) {
      tree.doubt('expr-and-or', operand.at, '"and" binds tighter than "or" here, not everywhere; use parentheses')
    }
  }
  mixed(left)
  while (reader.operator() === kind) {
    reader.take()
    const operand = parseFrom(reader, POWER[kind], { tree, qualifiersOf })
    mixed(operand)
    operands.push(operand)
  }
  return tree.add({ kind, operands, at }, operands)
}

function parseChoice(condition: Expression, reader: TokenReader, context: Context): Expression {
  const { at } = reader.take()
  return context.tree.nested(at, () => {
    const yes = parseFrom(reader, 0, context)
    reader.expect(':')
    const no = parseFrom(reader, 0, context)
    return context.tree.add({ kind: 'choice', condition, yes, no, at }, [condition, yes, no])
  })
}

function parseComparison(left: Expression, operator: string, reader: TokenReader, context: Context): Expression {
  const { tree } = context
  const { at } = reader.take()
  if (operator === 'in' || operator === 'ipmatch' || operator === '!ipmatch') {
    const listed = readMatchList(left, operator, at, reader, tree)
    if (listed !== undefined) return listed
  }
  if (operator === 'in') throw unexpected(reader.peek(), 'a list in brackets')
  if (operator === '=') tree.repair('expr-equals', at, '"=" assigns in this language; "==" compares')
  const comparison = operator === '=' ? '==' : COMPARISONS.get(operator)
  const right =
    (comparison === undefined ? undefined : readQualifiedAsn(left, reader, tree, context.qualifiersOf)) ??
    parseFrom(reader, POWER.compare, context)
  if (comparison !== undefined) {
    return tree.add({ kind: 'compare', operator: comparison, left, right, at }, [left, right])
  }
  const pattern = PATTERNS.get(operator)
  if (pattern !== undefined) return tree.add({ ...pattern, left, right, at }, [left, right])
  return tree.add({ kind: 'ipmatch', negated: operator === '!ipmatch', left, right, at }, [left, right])
}

function parsePrefix(reader: TokenReader, power: number, context: Context): Expression {
  const { tree } = context
  const token = reader.take()
  const { at } = token
  switch (token.kind) {
    case 'integer':
    case 'real':
      return tree.add({ kind: token.kind, value: token.value, at }, [])
    case 'string':
      return tree.add({ kind: 'string', value: token.value, at }, [])
    case 'name':
      return parseName(token.text, token, reader, power, context)
    case 'symbol':
      break
    case 'end':
      throw unexpected(token, 'a value')
  }
  switch (token.text) {
    case '(':
      return tree.nested(at, () => {
        const inner = parseFrom(reader, 0, context)
        reader.expect(')')
        return reader.inParentheses(inner)
      })
    case '!':
    case '-':
    case '+': {
      const operand = tree.nested(at, () => parseFrom(reader, POWER.prefix, context))
      if (token.text === '!') return tree.add({ kind: 'not', operand, at }, [operand])
      return tree.add({ kind: 'sign', operator: token.text, operand, at }, [operand])
    }
    case '[':
      throw new MelError('expr-syntax', at, 'a list stands only right of "ipmatch" and "in"')
    default:
      refuseOperator(token.text, at)
      throw unexpected(token, 'a value')
  }
}

function parseName(
  name: string,
  token: Token & { readonly kind: 'name' },
  reader: TokenReader,
  power: number,
  context: Context,
): Expression {
  const { tree } = context
  const { at } = token
  const keyword = reader.keywordOf(token)
  switch (keyword) {
    case 'true':
    case 'false':
      return tree.add({ kind: 'boolean', value: keyword === 'true', at }, [])
    case 'nil':
      return tree.add({ kind: 'nil', at }, [])
    case 'not': {
      if (power > POWER.not) throw new MelError('expr-syntax', at, 'put parentheses around "not" and its operand')
      const operand = tree.nested(at, () => parseFrom(reader, POWER.not, context))
      return tree.add({ kind: 'not', operand, at }, [operand])
    }
    case undefined:
      break
    default:
      throw unexpected(token, 'a value')
  }
  if (reader.isNext('(')) return parseCall(name, at, reader, context)
  const seedName = name.startsWith('sep.') ? name.slice(1) : name
  const fact = FACTS.get(seedName)
  if (fact === undefined) {
    const isKnown = /^(?:req|resp|var)\./.test(name)
    throw new MelError(
      isKnown ? 'expr-unsupported' : 'expr-name',
      at,
      `a footprint has no variable ${JSON.stringify(name.slice(0, 64))}; known: ${[...FACTS.keys()].join(', ')}`,
    )
  }
  if (token.sigil) tree.repair('expr-sigil', at, `variables are written without "$": ${fact}`)
  if (seedName !== name) tree.repair('expr-sep', at, `"sep." is to be written "ep."`)
  return tree.add({ kind: 'fact', fact, at }, [])
}

function parseCall(name: string, at: number, reader: TokenReader, context: Context): Expression {
  const known = FUNCTIONS.get(name)
  if (known === undefined) {
    throw new MelError(
      OTHER_FUNCTIONS.has(name) ? 'expr-unsupported' : 'expr-name',
      at,
      `a footprint has no function ${JSON.stringify(name.slice(0, 64))}; known: ${[...FUNCTIONS.keys()].join(', ')}`,
    )
  }
  reader.expect('(')
  const operand = context.tree.nested(at, () => parseFrom(reader, 0, context))
  if (reader.isNext(',')) throw new MelError('expr-type', at, `${known} takes one value`)
  reader.expect(')')
  return context.tree.add({ kind: 'call', name: known, operand, at }, [operand])
}

function unexpected(token: Token, wanted: string): MelError {
  const found = token.kind === 'end' ? 'the expression ends' : 'something else stands'
  return new MelError('expr-syntax', token.at, `${found} where ${wanted} belongs`)
}
