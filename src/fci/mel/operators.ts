import type { Arithmetic, FunctionName } from './expression.ts'

/** Kleene's `not`. */
export function negate(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth
}

/** undefined where there is no result: an operand is unknown, a division by zero, a number too large. */
export function computeArithmetic(
  operator: Arithmetic,
  left: unknown,
  right: unknown,
  isReal: boolean,
): number | undefined {
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  const exact = compute(operator, left, right)
  // Adding 0 turns the negative zero, which the language does not have, into zero.
  const result = (isReal || operator !== '/' ? exact : Math.trunc(exact)) + 0
  return (isReal ? Number.isFinite(result) : Number.isSafeInteger(result)) ? result : undefined
}

function compute(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}

const NUMBER = /^-?\d{1,16}(?:\.\d{1,16})?$/

/** undefined where there is no result, as for `integer("x")`. */
export function computeCall(name: FunctionName, operand: unknown): string | number | undefined {
  if (typeof operand !== 'string' && typeof operand !== 'number') return undefined
  switch (name) {
    case 'upper':
      return String(operand).toUpperCase()
    case 'lower':
      return String(operand).toLowerCase()
    case 'string':
      return String(operand)
    case 'integer': {
      if (typeof operand === 'string' && !NUMBER.test(operand)) return undefined
      const value = Math.trunc(Number(operand)) + 0
      return Number.isSafeInteger(value) ? value : undefined
    }
  }
}
