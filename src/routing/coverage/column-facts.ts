import type { SourcedFacts } from '../../fci/footprint-source.ts'
import { textOfSources } from '../../fci/footprint-source.ts'
import { matchFootprint } from '../../fci/match-footprint.ts'
import { factCount, factsAt } from '../fact-table.ts'
import type { GeoFacts } from '../geo-facts.ts'
import type { GeoTable } from '../geo-table.ts'
import { EMPTY_GEO_TABLE } from '../geo-table.ts'
import { PairInterner } from '../pair-interner.ts'
import type { ClauseBits } from './clause-bits.ts'
import { commonClauses } from './clause-bits.ts'
import type { ColumnPlan, SourcedGroup } from './column-plan.ts'
import { prefixesWithin } from './column-plan.ts'
import { factDomains } from './fact-domains.ts'
import type { FactSpace } from './fact-space.ts'

/** All facts, as far as the clauses of one column tell them apart: a label for each difference. */
export interface ColumnFacts {
  /** By number of the space. */
  readonly labels: Uint32Array
  /** The clauses that do not fail by the general facts. */
  readonly bitsOf: (label: number) => ClauseBits
  /** Facts of one client with this label. */
  readonly generalOf: (label: number) => GeoFacts | undefined
  /** The same by the sources of one group. */
  readonly sourcedOf: (label: number, group: number) => SourcedFacts
}

export function findColumnFacts(plan: ColumnPlan, space: FactSpace): ColumnFacts {
  const general = classifyGeneral(plan, space.general)
  const { generalAt } = space
  let labels = generalAt === undefined ? general.labels : generalAt.map((number) => general.labels[number] ?? 0)
  const groups = plan.sourced.map((group) => {
    const layer = space.layers.get(textOfSources(group.sources))
    const classes = classifySourced(group, layer?.table ?? EMPTY_GEO_TABLE)
    const pairs = new PairInterner()
    labels = labels.map((label, number) => pairs.intern(label, classes.labels[layer?.at[number] ?? 0] ?? 0))
    return { pairs, facts: classes.facts }
  })
  /** The label before this group was joined. */
  const before = (label: number, group: number): number => {
    let outer = label
    for (let i = groups.length - 1; i >= group; i--) outer = groups[i]?.pairs.first(outer) ?? 0
    return outer
  }
  return {
    labels,
    bitsOf: (label) => general.bitsOf(before(label, 0)),
    generalOf: (label) => factsAt(space.general.facts, general.examples[before(label, 0)] ?? 0),
    sourcedOf: (label, group) => {
      const { pairs, facts } = groups[group] ?? {}
      return facts?.[pairs?.second(before(label, group + 1)) ?? 0] ?? {}
    },
  }
}

interface GeneralClasses {
  /** By number of facts. */
  readonly labels: Uint32Array
  /** By label: the number of some facts that have it. */
  readonly examples: readonly number[]
  readonly bitsOf: (label: number) => ClauseBits
}

function classifyGeneral(plan: ColumnPlan, { facts }: GeoTable): GeneralClasses {
  const domains = factDomains(facts)
  const { countryAt, subdivisionAt, asnAt } = domains
  const countries = plan.countries.classify(domains.countries)
  const subdivisions = plan.subdivisions.classify(domains.subdivisions)
  const asns = plan.asns.classify(domains.asns)
  const places = new PairInterner()
  const placeClasses = countryAt.map((country, place) =>
    places.intern(countries.labels[country] ?? 0, subdivisions.labels[subdivisionAt[place] ?? 0] ?? 0),
  )
  const pairs = new PairInterner()
  const labels = new Uint32Array(factCount(facts))
  const examples: number[] = []
  for (let number = 0; number < labels.length; number++) {
    const label = pairs.intern(placeClasses[facts.placeOf[number] ?? 0] ?? 0, asns.labels[asnAt[number] ?? 0] ?? 0)
    labels[number] = label
    if (label === examples.length) examples.push(number)
  }
  const known: (ClauseBits | undefined)[] = []
  return {
    labels,
    examples,
    bitsOf: (label) => {
      let bits = known[label]
      if (bits === undefined) {
        const place = pairs.first(label)
        const byCountry = countries.bits[places.first(place)] ?? NO_CLAUSES
        const byPlace = commonClauses(byCountry, subdivisions.bits[places.second(place)] ?? NO_CLAUSES)
        bits = commonClauses(byPlace, asns.bits[pairs.second(label)] ?? NO_CLAUSES)
        known[label] = bits
      }
      return bits
    },
  }
}

const NO_CLAUSES: ClauseBits = new Uint32Array(0)

/** Facts that all constraints of the group answer alike are one class. */
function classifySourced(
  { constraints }: SourcedGroup,
  table: GeoTable,
): { readonly labels: Uint32Array; readonly facts: readonly SourcedFacts[] } {
  const readsAddresses = constraints.some((constraint) => prefixesWithin(constraint).length > 0)
  const labels = new Uint32Array(factCount(table.facts))
  const classOfAnswer = new Map<string, number>()
  const examples: SourcedFacts[] = []
  for (let number = 0; number < labels.length; number++) {
    const facts = factsAt(table.facts, number) ?? {}
    const answer = readsAddresses
      ? String(number)
      : JSON.stringify(
          ([4, 6] as const).map((version) =>
            constraints.map(({ within }) => matchFootprint(within, { ...facts, address: { version, value: 0n } })),
          ),
        )
    let found = classOfAnswer.get(answer)
    if (found === undefined) {
      found = examples.length
      examples.push(facts)
      classOfAnswer.set(answer, found)
    }
    labels[number] = found
  }
  return { labels, facts: examples }
}
