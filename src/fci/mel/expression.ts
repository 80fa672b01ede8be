/** What an expression can ask of a client (draft-arolovitch-cdni-named-footprints-01 2.4). */
export type Fact = 'ep.asn' | 'ep.ipv4addr' | 'ep.ipv6addr' | 'ep.country' | 'ep.subdivision'

export type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>='
export type Arithmetic = '+' | '-' | '*' | '/' | '%'
export type FunctionName = 'upper' | 'lower' | 'integer' | 'string'

/** A value written down. Reals and integers do not mix, so `2.0` is not `2`. */
export type Literal =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'real'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'nil' }

/** A node of the language (cdni-mel-facts 1); `at` is its offset in the text. Lists are written out while parsing. */
export type Expression = { readonly at: number } & (
  | Literal
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'arithmetic'
      readonly operator: Arithmetic
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'concat'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare'
      readonly operator: Comparison
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'glob' | 'regex'
      readonly negated: boolean
      readonly ignoreCase: boolean
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'ipmatch'; readonly negated: boolean; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly operand: Expression }
  | {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
)

const LITERAL_KINDS: ReadonlySet<string> = new Set<Literal['kind']>(['boolean', 'integer', 'real', 'string', 'nil'])

/** Whether a node is a value written down. */
export function isLiteral(expression: Expression): expression is Expression & Literal {
  return LITERAL_KINDS.has(expression.kind)
}

/** The nodes right below a node. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'boolean':
    case 'integer':
    case 'real':
    case 'string':
    case 'nil':
    case 'fact':
      return []
    case 'and':
    case 'or':
      return expression.operands
    case 'not':
    case 'sign':
    case 'call':
      return [expression.operand]
    case 'arithmetic':
    case 'concat':
    case 'compare':
    case 'glob':
    case 'regex':
    case 'ipmatch':
      return [expression.left, expression.right]
    case 'choice':
      return [expression.condition, expression.yes, expression.no]
  }
}

/** The facts that an expression reads. */
export function factsOf(expression: Expression): ReadonlySet<Fact> {
  const facts = new Set<Fact>()
  const visit = (node: Expression): void => {
    if (node.kind === 'fact') facts.add(node.fact)
    else for (const operand of operandsOf(node)) visit(operand)
  }
  visit(expression)
  return facts
}
