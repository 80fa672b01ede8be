import type { SourceFile } from './architecture-source.ts'

/** One broken rule at one place. */
export interface Violation {
  readonly rule: string
  readonly file: string
  /** First line is 1. */
  readonly line: number
  readonly detail: string
}

/** A violation at an offset into a file's text. */
export function violationAt(file: SourceFile, rule: string, offset: number, detail: string): Violation {
  return { rule, file: file.path, line: file.text.slice(0, offset).split('\n').length, detail }
}
