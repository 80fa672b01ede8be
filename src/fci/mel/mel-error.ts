/** What is wrong with an expression. */
export type MelFault =
  | 'expr-syntax'
  | 'expr-name'
  | 'expr-type'
  | 'expr-value'
  | 'expr-unsupported'
  | 'expr-too-long'
  | 'expr-too-deep'
  | 'expr-too-complex'
  | MelRepair
  | 'asn-qualifier-ambiguous'

/** What a peer wrote otherwise than the language has it, where the meaning is still plain. Refused when strict. */
export type MelRepair =
  | 'expr-sigil'
  | 'expr-sep'
  | 'expr-equals'
  | 'expr-ipmatch-or'
  | 'expr-in'
  | 'expr-keyword-case'
  | 'asn-qualified'
  | 'prefix-short-ipv4'
  | 'prefix-short-ipv6'

/** What is accepted by every reading and yet worth a word. */
export type MelDoubt = 'expr-and-or' | 'expr-never' | 'prefix-host-bits' | 'prefix-ipv4-mapped'

/** Something about an expression that its author should know. */
export interface MelNote {
  readonly code: MelRepair | MelDoubt
  readonly message: string
  /** Offset into the text, in UTF-16 code units. */
  readonly at: number
}

/** A text that is no expression we evaluate. It holds for nobody. */
export class MelError extends Error {
  readonly fault: MelFault
  /** Offset into the text, in UTF-16 code units. */
  readonly at: number

  constructor(fault: MelFault, at: number, message: string) {
    super(message)
    this.name = 'MelError'
    this.fault = fault
    this.at = at
  }
}

/** Line and column, both counted from 1, of an offset. */
export function positionIn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}
