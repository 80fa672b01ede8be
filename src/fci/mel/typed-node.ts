import { formatAddress, parseAddress } from '../prefix.ts'
import type { Expression } from './expression.ts'
import { MelError } from './mel-error.ts'

export type ValueType = 'boolean' | 'integer' | 'real' | 'string' | 'address' | 'nil'

/** A checked node and the type of its value. */
export interface Typed {
  readonly node: Expression
  readonly type: ValueType
}

/** The node, if its value is of this type; throws MelError if not. */
export function ofType(wanted: ValueType, { node, type }: Typed): Expression {
  if (type === wanted) return node
  throw new MelError('expr-type', node.at, `${nameOf(wanted)} belongs here, not ${nameOf(type)}`)
}

export function ofNumber(typed: Typed): Typed {
  if (typed.type === 'integer' || typed.type === 'real') return typed
  throw new MelError('expr-type', typed.node.at, `a number belongs here, not ${nameOf(typed.type)}`)
}

/** An address, which may be written down as a string and is then brought into canonical text. */
export function ofAddress({ node, type }: Typed): Expression {
  if (type === 'address') return node
  const address = node.kind === 'string' ? parseAddress(node.value) : undefined
  if (address === undefined) throw new MelError('expr-type', node.at, 'an address belongs here')
  return { kind: 'string', value: formatAddress(address), at: node.at }
}

/** A type with its article, for a message. */
export function nameOf(type: ValueType): string {
  if (type === 'nil') return type
  return type === 'integer' || type === 'address' ? `an ${type}` : `a ${type}`
}
