import { expressionReach } from './expression-reach.ts'
import type { Conjunction, Footprint } from './footprint.ts'
import type { FootprintSource, SourcedFact } from './footprint-source.ts'
import { textOfSources } from './footprint-source.ts'

/** What must be known of a client to tell whether a footprint holds it. */
export interface FactsRead {
  readonly address: boolean
  /** From any source. */
  readonly facts: ReadonlySet<SourcedFact>
  /** From certain sources alone, one entry for each list of them. */
  readonly sourced: readonly {
    readonly sources: readonly FootprintSource[]
    readonly facts: ReadonlySet<SourcedFact>
  }[]
}

const FACT_OF = { 'ep.asn': 'asn', 'ep.country': 'country', 'ep.subdivision': 'subdivision' } as const

/** What a footprint reads of a client. Everybody is everybody, whatever is known. */
export function factsRead(footprint: Footprint): FactsRead {
  const facts = new Set<SourcedFact>()
  const bySources = new Map<string, { sources: readonly FootprintSource[]; facts: Set<SourcedFact> }>()
  let address = false
  for (const conjunction of footprint.kind === 'global' ? [] : footprint.anyOf) {
    address = collect(conjunction, facts) || address
    for (const { sources, within } of conjunction.sourced ?? []) {
      const entry = bySources.get(textOfSources(sources)) ?? { sources, facts: new Set() }
      bySources.set(textOfSources(sources), entry)
      for (const inside of within.kind === 'global' ? [] : within.anyOf)
        address = collect(inside, entry.facts) || address
    }
  }
  return { address, facts, sourced: [...bySources.values()] }
}

/** Adds the facts that a conjunction reads itself; whether it reads the address. */
function collect(conjunction: Conjunction, facts: Set<SourcedFact>): boolean {
  const { prefixes, excluded = {}, expressions = [] } = conjunction
  let address = prefixes !== undefined || excluded.prefixes !== undefined
  for (const { asns, countries, subdivisions } of [conjunction, excluded]) {
    if (asns !== undefined) facts.add('asn')
    if (countries !== undefined) facts.add('country')
    if (subdivisions !== undefined) facts.add('subdivision')
  }
  for (const fact of expressions.flatMap((text) => [...expressionReach(text).facts])) {
    if (fact === 'ep.ipv4addr' || fact === 'ep.ipv6addr') address = true
    else facts.add(FACT_OF[fact])
  }
  return address
}
