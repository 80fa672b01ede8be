import type { Expression } from './expression.ts'
import { isLiteral } from './expression.ts'
import { MelError } from './mel-error.ts'
import type { TokenReader } from './token-reader.ts'
import type { TreeBuilder } from './tree-builder.ts'

// Forms that are written out in plain operators while they are read, so that nothing else has to know them.

/**
 * What stands right of `ipmatch` or `in`, if it is a list (`["a", "b"]`) or, as
 * draft-arolovitch-cdni-named-footprints-01 2.4 has it, strings joined by `or` in parentheses: one comparison per value.
 */
export function readMatchList(
  left: Expression,
  operator: 'in' | 'ipmatch' | '!ipmatch',
  at: number,
  reader: TokenReader,
  tree: TreeBuilder,
): Expression | undefined {
  const bracketed = reader.isNext('[')
  const values = bracketed ? readList(reader) : operator === 'in' ? undefined : readAlternatives(reader)
  if (values === undefined) return undefined
  if (operator === 'in') tree.repair('expr-in', at, '"in" is in no source; join comparisons with "or"')
  else if (!bracketed) tree.repair('expr-ipmatch-or', at, 'strings cannot be joined with "or"; use a list in brackets')
  if (left.kind !== 'fact' && !isLiteral(left)) {
    throw new MelError('expr-syntax', left.at, `only a variable or a value stands left of "${operator}" and a list`)
  }
  const operands = values.map((value): Expression => {
    const subject = tree.add({ ...left }, [])
    tree.add(value, [])
    return operator === 'in'
      ? tree.add({ kind: 'compare', operator: '==', left: subject, right: value, at }, [subject, value])
      : tree.add({ kind: 'ipmatch', negated: operator === '!ipmatch', left: subject, right: value, at }, [
          subject,
          value,
        ])
  })
  const [only, ...others] = operands
  if (only === undefined) return tree.add({ kind: 'boolean', value: operator === '!ipmatch', at }, [])
  const kind = operator === '!ipmatch' ? 'and' : 'or'
  return others.length === 0 ? only : reader.inParentheses(tree.add({ kind, operands, at }, operands))
}

/** `[ value, ... ]` of plain strings and numbers. */
function readList(reader: TokenReader): readonly Expression[] {
  const values: Expression[] = []
  reader.expect('[')
  while (!reader.isNext(']')) {
    if (values.length > 0) reader.expect(',')
    const token = reader.take()
    if (token.kind === 'string') values.push({ kind: 'string', value: token.value, at: token.at })
    else if (token.kind === 'integer') values.push({ kind: 'integer', value: token.value, at: token.at })
    else throw new MelError('expr-syntax', token.at, 'a list holds strings or whole numbers')
  }
  reader.expect(']')
  return values
}

/** `( "a" or "b" )`; undefined, with nothing taken, if something else comes. */
function readAlternatives(reader: TokenReader): readonly Expression[] | undefined {
  if (!reader.isNext('(')) return undefined
  const values: Expression[] = []
  let ahead = 1
  for (;;) {
    const token = reader.peek(ahead)
    if (token.kind !== 'string') return undefined
    values.push({ kind: 'string', value: token.value, at: token.at })
    const behind = reader.peek(ahead + 1)
    ahead += 2
    if (behind.kind === 'symbol' && behind.text === ')') break
    if (behind.kind !== 'name' || reader.keywordOf(behind) !== 'or') return undefined
  }
  if (values.length < 2) return undefined
  while (ahead > 0) {
    reader.take()
    ahead--
  }
  return values
}

/**
 * `1234:1` right of `ep.asn ==`, without blanks (draft-arolovitch-cdni-named-footprints-01 4.2). No source knows the
 * qualifier, so the number alone counts, unless the document tells two such numbers apart by it.
 */
export function readQualifiedAsn(
  left: Expression,
  reader: TokenReader,
  tree: TreeBuilder,
  qualifiersOf: (asn: number) => number,
): Expression | undefined {
  const [asn, colon, qualifier] = [reader.peek(), reader.peek(1), reader.peek(2)]
  if (left.kind !== 'fact' || left.fact !== 'ep.asn' || asn.kind !== 'integer' || qualifier.kind !== 'integer') {
    return undefined
  }
  if (!reader.isNext(':', 1) || colon.at !== asn.end || qualifier.at !== colon.end) return undefined
  if (qualifiersOf(asn.value) > 1) {
    const message = `AS ${asn.value} has several qualifiers in this document and no source tells them apart`
    throw new MelError('asn-qualifier-ambiguous', asn.at, message)
  }
  tree.repair('asn-qualified', asn.at, `the qualifier has no meaning in an AS number; read as ${asn.value}`)
  for (let i = 0; i < 3; i++) reader.take()
  return tree.add({ kind: 'integer', value: asn.value, at: asn.at }, [])
}

/** AS numbers with their qualifiers in the text of an expression, as `readQualifiedAsn` would meet them. */
export function qualifiedAsnsIn(text: string): readonly { readonly asn: number; readonly qualifier: string }[] {
  return [...text.matchAll(/ep\.asn\s{0,64}!?={1,2}\s{0,64}(\d{1,10}):(\d{1,10})/g)].map(([, asn, qualifier]) => ({
    asn: Number(asn),
    qualifier: qualifier ?? '',
  }))
}
