import type { Conjunction, Footprint } from '../fci/footprint.ts'
import { GLOBAL, intersectFootprints } from '../fci/footprint-algebra.ts'
import { holdsEveryAddress } from '../fci/prefix-set.ts'
import { isOneList } from './one-list.ts'
import type { PeerContract } from './peer-contract.ts'

/** Why a footprint is not told, or not all of it. */
export type FootprintReason = 'outside-contract' | 'untellable-footprint' | 'too-complex'

export interface NarrowedFootprint {
  /** Undefined: nothing is left. It is never printed as an empty list, which would mean everybody. */
  readonly footprint: Footprint | undefined
  /** The most telling reason why something was taken away. */
  readonly because: FootprintReason | undefined
}

type Rules = Pick<PeerContract, 'footprint' | 'combination' | 'expressions'>

/** Products beyond this take too long; what needs one is withheld, which only narrows. */
const MAX_PRODUCT = 4096

const PLAIN: ReadonlySet<string> = new Set(['prefixes', 'asns', 'countries', 'subdivisions'])
const CONDITIONS: ReadonlySet<string> = new Set(['excluded', 'expressions'])

/** What of a footprint the contract allows to be told: never more than either. */
export function narrowFootprint(footprint: Footprint, rules: Rules): NarrowedFootprint {
  if (productSize(footprint, rules.footprint) > MAX_PRODUCT) return { footprint: undefined, because: 'too-complex' }
  const shared = intersectFootprints(footprint, rules.footprint)
  if (shared.kind === 'global') return { footprint: GLOBAL, because: undefined }
  if (shared.anyOf.length === 0) return { footprint: undefined, because: 'outside-contract' }
  const told = shared.anyOf.filter((conjunction) => isTellable(conjunction, rules))
  const because = told.length < shared.anyOf.length ? 'untellable-footprint' : undefined
  return { footprint: told.length === 0 ? undefined : { kind: 'some', anyOf: told }, because }
}

function productSize(a: Footprint, b: Footprint): number {
  return (a.kind === 'global' ? 1 : a.anyOf.length) * (b.kind === 'global' ? 1 : b.anyOf.length)
}

/**
 * Whether the peer will read the conjunction as we mean it. What it may not know (RFC 8008 4 lets it ignore that) would
 * widen the rest; what is of another network (`altopid`) or another CDN (a reference, a source) means nothing to it.
 */
function isTellable(conjunction: Conjunction, { combination, expressions }: Rules): boolean {
  const members = Object.keys(conjunction)
  const isKnown = members.every((member) => PLAIN.has(member) || (expressions && CONDITIONS.has(member)))
  if (!isKnown || (combination === 'or' && partsOf(conjunction) > 1)) return false
  return isOneList({ kind: 'some', anyOf: [conjunction] })
}

/** How many Footprint objects stand beside each other when it is printed. */
function partsOf({ prefixes, asns, countries, subdivisions, excluded, expressions }: Conjunction): number {
  const hasCondition = excluded !== undefined || expressions !== undefined
  const saysPrefixes = prefixes !== undefined && !(hasCondition && holdsEveryAddress(prefixes))
  return [saysPrefixes, asns, countries, subdivisions, hasCondition].filter(
    (part) => part !== undefined && part !== false,
  ).length
}
