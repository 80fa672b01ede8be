import type { Expression } from './expression.ts'
import { isLiteral } from './expression.ts'

/**
 * The strict form of a checked expression: reading it gives the same tree. Parentheses wherever another reading of the
 * precedences could differ, no sigil, double quotes.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'boolean':
    case 'integer':
      return String(expression.value)
    case 'real': {
      const digits = String(expression.value)
      return digits.includes('.') ? digits : `${digits}.0`
    }
    case 'string':
      return printString(expression.value)
    case 'nil':
      return 'nil'
    case 'fact':
      return expression.fact
    case 'and':
    case 'or':
      return expression.operands.map(printClause).join(` ${expression.kind} `)
    case 'not':
      return `not ${inParentheses(expression.operand)}`
    case 'sign':
      return `${expression.operator}${inParentheses(expression.operand)}`
    case 'arithmetic':
    case 'compare':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`
    case 'concat':
      return `${printOperand(expression.left)} . ${printOperand(expression.right)}`
    case 'glob':
    case 'regex': {
      const operator = `${expression.negated ? '!' : ''}${expression.kind}match${expression.ignoreCase ? 'i' : ''}`
      return `${printOperand(expression.left)} ${operator} ${printOperand(expression.right)}`
    }
    case 'ipmatch':
      return `${printOperand(expression.left)} ${expression.negated ? '!' : ''}ipmatch ${printOperand(expression.right)}`
    case 'call':
      return `${expression.name}(${printExpression(expression.operand)})`
    case 'choice': {
      const { condition, yes, no } = expression
      return `${printOperand(condition)} ? ${printOperand(yes)} : ${printOperand(no)}`
    }
  }
}

/** An operand of `and` or `or`. */
function printClause(expression: Expression): string {
  const { kind } = expression
  return kind === 'and' || kind === 'or' || kind === 'choice' ? inParentheses(expression) : printExpression(expression)
}

/** An operand of anything that binds tighter. */
function printOperand(expression: Expression): string {
  const isPrimary = isLiteral(expression) || expression.kind === 'fact' || expression.kind === 'call'
  return isPrimary ? printExpression(expression) : inParentheses(expression)
}

function inParentheses(expression: Expression): string {
  return `( ${printExpression(expression)} )`
}

/** A string literal. */
function printString(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return `"${escaped}"`
}
