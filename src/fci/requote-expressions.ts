import type { Diagnostic } from './advertisement.ts'
import { AdvertisementError } from './advertisement-error.ts'
import type { DiagnosticCode } from './diagnostic-clauses.ts'
import { MAX_EXPRESSION_LENGTH } from './mel/lexer.ts'

/** The list of one expression, up to its first character. */
const EXPRESSION_LIST =
  /"footprint-type"\s{0,64}:\s{0,64}"expr"\s{0,64},\s{0,64}"footprint-value"\s{0,64}:\s{0,64}\[\s{0,64}"/g
/** How the list ends behind its last quotation mark. */
const LIST_END = /^"\s{0,64}\]\s{0,64}[,}]/
const LONGEST_END = 131

/**
 * Reads a text, and where it is no JSON but for bare quotation marks inside expressions, as [NF] 2.4 and 4.2 print
 * them, reads it once more with these escaped and says so. Strict reading takes no such text.
 */
export function readRequoted<T extends { readonly diagnostics: readonly Diagnostic[] }>(
  text: string,
  lenient: boolean,
  read: (text: string) => T,
): T {
  try {
    return read(text)
  } catch (error) {
    const isRepairable = lenient && error instanceof AdvertisementError && error.fault === 'invalid-json'
    const requoted = isRepairable ? requoteExpressions(text) : undefined
    if (requoted === undefined) throw error
    const result = read(requoted)
    return { ...result, diagnostics: [FINDING, ...result.diagnostics] }
  }
}

const CODE: DiagnosticCode = 'expr-inner-quotes'
const FINDING: Diagnostic = {
  severity: 'warning',
  code: CODE,
  message: 'quotation marks inside an expression are to be escaped (RFC 8259 7); it was read as if they were',
  pointer: '',
}

/** The text with the quotation marks and line breaks inside broken expressions escaped; undefined if there are none. */
export function requoteExpressions(text: string): string | undefined {
  const parts: string[] = []
  let done = 0
  for (const match of text.matchAll(EXPRESSION_LIST)) {
    const first = match.index + match[0].length
    if (first < done) continue
    const end = endOfExpression(text, first)
    if (end < 0 || isJsonString(text.slice(first - 1, end + 1))) continue
    parts.push(text.slice(done, first), escapeInner(text.slice(first, end)))
    done = end
  }
  return done === 0 ? undefined : parts.join('') + text.slice(done)
}

/** Position of the quotation mark that ends the list's only string; -1 if there is none within an expression's length. */
function endOfExpression(text: string, first: number): number {
  const limit = Math.min(text.length, first + 2 * MAX_EXPRESSION_LENGTH)
  for (let at = text.indexOf('"', first); at >= 0 && at < limit; at = text.indexOf('"', at + 1)) {
    if (text[at - 1] !== '\\' && LIST_END.test(text.slice(at, at + LONGEST_END))) return at
  }
  return -1
}

function isJsonString(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'string'
  } catch {
    return false
  }
}

function escapeInner(text: string): string {
  return text.replaceAll(/\\?"/g, '\\"').replaceAll('\r', '').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}
