import { namedReferences, namedReferencesIn, referencesOf } from '../../fci/named/named-references.ts'
import type { NamedRegistry } from '../../fci/named/named-registry.ts'
import { resolveFootprint } from '../../fci/named/resolve-named.ts'
import type { PeerContract } from '../../federation/peer-contract.ts'
import type { ProviderFacts } from '../../routing/decision.ts'
import type { FederationConfig } from '../config/federation-schema.ts'
import { type Audience, audienceName } from './peer.ts'
import type { Publisher } from './publisher.ts'

/** Where a URI of ours is referred to: contracts, what we publish, and what the CDNs below advertise. */
export function referencesTo(
  uri: string,
  config: FederationConfig,
  audiences: readonly Audience[],
  publisher: Publisher,
  facts: readonly ProviderFacts[],
): readonly string[] {
  const isIn = (document: unknown): boolean => namedReferencesIn(document).some((reference) => reference.uri === uri)
  const contracts = config.peers
    .filter(({ contract }) => isIn(contract.footprint))
    .map(({ id }) => `the contract of ${id}`)
  const published = audiences
    .filter((audience) => publisher.current(audience).references.includes(uri))
    .map((audience) => `the advertisement to ${audienceName(audience)}`)
  const advertised = facts
    .filter(({ advertisement }) => advertisement !== undefined && namedReferences(advertisement.model).includes(uri))
    .map(({ id }) => `the advertisement of ${id}`)
  return [...contracts, ...published, ...advertised]
}

/** A contract in which references to our own footprints stand for what they are now; the others hold for nobody. */
export function resolveContract(contract: PeerContract, registry: () => NamedRegistry, now: number): PeerContract {
  if (referencesOf(contract.footprint).length === 0) return contract
  return { ...contract, footprint: resolveFootprint(contract.footprint, registry(), now).footprint }
}
