import type { Diagnostic } from './advertisement.ts'
import { diagnosticClause } from './diagnostic-clauses.ts'
import { locatePointers } from './locate-pointers.ts'

/** A diagnostic for its author: with the rule behind it and the line it is on. */
export interface Finding extends Diagnostic {
  /** From 1; absent where the text does not parse. */
  readonly line?: number
  readonly clause: string
  readonly explanation: string
}

/** Diagnostics with their rules and, if the text that parsed is given, their lines. */
export function findingsOf(diagnostics: readonly Diagnostic[], text: string | undefined): readonly Finding[] {
  const pointers = diagnostics.map(({ pointer }) => pointer)
  const lines = text === undefined ? new Map<string, number>() : locatePointers(text, pointers)
  return diagnostics.map((diagnostic) => {
    const line = lines.get(diagnostic.pointer)
    const { clause, explanation } = diagnosticClause(diagnostic.code) ?? { clause: 'ours', explanation: '' }
    return { ...diagnostic, clause, explanation, ...(line === undefined ? {} : { line }) }
  })
}
