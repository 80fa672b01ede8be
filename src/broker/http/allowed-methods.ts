/** A documented operation: method and path with `{parameters}`. */
export interface KnownPath {
  readonly method: string
  readonly path: string
}

/** Which methods a path knows, for `Allow`; empty for a path that nothing answers. */
export function createMethodTable(paths: readonly KnownPath[]): (path: string) => readonly string[] {
  const methodsByPattern = new Map<string, Set<string>>()
  for (const { method, path } of paths) {
    const methods = methodsByPattern.get(path) ?? new Set()
    methods.add(method.toUpperCase())
    if (method.toUpperCase() === 'GET') methods.add('HEAD')
    methodsByPattern.set(path, methods)
  }
  const table = [...methodsByPattern].map(([path, methods]) => ({
    segments: path.split('/'),
    methods: [...methods].sort(),
  }))
  return (path) => {
    const segments = path.split('/')
    return table.find((known) => isMatch(known.segments, segments))?.methods ?? []
  }
}

function isMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  )
}
