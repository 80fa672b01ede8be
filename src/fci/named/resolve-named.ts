import type { AdvertisedCapability, Advertisement } from '../advertisement.ts'
import { costOfProduct } from '../conjunction-size.ts'
import type { Conjunction, Footprint } from '../footprint.ts'
import { footprintOf, GLOBAL, intersectFootprints, uniteFootprints } from '../footprint-algebra.ts'
import type { FootprintNamespace, NamedFootprint } from './named-footprint.ts'
import type { NamedRegistry } from './named-registry.ts'
import { preferLowestLevel } from './prefer-lowest-level.ts'
import { ReferenceGraph } from './reference-graph.ts'

/** Why a reference stands unresolved, so that it matches nobody. */
export type Unresolved = {
  readonly uri: string
  readonly why: 'unknown' | 'expired' | 'cyclic' | 'too-deep' | 'too-complex'
}

export interface ResolvedFootprint {
  /** Without the references that could be resolved; the others are left in it and hold for nobody. */
  readonly footprint: Footprint
  readonly unresolved: readonly Unresolved[]
}

export interface ResolvedAdvertisement {
  /** Fit for matching. What is republished is the unresolved one. */
  readonly advertisement: Advertisement
  readonly unresolved: readonly Unresolved[]
}

/** Most conjunctions that references may multiply a footprint to. */
const MAX_CONJUNCTIONS = 4096
/** Most values that may be multiplied out in one resolution. */
const MAX_WORK = 20_000_000

/** Replaces the references in all capabilities by what they refer to at this time (milliseconds since the epoch). */
export function resolveNamed(
  advertisement: Advertisement,
  registry: NamedRegistry,
  now: number,
): ResolvedAdvertisement {
  const resolver = new Resolver(registry, now)
  const capabilities = advertisement.capabilities.map((capability): AdvertisedCapability => {
    const footprint = resolver.resolve(capability.footprint)
    return footprint === capability.footprint ? capability : { ...capability, footprint }
  })
  const isSame = capabilities.every((capability, i) => capability === advertisement.capabilities[i])
  if (isSame) return { advertisement, unresolved: resolver.unresolved }
  const preferred = preferLowestLevel(advertisement.capabilities, capabilities, registry)
  return { advertisement: { ...advertisement, capabilities: preferred }, unresolved: resolver.unresolved }
}

/** The same for one footprint. */
export function resolveFootprint(footprint: Footprint, registry: NamedRegistry, now: number): ResolvedFootprint {
  const resolver = new Resolver(registry, now)
  return { footprint: resolver.resolve(footprint), unresolved: resolver.unresolved }
}

/** A namespace in which everything that can be resolved is. */
export interface ResolvedNamespace {
  readonly name: string
  readonly type: FootprintNamespace['type']
  readonly roots: readonly ResolvedNode[]
}

/** A named footprint as it was fetched last. */
export interface ResolvedNode {
  readonly name: string
  readonly uri?: string
  /**
   * Whom it covers: its own definition and all its sub-footprints ([NF] 2.2: it "encompasses all of the footprint values
   * and sub-footprints within it").
   */
  readonly extent: Footprint
  readonly children: readonly ResolvedNode[]
}

/** A namespace for `findNamedFootprint`. Footprints that are expired or cannot be resolved are not in it. */
export function resolveNamespace(
  { name, type, roots }: FootprintNamespace,
  registry: NamedRegistry,
  now: number,
): { readonly namespace: ResolvedNamespace; readonly unresolved: readonly Unresolved[] } {
  const resolver = new Resolver(registry, now)
  return { namespace: { name, type, roots: resolver.nodesOf(roots) }, unresolved: resolver.unresolved }
}

class Resolver {
  readonly #registry: NamedRegistry
  readonly #graph: ReferenceGraph
  readonly #now: number
  readonly #nodes = new Map<NamedFootprint, ResolvedNode>()
  readonly #unresolved = new Map<string, Unresolved>()
  #work = 0

  constructor(registry: NamedRegistry, now: number) {
    this.#registry = registry
    this.#graph = new ReferenceGraph(registry)
    this.#now = now
  }

  get unresolved(): readonly Unresolved[] {
    return [...this.#unresolved.values()]
  }

  resolve(footprint: Footprint): Footprint {
    if (footprint.kind === 'global' || footprint.anyOf.every(({ named }) => !named?.length)) return footprint
    return uniteFootprints(footprint.anyOf.map((conjunction) => this.#resolveConjunction(conjunction)))
  }

  /** Each as it was fetched last, which may be later than what stands around it. */
  nodesOf(footprints: readonly NamedFootprint[]): readonly ResolvedNode[] {
    const nodes: ResolvedNode[] = []
    for (const footprint of footprints) {
      const { uri } = footprint
      const node = uri !== undefined && this.#registry.has(uri) ? this.#lookUp(uri) : this.#nodeOf(footprint)
      if (node !== undefined) nodes.push(node)
    }
    return nodes
  }

  #nodeOf(footprint: NamedFootprint): ResolvedNode {
    const known = this.#nodes.get(footprint)
    if (known !== undefined) return known
    const children = this.nodesOf(footprint.children)
    const own = this.resolve(footprint.definition)
    const { name, uri } = footprint
    const node = {
      name,
      ...(uri !== undefined && { uri }),
      extent: children.length === 0 ? own : uniteFootprints([own, ...children.map(({ extent }) => extent)]),
      children,
    }
    this.#nodes.set(footprint, node)
    return node
  }

  #resolveConjunction(conjunction: Conjunction): Footprint {
    const { named, ...rest } = conjunction
    if (!named?.length) return footprintOf([conjunction])
    let narrowed: Footprint = Object.keys(rest).length === 0 ? GLOBAL : footprintOf([rest])
    for (const clause of named) {
      const alternatives: Footprint[] = []
      const left: string[] = []
      for (const uri of clause) {
        const node = this.#lookUp(uri)
        if (node === undefined) left.push(uri)
        else alternatives.push(node.extent)
      }
      if (left.length > 0) alternatives.push(footprintOf([{ named: [left] }]))
      const extent = uniteFootprints(alternatives)
      if (!this.#affords(narrowed, extent)) {
        for (const uri of clause) this.#unresolved.set(uri, { uri, why: 'too-complex' })
        return footprintOf([conjunction])
      }
      narrowed = intersectFootprints(narrowed, extent)
    }
    return narrowed
  }

  #lookUp(uri: string): ResolvedNode | undefined {
    const held = this.#registry.get(uri)
    const why =
      held === undefined
        ? 'unknown'
        : (this.#graph.refusalOf(uri) ?? (this.#now >= held.usableUntil ? 'expired' : undefined))
    if (held !== undefined && why === undefined) return this.#nodeOf(held.footprint)
    this.#unresolved.set(uri, { uri, why: why ?? 'unknown' })
    return undefined
  }

  #affords(a: Footprint, b: Footprint): boolean {
    if (a.kind === 'global' || b.kind === 'global') return true
    if (a.anyOf.length * b.anyOf.length > MAX_CONJUNCTIONS) return false
    this.#work += costOfProduct(a.anyOf, b.anyOf)
    return this.#work <= MAX_WORK
  }
}
