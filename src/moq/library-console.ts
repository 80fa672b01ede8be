/** The console methods that `@moq/net`, `@moq/qmux` and `@moq/signals` print with. */
type ConsoleMethod = 'debug' | 'info' | 'warn' | 'error'

export type ConsoleLike = Record<ConsoleMethod, (...values: unknown[]) => void>

const METHODS: readonly ConsoleMethod[] = ['debug', 'info', 'warn', 'error']

/**
 * Drops what the MoQ libraries print, and nothing else: they have no logger to pass in and write a line or more to
 * the console for every announcement, subscription and lost session. Call it once per process, in the composition
 * root, with the global console. Returns a function that undoes it.
 */
export function muteMoqLibraries(target: ConsoleLike): () => void {
  const originals = METHODS.map((method) => ({ method, print: target[method] }))
  for (const { method, print } of originals) {
    target[method] = (...values) => {
      if (!isCalledByMoqLibrary()) print.apply(target, values)
    }
  }
  return () => {
    for (const { method, print } of originals) target[method] = print
  }
}

function isCalledByMoqLibrary(): boolean {
  // Line 0 is the message, 1 this function, 2 the replaced method, 3 its caller.
  const caller = new Error('call site').stack?.split('\n')[3]
  return caller !== undefined && /[\\/]node_modules[\\/]@moq[\\/]/.test(caller)
}
