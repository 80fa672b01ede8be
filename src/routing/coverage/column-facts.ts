import type { SourcedFacts } from '../../fci/footprint-source.ts'
import { matchFootprint } from '../../fci/match-footprint.ts'
import { distinctAsns, factCount, factsAt } from '../fact-table.ts'
import type { GeoFacts } from '../geo-facts.ts'
import type { GeoTable, SourceTables } from '../geo-table.ts'
import { tableUnder } from '../geo-table.ts'
import { PairInterner } from '../pair-interner.ts'
import type { Partition } from '../partition.ts'
import { overlayPartitions, relabelPartition } from '../partition.ts'
import type { ClauseBits } from './clause-bits.ts'
import { commonClauses } from './clause-bits.ts'
import type { ColumnPlan, SourcedGroup } from './column-plan.ts'
import { prefixesWithin } from './column-plan.ts'

/** What the compilation of a column needs to know of clients, besides their addresses. */
export interface CoverageGeo {
  readonly general: GeoTable
  /** Of the sources that footprints name ([NF] 3.2). */
  readonly sources: SourceTables
}

/** The facts of all addresses, as far as the clauses of one column tell them apart: a label for each difference. */
export interface ColumnFacts {
  readonly v4: Partition
  readonly v6: Partition
  /** The clauses that do not fail by the general facts. */
  readonly bitsOf: (label: number) => ClauseBits
  /** Facts of one client with this label. */
  readonly generalOf: (label: number) => GeoFacts | undefined
  /** The same by the sources of one group. */
  readonly sourcedOf: (label: number, group: number) => SourcedFacts
}

export function findColumnFacts(plan: ColumnPlan, geo: CoverageGeo): ColumnFacts {
  const general = classifyGeneral(plan, geo.general)
  let v4 = relabelPartition(geo.general.v4, general.labels)
  let v6 = relabelPartition(geo.general.v6, general.labels)
  const groups = plan.sourced.map((group) => {
    const table = tableUnder(group.sources, geo.sources)
    const { labels, facts } = classifySourced(group, table)
    const pairs = new PairInterner()
    const join = (label: number, sourced: number): number => pairs.intern(label, sourced)
    v4 = overlayPartitions(v4, relabelPartition(table.v4, labels), join)
    v6 = overlayPartitions(v6, relabelPartition(table.v6, labels), join)
    return { pairs, facts }
  })
  /** The label before this group was joined. */
  const before = (label: number, group: number): number => {
    let outer = label
    for (let i = groups.length - 1; i >= group; i--) outer = groups[i]?.pairs.first(outer) ?? 0
    return outer
  }
  return {
    v4,
    v6,
    bitsOf: (label) => general.bitsOf(before(label, 0)),
    generalOf: (label) => factsAt(geo.general.facts, general.examples[before(label, 0)] ?? 0),
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

function classifyGeneral({ asns, countries, subdivisions }: ColumnPlan, { facts }: GeoTable): GeneralClasses {
  const countryClasses = Uint32Array.from(facts.places, ({ country }) => countries.classOf(country))
  const subdivisionClasses = Uint32Array.from(facts.places, ({ subdivision }) => subdivisions.classOf(subdivision))
  const { asns: distinct, asnAt } = distinctAsns(facts)
  const asnClasses = Uint32Array.from(distinct, (asn) => asns.classOf(asn < 0 ? undefined : asn))
  const places = new PairInterner()
  const pairs = new PairInterner()
  const labels = new Uint32Array(factCount(facts))
  const examples: number[] = []
  for (let number = 0; number < labels.length; number++) {
    const at = facts.placeOf[number] ?? 0
    const place = places.intern(countryClasses[at] ?? 0, subdivisionClasses[at] ?? 0)
    const label = pairs.intern(place, asnClasses[asnAt[number] ?? 0] ?? 0)
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
        const byPlace = commonClauses(countries.bitsOf(places.first(place)), subdivisions.bitsOf(places.second(place)))
        bits = commonClauses(byPlace, asns.bitsOf(pairs.second(label)))
        known[label] = bits
      }
      return bits
    },
  }
}

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
