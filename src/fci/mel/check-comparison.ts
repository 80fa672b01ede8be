import { ASN_LIMIT, isCountryCode, isSubdivisionCode } from '../footprint-codes.ts'
import type { Expression } from './expression.ts'
import { MelError } from './mel-error.ts'
import type { TreeBuilder } from './tree-builder.ts'
import type { Typed } from './typed-node.ts'
import { ofAddress } from './typed-node.ts'

type Compare = Expression & { readonly kind: 'compare' }

const ASN_TEXT = /^as(\d{1,10})$/i

/** Checks and rewrites a comparison whose sides are checked: a value written down goes to the right of a fact. */
export function checkComparison(expression: Compare, left: Typed, right: Typed, tree: TreeBuilder): Expression {
  const { operator } = expression
  if (operator !== '==' && operator !== '!=') {
    if (left.type !== right.type || !['integer', 'real', 'string'].includes(left.type)) {
      throw new MelError('expr-type', expression.at, `"${operator}" compares two numbers of one type or two strings`)
    }
    return { ...expression, left: left.node, right: right.node }
  }
  const turned = right.node.kind === 'fact' && left.node.kind !== 'fact'
  const [subject, value] = turned ? [right, left] : [left, right]
  const node = { ...expression, left: subject.node, right: valueBeside(subject, value) }
  const never = whyNever(node)
  if (never !== undefined) tree.doubt('expr-never', expression.at, never)
  return node
}

/** The right side in the form that the left side asks for. */
function valueBeside(subject: Typed, value: Typed): Expression {
  const { node } = value
  if (subject.type === 'nil' || value.type === 'nil') return node
  if (subject.type === 'address') return ofAddress(value)
  if (subject.node.kind === 'fact' && node.kind === 'string') {
    // AS numbers may be written as footprints have them, and codes have no case.
    const asn = subject.node.fact === 'ep.asn' ? ASN_TEXT.exec(node.value)?.[1] : undefined
    if (asn !== undefined) return { kind: 'integer', value: Number(asn), at: node.at }
    if (subject.type === 'string') return { ...node, value: node.value.toLowerCase() }
  }
  if (subject.type !== value.type) {
    throw new MelError('expr-type', node.at, `the sides are of different types: ${subject.type} and ${value.type}`)
  }
  return node
}

function whyNever({ left, right }: Compare): string | undefined {
  if (left.kind !== 'fact') return undefined
  if (right.kind === 'string' && left.fact === 'ep.country' && !isCountryCode(right.value)) {
    return `${JSON.stringify(right.value.slice(0, 64))} is no country code such as "us"`
  }
  if (right.kind === 'string' && left.fact === 'ep.subdivision' && !isSubdivisionCode(right.value)) {
    return `${JSON.stringify(right.value.slice(0, 64))} is no subdivision code such as "us-ny"`
  }
  if (right.kind === 'integer' && left.fact === 'ep.asn' && !(right.value >= 0 && right.value <= ASN_LIMIT)) {
    return `${right.value} is no AS number`
  }
  return undefined
}
