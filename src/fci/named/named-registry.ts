import type { NamedDocument, NamedFootprint } from './named-footprint.ts'
import { descend, rootsOf } from './named-footprint.ts'

/** A named footprint as it was last fetched. Times are in milliseconds since the epoch. */
export interface HeldFootprint {
  readonly footprint: NamedFootprint
  readonly fetchedAt: number
  /** Up to then it is fresh: the earlier of `footprint-expires` and of what HTTP said. */
  readonly freshUntil: number
  /** From then on it matches nobody. */
  readonly usableUntil: number
}

/** Named footprints by URI. */
export type NamedRegistry = ReadonlyMap<string, HeldFootprint>

/** One document and how it was fetched. */
export interface FetchedDocument {
  readonly document: NamedDocument
  readonly fetchedAt: number
  /** End of the freshness that HTTP gave, if it gave one. */
  readonly freshUntil?: number
}

/**
 * The registry of documents of one publisher. Of several that define one URI, the one fetched last counts, and with it
 * the sub-footprints that it has.
 * @param graceMs - how long a footprint may be used after it has expired, while it cannot be fetched.
 */
export function buildNamedRegistry(documents: readonly FetchedDocument[], graceMs: number): NamedRegistry {
  const registry = new Map<string, HeldFootprint>()
  for (const { document, fetchedAt, freshUntil } of [...documents].sort((a, b) => a.fetchedAt - b.fetchedAt)) {
    const defined = new Set<string>()
    for (const root of rootsOf(document)) {
      for (const footprint of descend(root)) {
        // Within one document the first counts; the others are diagnosed.
        if (footprint.uri === undefined || defined.has(footprint.uri)) continue
        defined.add(footprint.uri)
        const fresh = Math.min(footprint.expiresAt ?? Number.POSITIVE_INFINITY, freshUntil ?? Number.POSITIVE_INFINITY)
        // Without any word on freshness it is stale at once, and usable for the grace.
        const end = fresh === Number.POSITIVE_INFINITY ? fetchedAt : fresh
        registry.set(footprint.uri, { footprint, fetchedAt, freshUntil: end, usableUntil: end + graceMs })
      }
    }
  }
  return registry
}
