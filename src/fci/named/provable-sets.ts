import type { AddressSet } from '../address-set.ts'
import { addressesOf, exampleOf, NO_ADDRESSES, subtractAddresses, uniteAddresses } from '../address-set.ts'
import type { Conjunction, Footprint } from '../footprint.ts'
import { countryOfSubdivision } from '../footprint-algebra.ts'
import { textOfSources } from '../footprint-source.ts'
import { formatAddress } from '../prefix.ts'
import { ALL_PREFIXES } from '../prefix-set.ts'

/** What a conjunction says, where it says one kind of thing only and no database can make it void. */
export type Provable =
  | { readonly kind: 'addresses'; readonly addresses: AddressSet }
  | { readonly kind: 'codes'; readonly key: string; readonly codes: readonly string[] }

/** The provable conjunctions of a footprint. */
export function provableParts(footprint: Footprint): readonly Provable[] {
  if (footprint.kind === 'global') return [{ kind: 'addresses', addresses: addressesOf(ALL_PREFIXES) }]
  return footprint.anyOf.map(provablePart).filter((part) => part !== undefined)
}

function provablePart(conjunction: Conjunction): Provable | undefined {
  const { prefixes, asns, countries, subdivisions, excluded, sourced = [], ...rest } = conjunction
  const { prefixes: outside, ...facts } = excluded ?? {}
  const said = [asns, countries, subdivisions, ...Object.values(rest), ...Object.values(facts)]
  const count = said.filter((part) => part !== undefined).length + sourced.length
  if (count === 0) {
    const inside = addressesOf(prefixes ?? ALL_PREFIXES)
    return { kind: 'addresses', addresses: outside ? subtractAddresses(inside, addressesOf(outside)) : inside }
  }
  if (count > 1 || prefixes !== undefined || outside !== undefined) return undefined
  if (asns !== undefined) return { kind: 'codes', key: 'asn', codes: asns.map((asn) => `as${asn}`) }
  if (countries !== undefined) return { kind: 'codes', key: 'country', codes: countries }
  if (subdivisions !== undefined) return { kind: 'codes', key: 'subdivision', codes: subdivisions }
  const [constraint] = sourced
  const [inside, ...others] = constraint === undefined ? [] : provableParts(constraint.within)
  if (constraint === undefined || inside?.kind !== 'codes' || others.length > 0) return undefined
  return { ...inside, key: `${inside.key} ${textOfSources(constraint.sources)}` }
}

/** A footprint whose every conjunction is provable and of one kind. */
export interface ProvableSet {
  /** `addresses`, or the key of the codes; undefined if it holds nobody. */
  readonly key: string | undefined
  readonly addresses: AddressSet
  readonly codes: ReadonlySet<string>
}

/** Undefined if it is not of that kind. */
export function provableSetOf(footprint: Footprint): ProvableSet | undefined {
  const parts = provableParts(footprint)
  if (footprint.kind === 'some' && parts.length < footprint.anyOf.length) return undefined
  const [key, ...others] = new Set(parts.map((part) => (part.kind === 'addresses' ? part.kind : part.key)))
  if (others.length > 0) return undefined
  return {
    key,
    addresses: uniteAddresses(parts.map((part) => (part.kind === 'addresses' ? part.addresses : NO_ADDRESSES))),
    codes: new Set(parts.flatMap((part) => (part.kind === 'codes' ? part.codes : []))),
  }
}

/** An address, or a code of which a client can be, that lies in the footprint and provably not in the set. */
export function findOutside({ key, addresses, codes }: ProvableSet, footprint: Footprint): string | undefined {
  for (const part of provableParts(footprint)) {
    if (part.kind === 'addresses') {
      const left =
        key === 'addresses' || key === undefined ? subtractAddresses(part.addresses, addresses) : NO_ADDRESSES
      const address = exampleOf(left)
      if (address !== undefined) return formatAddress(address)
    } else if (key === undefined || part.key === key) {
      const left = part.codes.find((code) => !codes.has(code))
      if (left !== undefined) return left
    } else if (part.key === key.replace(/^country/, 'subdivision')) {
      const left = part.codes.find((code) => !codes.has(countryOfSubdivision(code)))
      if (left !== undefined) return left
    }
  }
  return undefined
}
