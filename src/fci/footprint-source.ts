import { compareTexts } from './sorted-values.ts'

/** What a source can tell of an address; `country` is `countrycode` among footprint types. */
export type SourcedFact = 'asn' | 'country' | 'subdivision'

/**
 * A data source that must be used to tell whether an address belongs to a footprint ([NF] 3.2, 3.3.3): a geofeed
 * (RFC 8805), which `uri` locates, or a private source, which `uri` identifies.
 */
export interface FootprintSource {
  readonly type: 'rfc8805' | 'private'
  readonly uri: string
  /** The facts that it is said to give, sorted. */
  readonly facts: readonly SourcedFact[]
}

/** Facts as one set of sources gives them. An absent one is unknown. */
export interface SourcedFacts {
  readonly asn?: number
  readonly country?: string
  readonly subdivision?: string
}

const texts = new WeakMap<readonly FootprintSource[], string>()

/** A text equal for equal lists of sources, fit for a key and for ordering. */
export function textOfSources(sources: readonly FootprintSource[]): string {
  const known = texts.get(sources)
  if (known !== undefined) return known
  const text = JSON.stringify(sources.map(({ type, uri, facts }) => [type, uri, facts]))
  texts.set(sources, text)
  return text
}

/** Sorted, each once: the draft gives their order no meaning. */
export function canonicalSources(sources: readonly FootprintSource[]): readonly FootprintSource[] {
  if (sources.length === 1) return sources
  const byText = new Map(sources.map((source) => [textOfSources([source]), source]))
  const sorted = [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, source]) => source)
  return textOfSources(sorted) === textOfSources(sources) ? sources : sorted
}
