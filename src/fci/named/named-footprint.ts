import type { Diagnostic } from '../advertisement.ts'
import type { Footprint } from '../footprint.ts'

/** A footprint that others refer to by its URI ([NF] 3.3.1). */
export interface NamedFootprint {
  /** Unique in its namespace, and otherwise without meaning. */
  readonly name: string
  /** Absent where the publisher forgot it: then nobody can refer to it. */
  readonly uri?: string
  /** When the definition expires, in milliseconds since the epoch; absent where the publisher forgot it. */
  readonly expiresAt?: number
  /** Its own definition, canonical, without those of its children. */
  readonly definition: Footprint
  /** Its sub-footprints, in document order. */
  readonly children: readonly NamedFootprint[]
}

/** One breakdown of a CDN's clients; an address belongs to at most one footprint of each ([NF] 2.6, 3.3.2). */
export interface FootprintNamespace {
  readonly name: string
  /** Where clients are, or where surrogates are (RFC 8008 Appendix B). */
  readonly type: 'coverage' | 'resource'
  readonly roots: readonly NamedFootprint[]
}

/** What one URI of a footprint advertisement answered: all namespaces ([NF] 4.2), one of them, or one footprint. */
export type NamedDocument = { readonly diagnostics: readonly Diagnostic[] } & (
  | { readonly kind: 'namespaces'; readonly namespaces: readonly FootprintNamespace[] }
  | { readonly kind: 'namespace'; readonly namespace: FootprintNamespace }
  | { readonly kind: 'footprint'; readonly footprint: NamedFootprint }
)

/** The roots of a document, whatever its kind. */
export function rootsOf(document: NamedDocument): readonly NamedFootprint[] {
  switch (document.kind) {
    case 'namespaces':
      return document.namespaces.flatMap(({ roots }) => roots)
    case 'namespace':
      return document.namespace.roots
    case 'footprint':
      return [document.footprint]
  }
}

/** A footprint and all below it, parents before their children. */
export function* descend(footprint: NamedFootprint): Generator<NamedFootprint> {
  yield footprint
  for (const child of footprint.children) yield* descend(child)
}
