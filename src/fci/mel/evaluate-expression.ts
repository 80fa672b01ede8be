import { countryOf } from '../footprint-algebra.ts'
import type { ClientFacts } from '../match-footprint.ts'
import type { Address } from '../prefix.ts'
import { containsAddress, parseAddress } from '../prefix.ts'
import { readPrefix } from '../read-prefix.ts'
import type { Comparison, Expression, Fact, Literal } from './expression.ts'
import { matchesGlob } from './glob.ts'
import { computeArithmetic, computeCall, negate } from './operators.ts'
import { compileRegex } from './regex.ts'
import type { ValueType } from './typed-node.ts'

/** Three-valued: undefined means that a fact is unknown or that the computation failed. */
export type Truth = boolean | undefined
/** `null` is nil: a fact that the client does not have, such as the IPv4 address of an IPv6 client. */
export type Value = boolean | number | string | Address | null | undefined

/** A compiled expression. */
export type Evaluate<V> = (client: ClientFacts) => V

/** Compiles a checked expression. A client is admitted only by `true`. */
export function compileExpression(expression: Expression): Evaluate<Truth> {
  switch (expression.kind) {
    case 'and':
      return compileChain(expression.operands.map(compileExpression), false)
    case 'or':
      return compileChain(expression.operands.map(compileExpression), true)
    case 'not': {
      const operand = compileExpression(expression.operand)
      return (client) => negate(operand(client))
    }
    case 'compare':
      return compileComparison(expression)
    case 'ipmatch':
      return compileIpmatch(expression)
    case 'glob': {
      const { negated, ignoreCase, right } = expression
      const text = compileValue(expression.left)
      const pattern = right.kind === 'string' ? right.value : ''
      const wanted = ignoreCase ? pattern.toLowerCase() : pattern
      return (client) => {
        const value = text(client)
        if (typeof value !== 'string') return undefined
        return matchesGlob(wanted, ignoreCase ? value.toLowerCase() : value) !== negated
      }
    }
    case 'regex': {
      const { negated, ignoreCase, right } = expression
      const text = compileValue(expression.left)
      const { matches } = compileRegex(right.kind === 'string' ? right.value : '', ignoreCase)
      return (client) => {
        const value = text(client)
        return typeof value === 'string' ? matches(value) !== negated : undefined
      }
    }
    case 'boolean':
    case 'integer':
    case 'real':
    case 'string':
    case 'nil':
    case 'fact':
    case 'sign':
    case 'arithmetic':
    case 'concat':
    case 'call':
    case 'choice': {
      const evaluate = compileValue(expression)
      return (client) => {
        const value = evaluate(client)
        return typeof value === 'boolean' ? value : undefined
      }
    }
  }
}

/** Kleene's `and` (decided by false) or `or` (decided by true). */
function compileChain(operands: readonly Evaluate<Truth>[], decisive: boolean): Evaluate<Truth> {
  const [first, second, ...others] = operands
  if (first !== undefined && second !== undefined && others.length === 0) {
    return (client) => {
      const left = first(client)
      if (left === decisive) return decisive
      const right = second(client)
      if (right === decisive) return decisive
      return left === undefined || right === undefined ? undefined : !decisive
    }
  }
  return (client) => {
    let result: Truth = !decisive
    for (let i = 0; i < operands.length; i++) {
      const truth = operands[i]?.(client)
      if (truth === decisive) return decisive
      if (truth === undefined) result = undefined
    }
    return result
  }
}

function compileComparison({ operator, left, right }: Expression & { readonly kind: 'compare' }): Evaluate<Truth> {
  const negated = operator === '!='
  if (negated || operator === '==') {
    if (right.kind === 'nil' || left.kind === 'nil') {
      const value = compileValue(right.kind === 'nil' ? left : right)
      return (client) => {
        const found = value(client)
        return found === undefined ? undefined : (found === null) !== negated
      }
    }
    if (left.kind === 'fact' && (right.kind === 'string' || right.kind === 'integer')) {
      return compileFactComparison(left.fact, right.value, negated)
    }
  }
  const foldsCase = [left, right].some(
    (node) => node.kind === 'fact' && (node.fact === 'ep.country' || node.fact === 'ep.subdivision'),
  )
  const [first, second] = [compileValue(left), compileValue(right)]
  return (client) => compareValues(operator, first(client), second(client), foldsCase)
}

function compileFactComparison(fact: Fact, wanted: string | number, negated: boolean): Evaluate<Truth> {
  switch (fact) {
    case 'ep.asn':
      return ({ asn }) => (asn === undefined ? undefined : (asn === wanted) !== negated)
    case 'ep.subdivision':
      return ({ subdivision }) => (subdivision === undefined ? undefined : (subdivision === wanted) !== negated)
    case 'ep.country':
      return (client) => {
        const country = countryOf(client)
        return country === undefined ? undefined : (country === wanted) !== negated
      }
    case 'ep.ipv4addr':
    case 'ep.ipv6addr': {
      const version = fact === 'ep.ipv4addr' ? 4 : 6
      const address = parseAddress(String(wanted))
      return (client) => client.address.version === version && isSameAddress(client.address, address) !== negated
    }
  }
}

