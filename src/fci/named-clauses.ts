import { compareClauses } from './conjunction-order.ts'
import { sortedTexts } from './sorted-values.ts'

/**
 * Clauses of references in order, each once, without those that another one implies. Undefined if one has no
 * alternative, which nobody meets.
 */
export function canonicalClauses(clauses: readonly (readonly string[])[]): readonly (readonly string[])[] | undefined {
  const sorted = clauses.map(sortedTexts).sort((a, b) => a.length - b.length || compareClauses(a, b))
  if (sorted[0]?.length === 0) return undefined
  const kept: (readonly string[])[] = []
  for (const clause of sorted) {
    const uris = new Set(clause)
    if (!kept.some((other) => other.every((uri) => uris.has(uri)))) kept.push(clause)
  }
  return kept.sort(compareClauses)
}
