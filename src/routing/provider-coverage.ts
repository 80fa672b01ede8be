import type { Advertisement } from '../fci/advertisement.ts'
import type { EffectiveCapabilities } from '../fci/effective-capabilities.ts'
import { type ClientFacts, type FootprintMatch, GLOBAL_MATCH } from '../fci/match-footprint.ts'
import { effectiveCapabilities } from '../fci/merge-capabilities.ts'
import type { CoverageOutcome } from './coverage/coverage-map.ts'
import type { HeldAdvertisement } from './decision.ts'
import { buildFootprintIndex, type FootprintIndex } from './footprint-index.ts'
import { type FootprintIndexing, indexFootprints } from './footprint-indexing.ts'

/** What one advertisement says to one client. */
export interface ProviderCoverage {
  /** The way in where the provider says that it serves MoQ; undefined: the client is outside, or it does not say. */
  readonly moq: FootprintMatch | undefined
  /** Whether it says anywhere where it serves MoQ. */
  readonly saysMoq: boolean
  /** The same for delivering at all. */
  readonly delivery: FootprintMatch | undefined
  readonly saysDelivery: boolean
  /** What it offers this client; worked out when first read. */
  readonly capabilities: EffectiveCapabilities
}

/** What the provider says to the client of the question. Asked only for advertisements that may be used. */
export type CoverageLookup = (provider: string, held: HeldAdvertisement) => ProviderCoverage

const indexed = new WeakMap<Advertisement, Map<number, FootprintIndex>>()
const remembered = new WeakMap<Advertisement, WeakMap<CoverageOutcome, ProviderCoverage>>()
const offers = new WeakMap<Advertisement, Map<string, EffectiveCapabilities>>()
/** An advertisement of many footprints has many combinations; those beyond are worked out anew. */
const MAX_OFFERS = 10_000

/** Reads the advertisement itself: the reference for what the compiled map says. */
export function plainCoverage(advertisement: Advertisement, client: ClientFacts): ProviderCoverage {
  const indexing = indexFootprints(advertisement)
  return new Coverage(advertisement, indexing, (position) => indexOf(advertisement, indexing, position).match(client))
}

/** Every advertisement read plainly, for where there is no coverage map. */
export function plainLookup(client: ClientFacts): CoverageLookup {
  return (_, held) => plainCoverage(held.model, client)
}

/**
 * What the column made of `indexFootprints(advertisement).footprints` says; one object for one outcome. Where the value
 * of a match is the client's own, such as its AS number, it is empty: `matchAt` tells it for one client.
 */
export function coverageOfOutcome(advertisement: Advertisement, outcome: CoverageOutcome): ProviderCoverage {
  let known = remembered.get(advertisement)
  if (known === undefined) {
    known = new WeakMap()
    remembered.set(advertisement, known)
  }
  const held = known.get(outcome)
  if (held !== undefined) return held
  const matches = new Map(outcome.matches.map((match) => [match.footprint, match]))
  const coverage = new Coverage(advertisement, indexFootprints(advertisement), (position) => {
    const match = matches.get(position)
    return match && { type: match.type, value: match.value ?? ownValue(match.type), prefixLength: match.prefixLength }
  })
  known.set(outcome, coverage)
  return coverage
}

/** Empty where it is the client's own. */
function ownValue(type: FootprintMatch['type']): string {
  return type === 'global' ? GLOBAL_MATCH.value : ''
}

class Coverage implements ProviderCoverage {
  readonly moq: FootprintMatch | undefined
  readonly delivery: FootprintMatch | undefined
  readonly saysMoq: boolean
  readonly saysDelivery: boolean
  readonly #advertisement: Advertisement
  readonly #indexing: FootprintIndexing
  readonly #match: (position: number) => FootprintMatch | undefined
  #capabilities: EffectiveCapabilities | undefined

  constructor(
    advertisement: Advertisement,
    indexing: FootprintIndexing,
    match: (position: number) => FootprintMatch | undefined,
  ) {
    this.#advertisement = advertisement
    this.#indexing = indexing
    this.#match = match
    this.saysMoq = indexing.moq !== undefined
    this.moq = indexing.moq === undefined ? undefined : match(indexing.moq)
    this.saysDelivery = indexing.delivery !== undefined
    this.delivery = indexing.delivery === undefined ? undefined : match(indexing.delivery)
  }

  get capabilities(): EffectiveCapabilities {
    this.#capabilities ??= offerOf(this.#advertisement, this.#indexing, this.#match)
    return this.#capabilities
  }
}

/** One object for one set of footprints that hold the client. */
function offerOf(
  advertisement: Advertisement,
  { footprints, ofCapability }: FootprintIndexing,
  match: (position: number) => FootprintMatch | undefined,
): EffectiveCapabilities {
  const holding = footprints.map((_, position) => match(position) !== undefined)
  const key = holding.map((holds) => (holds ? '1' : '0')).join('')
  let known = offers.get(advertisement)
  if (known === undefined) {
    known = new Map()
    offers.set(advertisement, known)
  }
  const held = known.get(key)
  if (held !== undefined) return held
  const offered = effectiveCapabilities(
    advertisement.capabilities.filter((_, i) => holding[ofCapability[i] ?? -1] === true),
  )
  if (known.size < MAX_OFFERS) known.set(key, offered)
  return offered
}

function indexOf(advertisement: Advertisement, { footprints }: FootprintIndexing, position: number): FootprintIndex {
  let known = indexed.get(advertisement)
  if (known === undefined) {
    known = new Map()
    indexed.set(advertisement, known)
  }
  let index = known.get(position)
  if (index === undefined) {
    index = buildFootprintIndex(footprints[position] ?? { kind: 'some', anyOf: [] })
    known.set(position, index)
  }
  return index
}
