/** Order by UTF-16 code units, which no locale changes. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** In order, each once. */
export function sortedTexts(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort(compareTexts)
}

/** In order, each once. */
export function sortedNumbers(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
