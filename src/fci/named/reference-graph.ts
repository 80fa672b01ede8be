import type { NamedFootprint } from './named-footprint.ts'
import type { NamedRegistry } from './named-registry.ts'

/** Longest way from a named footprint through sub-footprints and definitions that refer to others. */
export const MAX_CHAIN = 32

/** How long the ways from a named footprint are, or that one of them never ends. */
type Verdict = number | 'cyclic'

interface Visit {
  readonly uri: string
  readonly needs: readonly string[]
  next: number
  verdict: Verdict
}

/**
 * Which named footprints need which, judged before anything is resolved: who leads into a cycle is refused, whichever
 * reference is followed first.
 */
export class ReferenceGraph {
  readonly #registry: NamedRegistry
  readonly #verdicts = new Map<string, Verdict | 'open'>()

  constructor(registry: NamedRegistry) {
    this.#registry = registry
  }

  /** Why a registered footprint cannot be resolved, if it cannot. */
  refusalOf(uri: string): 'cyclic' | 'too-deep' | undefined {
    const verdict = this.#verdicts.get(uri) ?? this.#judge(uri)
    if (verdict === 'cyclic' || verdict === 'open') return 'cyclic'
    return verdict > MAX_CHAIN ? 'too-deep' : undefined
  }

  /** Depth first, without recursion: a peer decides how long a chain is. */
  #judge(start: string): Verdict {
    const path: Visit[] = [this.#visit(start)]
    let last: Verdict = 0
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const needed = visit.needs[visit.next]
      if (needed === undefined) {
        last = visit.verdict
        this.#verdicts.set(visit.uri, last)
        path.pop()
        const parent = path.at(-1)
        if (parent !== undefined) parent.verdict = worse(parent.verdict, last)
        continue
      }
      visit.next++
      const known = this.#verdicts.get(needed)
      if (known === undefined) path.push(this.#visit(needed))
      else visit.verdict = worse(visit.verdict, known === 'open' ? 'cyclic' : known)
    }
    return last
  }

  #visit(uri: string): Visit {
    this.#verdicts.set(uri, 'open')
    const held = this.#registry.get(uri)
    return { uri, needs: held === undefined ? [] : [...this.#needsOf(held.footprint)], next: 0, verdict: 0 }
  }

  #needsOf({ definition, children }: NamedFootprint): ReadonlySet<string> {
    const needs = new Set<string>()
    for (const conjunction of definition.kind === 'global' ? [] : definition.anyOf) {
      for (const uri of (conjunction.named ?? []).flat()) needs.add(uri)
    }
    for (const child of children) {
      if (child.uri !== undefined && this.#registry.has(child.uri)) needs.add(child.uri)
      else for (const uri of this.#needsOf(child)) needs.add(uri)
    }
    return needs
  }
}

function worse(so: Verdict, below: Verdict): Verdict {
  return so === 'cyclic' || below === 'cyclic' ? 'cyclic' : Math.max(so, below + 1)
}
