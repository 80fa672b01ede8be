import type { Advertisement } from '../../fci/advertisement.ts'
import { versionOf } from '../../fci/advertisement-version.ts'
import { namedReferences } from '../../fci/named/named-references.ts'
import type { NamedRegistry } from '../../fci/named/named-registry.ts'
import { resolveNamed, type Unresolved } from '../../fci/named/resolve-named.ts'
import { neededFootprints } from './needed-footprints.ts'

/** What an advertisement refers to, and nothing where there is none. */
export function referencesIn(model: Advertisement | undefined): readonly string[] {
  if (model === undefined) return []
  const known = references.get(model)
  if (known !== undefined) return known
  const found = namedReferences(model)
  references.set(model, found)
  return found
}

/** Asked every second, of models that do not change. */
const references = new WeakMap<Advertisement, readonly string[]>()

/** An advertisement whose references are replaced by what they refer to, kept until one of that expires. */
export class ResolvedModel {
  #raw: Advertisement | undefined
  #registry: NamedRegistry | undefined
  #resolved: Advertisement | undefined
  #version = ''
  #unresolved: readonly Unresolved[] = []
  #until = Number.POSITIVE_INFINITY

  /** With its references. */
  get raw(): Advertisement | undefined {
    return this.#raw
  }

  get model(): Advertisement | undefined {
    return this.#resolved
  }

  /** Changes whenever the resolved model does. */
  get version(): string {
    return this.#version
  }

  /** References that match nobody, and why. */
  get unresolved(): readonly Unresolved[] {
    return this.#unresolved
  }

  /** Resolves anew if anything it depends on has changed. True if the model is another one. */
  update(raw: Advertisement | undefined, rawVersion: string, registry: NamedRegistry, now: number): boolean {
    if (raw === this.#raw && registry === this.#registry && now < this.#until) return false
    const before = this.#version
    this.#raw = raw
    this.#registry = registry
    const wanted = referencesIn(raw)
    if (raw === undefined || wanted.length === 0) {
      this.#resolved = raw
      this.#version = rawVersion
      this.#unresolved = []
      this.#until = Number.POSITIVE_INFINITY
    } else {
      const { advertisement, unresolved } = resolveNamed(raw, registry, now)
      this.#resolved = advertisement
      this.#version = versionOf(advertisement)
      this.#unresolved = unresolved
      this.#until = nextExpiry(wanted, registry, now)
    }
    return this.#version !== before
  }
}

function nextExpiry(wanted: readonly string[], registry: NamedRegistry, now: number): number {
  let next = Number.POSITIVE_INFINITY
  for (const uri of neededFootprints(wanted, registry)) {
    const usableUntil = registry.get(uri)?.usableUntil
    if (usableUntil !== undefined && usableUntil > now) next = Math.min(next, usableUntil)
  }
  return next
}