function compareValues(operator: Comparison, left: Value, right: Value, foldsCase: boolean): Truth {
  if (left === undefined || right === undefined) return undefined
  if (left === null || right === null) return false
  const order = compareKnown(left, right, foldsCase && (operator === '==' || operator === '!='))
  switch (operator) {
    case '==':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** Strings by UTF-16 code units; for addresses only 0 means anything. */
function compareKnown(left: boolean | number | string | Address, right: typeof left, foldsCase: boolean): number {
  if (typeof left === 'object' || typeof right === 'object')
    return Number(!isSameAddress(asAddress(left), asAddress(right)))
  const a = foldsCase && typeof left === 'string' ? left.toLowerCase() : left
  const b = foldsCase && typeof right === 'string' ? right.toLowerCase() : right
  if (a === b) return 0
  return a < b ? -1 : 1
}

function asAddress(value: boolean | number | string | Address): Address | undefined {
  if (typeof value === 'object') return value
  return typeof value === 'string' ? parseAddress(value) : undefined
}

function isSameAddress(a: Address | undefined, b: Address | undefined): boolean {
  return a !== undefined && b !== undefined && a.version === b.version && a.value === b.value
}

function compileIpmatch({ negated, left, right }: Expression & { readonly kind: 'ipmatch' }): Evaluate<Truth> {
  const { prefix } = readPrefix(right.kind === 'string' ? right.value : '')
  if (prefix === undefined) return () => undefined
  if (left.kind === 'fact') {
    const version = left.fact === 'ep.ipv4addr' ? 4 : 6
    return ({ address }) => address.version === version && containsAddress(prefix, address) !== negated
  }
  const value = compileValue(left)
  return (client) => {
    const found = value(client)
    if (found === undefined) return undefined
    const address = found === null ? undefined : asAddress(found)
    return address !== undefined && containsAddress(prefix, address) !== negated
  }
}

function compileValue(expression: Expression): Evaluate<Value> {
  switch (expression.kind) {
    case 'boolean':
    case 'integer':
    case 'real':
    case 'string': {
      const { value } = expression
      return () => value
    }
    case 'nil':
      return () => null
    case 'fact':
      return compileFact(expression.fact)
    case 'sign': {
      const { operator } = expression
      const operand = compileValue(expression.operand)
      return (client) => {
        const value = operand(client)
        if (typeof value !== 'number') return undefined
        return operator === '-' ? 0 - value : value
      }
    }
    case 'arithmetic': {
      const { operator } = expression
      const real = isReal(expression.left)
      const [left, right] = [compileValue(expression.left), compileValue(expression.right)]
      return (client) => computeArithmetic(operator, left(client), right(client), real)
    }
    case 'concat': {
      const [left, right] = [compileValue(expression.left), compileValue(expression.right)]
      return (client) => {
        const [head, tail] = [left(client), right(client)]
        return typeof head === 'string' && typeof tail === 'string' ? head + tail : undefined
      }
    }
    case 'call': {
      const { name } = expression
      const operand = compileValue(expression.operand)
      return (client) => computeCall(name, operand(client))
    }
    case 'choice': {
      const condition = compileExpression(expression.condition)
      const [yes, no] = [compileValue(expression.yes), compileValue(expression.no)]
      return (client) => {
        const decided = condition(client)
        if (decided === undefined) return undefined
        return decided ? yes(client) : no(client)
      }
    }
    case 'and':
    case 'or':
    case 'not':
    case 'compare':
    case 'glob':
    case 'regex':
    case 'ipmatch':
      return compileExpression(expression)
  }
}

function compileFact(fact: Fact): Evaluate<Value> {
  switch (fact) {
    case 'ep.asn':
      return ({ asn }) => asn
    case 'ep.country':
      return countryOf
    case 'ep.subdivision':
      return ({ subdivision }) => subdivision
    case 'ep.ipv4addr':
      return ({ address }) => (address.version === 4 ? address : null)
    case 'ep.ipv6addr':
      return ({ address }) => (address.version === 6 ? address : null)
  }
}

function isReal(node: Expression): boolean {
  if (node.kind === 'sign') return isReal(node.operand)
  if (node.kind === 'arithmetic') return isReal(node.left)
  return node.kind === 'choice' ? isReal(node.yes) : node.kind === 'real'
}

const NO_CLIENT: ClientFacts = { address: { version: 4, value: 0n } }

/** The value of a checked node that reads no fact, if it has one that can be written down. */
export function evaluateConstant(node: Expression, type: ValueType): Literal | undefined {
  const value = compileValue(node)(NO_CLIENT)
  if (value === null) return { kind: 'nil' }
  if (typeof value === 'boolean') return { kind: 'boolean', value }
  if (typeof value === 'string') return { kind: 'string', value }
  if (typeof value !== 'number') return undefined
  if (type === 'integer') return { kind: 'integer', value }
  return type === 'real' && !String(value).includes('e') ? { kind: 'real', value } : undefined
}
