/**
 * What `@moq/net` and `@moq/qmux` expect of the runtime and Node 20 lacks. Import it before them; on Node 22 and
 * later it does nothing.
 */

interface Resolvers {
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

function withResolvers(): Resolvers {
  let resolve: Resolvers['resolve'] = () => undefined
  let reject: Resolvers['reject'] = () => undefined
  const promise = new Promise<unknown>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

function difference(this: ReadonlySet<unknown>, other: ReadonlySet<unknown>): Set<unknown> {
  return new Set([...this].filter((member) => !other.has(member)))
}

function defineWhenAbsent(target: object, name: string, value: unknown): void {
  if (name in target) return
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
}

defineWhenAbsent(Promise, 'withResolvers', withResolvers)
defineWhenAbsent(Set.prototype, 'difference', difference)
