import { formatPrefix } from '../prefix.ts'
import { readPrefix } from '../read-prefix.ts'
import { checkComparison } from './check-comparison.ts'
import { evaluateConstant } from './evaluate-expression.ts'
import type { Expression, Fact } from './expression.ts'
import { isLiteral, operandsOf } from './expression.ts'
import { MelError } from './mel-error.ts'
import { compileRegex, RegexError } from './regex.ts'
import type { TreeBuilder } from './tree-builder.ts'
import type { Typed, ValueType } from './typed-node.ts'
import { nameOf, ofAddress, ofNumber, ofType } from './typed-node.ts'

/** Type of each fact. */
const FACT_TYPES: Readonly<Record<Fact, ValueType>> = {
  'ep.asn': 'integer',
  'ep.ipv4addr': 'address',
  'ep.ipv6addr': 'address',
  'ep.country': 'string',
  'ep.subdivision': 'string',
}

/**
 * Checks the types, which are never converted silently, and brings the expression into canonical form: parts without
 * facts computed, prefixes and addresses in canonical text, codes in lower case. Throws MelError.
 */
export function checkExpression(expression: Expression, tree: TreeBuilder): Expression {
  return ofType('boolean', check(expression, tree))
}

function check(expression: Expression, tree: TreeBuilder): Typed {
  const typed = checkNode(expression, tree)
  const { node } = typed
  if (isLiteral(node) || node.kind === 'fact' || !operandsOf(node).every(isLiteral)) return typed
  const value = evaluateConstant(node, typed.type)
  return value === undefined ? typed : { node: { ...value, at: node.at }, type: typed.type }
}

function checkNode(expression: Expression, tree: TreeBuilder): Typed {
  const checked = (operand: Expression): Typed => check(operand, tree)
  switch (expression.kind) {
    case 'boolean':
    case 'integer':
    case 'real':
    case 'string':
    case 'nil':
      return { node: expression, type: expression.kind }
    case 'fact':
      return { node: expression, type: FACT_TYPES[expression.fact] }
    case 'and':
    case 'or':
      return {
        node: { ...expression, operands: expression.operands.map((operand) => ofType('boolean', checked(operand))) },
        type: 'boolean',
      }
    case 'not':
      return { node: { ...expression, operand: ofType('boolean', checked(expression.operand)) }, type: 'boolean' }
    case 'sign': {
      const { node, type } = ofNumber(checked(expression.operand))
      return { node: { ...expression, operand: node }, type }
    }
    case 'arithmetic': {
      const left = ofNumber(checked(expression.left))
      return {
        node: { ...expression, left: left.node, right: ofType(left.type, checked(expression.right)) },
        type: left.type,
      }
    }
    case 'concat': {
      const [left, right] = [checked(expression.left), checked(expression.right)]
      return { node: { ...expression, left: ofType('string', left), right: ofType('string', right) }, type: 'string' }
    }
    case 'compare':
      return {
        node: checkComparison(expression, checked(expression.left), checked(expression.right), tree),
        type: 'boolean',
      }
    case 'glob':
    case 'regex':
      return checkPattern(expression, checked, tree)
    case 'ipmatch':
      return checkIpmatch(expression, checked, tree)
    case 'call':
      return checkCall(expression, checked(expression.operand))
    case 'choice': {
      const condition = ofType('boolean', checked(expression.condition))
      const yes = checked(expression.yes)
      const no = ofType(yes.type, checked(expression.no))
      return { node: { ...expression, condition, yes: yes.node, no }, type: yes.type }
    }
  }
}

function checkPattern(
  expression: Expression & { readonly kind: 'glob' | 'regex' },
  checked: (operand: Expression) => Typed,
  tree: TreeBuilder,
): Typed {
  const left = ofType('string', checked(expression.left))
  const right = ofType('string', checked(expression.right))
  if (right.kind !== 'string') throw new MelError('expr-type', right.at, 'a pattern is to be written down')
  const size = expression.kind === 'glob' ? right.value.length : sizeOfRegex(right.value, expression)
  tree.spend(size * longestText(left), right.at)
  return { node: { ...expression, left, right }, type: 'boolean' }
}

function sizeOfRegex(pattern: string, { ignoreCase, right }: Expression & { readonly kind: 'glob' | 'regex' }): number {
  try {
    return compileRegex(pattern, ignoreCase).size
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new MelError(error.fault === 'malformed' ? 'expr-value' : 'expr-unsupported', right.at, error.message)
  }
}

/** Most characters that a string can have: a number has fewer than 24, and a letter can become three in another case. */
function longestText(node: Expression): number {
  if (node.kind === 'string') return node.value.length
  if (node.kind === 'call' && node.name !== 'string') return 3 * longestText(node.operand)
  if (node.kind === 'concat') return longestText(node.left) + longestText(node.right)
  if (node.kind === 'choice') return Math.max(longestText(node.yes), longestText(node.no))
  return 24
}

function checkIpmatch(
  expression: Expression & { readonly kind: 'ipmatch' },
  checked: (operand: Expression) => Typed,
  tree: TreeBuilder,
): Typed {
  const left = ofAddress(checked(expression.left))
  const right = ofType('string', checked(expression.right))
  if (right.kind !== 'string') throw new MelError('expr-type', right.at, 'the prefix is to be written down')
  const read = readPrefix(right.value)
  if (read.prefix === undefined) {
    throw new MelError(
      'expr-value',
      right.at,
      `${JSON.stringify(right.value.slice(0, 64))} is not a prefix: ${read.fault}`,
    )
  }
  const value = formatPrefix(read.prefix)
  for (const repair of read.repairs) {
    const message = `${JSON.stringify(right.value)} is read as ${value}`
    switch (repair) {
      case 'short-ipv4':
      case 'short-ipv6':
        tree.repair(`prefix-${repair}`, right.at, message)
        break
      case 'host-bits':
      case 'ipv4-mapped':
        tree.doubt(`prefix-${repair}`, right.at, message)
        break
      // An address alone is a proper operand of ipmatch (cdni-mel-facts 4).
      case 'without-length':
        break
    }
  }
  if (left.kind === 'fact' && left.fact !== `ep.ipv${read.prefix.version}addr`) {
    tree.doubt('expr-never', expression.at, `${left.fact} is never in ${value}`)
  }
  return { node: { ...expression, left, right: { kind: 'string', value, at: right.at } }, type: 'boolean' }
}

function checkCall(expression: Expression & { readonly kind: 'call' }, { node, type }: Typed): Typed {
  switch (expression.name) {
    case 'upper':
    case 'lower':
      return { node: { ...expression, operand: ofType('string', { node, type }) }, type: 'string' }
    case 'integer':
    case 'string':
      if (type === 'integer' || type === 'real' || type === 'string') {
        return { node: { ...expression, operand: node }, type: expression.name }
      }
      throw new MelError('expr-type', node.at, `${expression.name}() takes a number or a string, not ${nameOf(type)}`)
  }
}
