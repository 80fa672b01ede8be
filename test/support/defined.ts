/** The value, which must not be absent; for tests that have just made it. */
export function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected a value')
  return value
}
