import type { Advertisement } from '../../fci/advertisement.ts'
import type { Footprint } from '../../fci/footprint.ts'
import type { FootprintSource } from '../../fci/footprint-source.ts'
import { sourceKey } from '../../routing/geo-table.ts'

/** A source that footprints in use name. */
export interface NeededSource {
  readonly source: Pick<FootprintSource, 'type' | 'uri'>
  /** Providers whose footprints name it. */
  readonly providers: readonly string[]
}

/** The sources that these advertisements name, by `sourceKey`, in the order of their first mention. */
export function neededSources(
  advertisements: readonly { readonly provider: string; readonly model: Advertisement }[],
): ReadonlyMap<string, NeededSource> {
  const needed = new Map<string, { source: NeededSource['source']; providers: Set<string> }>()
  for (const { provider, model } of advertisements) {
    for (const source of sourcesOf(model)) {
      const named = needed.get(sourceKey(source))
      if (named === undefined) needed.set(sourceKey(source), { source, providers: new Set([provider]) })
      else named.providers.add(provider)
    }
  }
  return new Map([...needed].map(([key, { source, providers }]) => [key, { source, providers: [...providers] }]))
}

/** Asked every second, of models that do not change. */
const known = new WeakMap<Advertisement, readonly FootprintSource[]>()

function sourcesOf(model: Advertisement): readonly FootprintSource[] {
  const found = known.get(model) ?? [
    ...new Map(
      model.capabilities.flatMap(({ footprint }) => sourcesIn(footprint).map((one) => [sourceKey(one), one] as const)),
    ).values(),
  ]
  known.set(model, found)
  return found
}

function sourcesIn(footprint: Footprint): readonly FootprintSource[] {
  if (footprint.kind === 'global') return []
  return footprint.anyOf.flatMap(({ sourced = [] }) => sourced.flatMap(({ sources }) => sources))
}
