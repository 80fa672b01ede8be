import type { AdvertisedCapability, Advertisement } from '../../src/fci/advertisement.ts'
import { versionOf } from '../../src/fci/advertisement-version.ts'
import { GLOBAL } from '../../src/fci/footprint-algebra.ts'
import { parseAdvertisement } from '../../src/fci/parse-advertisement.ts'
import type { Contributor } from '../../src/federation/compose-advertisement.ts'
import type { PeerContract } from '../../src/federation/peer-contract.ts'
import type { ProviderFacts } from '../../src/routing/decision.ts'

/** A contract that allows what is allowed by default, everywhere. */
export const OPEN_CONTRACT: PeerContract = {
  footprint: GLOBAL,
  capabilityTypes: 'understood',
  allowResourceFootprints: false,
  passRedirectTargets: false,
  reserveShare: 0,
  maxHops: 8,
  combination: 'and',
  expressions: true,
  paths: 'veiled',
}

/** A CDN that is well and says this. */
export function contributor(
  id: string,
  capabilities: readonly AdvertisedCapability[],
  more: Partial<ProviderFacts> & { readonly pid?: string } = {},
): Contributor {
  const { pid, ...facts } = more
  const model: Advertisement = { capabilities, diagnostics: [] }
  return {
    facts: {
      id,
      advertisement: { model, version: versionOf(model), fetchedAt: 0, confirmedAt: 0, stale: false, expired: false },
      administrative: { state: 'enabled' },
      health: { state: 'up' },
      priority: 100,
      weight: 100,
      ...facts,
    },
    ...(pid === undefined ? {} : { pid }),
  }
}

/** The model of FCI Base Objects as they stand on the wire. */
export function capabilitiesOf(...objects: readonly object[]): readonly AdvertisedCapability[] {
  return parseAdvertisement({ capabilities: objects }).capabilities
}

export const countries = (...codes: readonly string[]) => [
  { 'footprint-type': 'countrycode', 'footprint-value': codes },
]

export function delivery(footprints: readonly object[] | undefined, ...protocols: readonly string[]): object {
  return {
    'capability-type': 'FCI.DeliveryProtocol',
    'capability-value': { 'delivery-protocols': protocols.length === 0 ? ['https/1.1'] : protocols },
    ...(footprints === undefined ? {} : { footprints }),
  }
}

export function limits(footprints: readonly object[] | undefined, ...list: readonly object[]): object {
  return {
    'capability-type': 'FCI.CapacityLimits',
    'capability-value': { limits: list },
    ...(footprints === undefined ? {} : { footprints }),
  }
}
