import type { AdvertisedCapability } from '../fci/advertisement.ts'
import type { EffectiveCapabilities } from '../fci/effective-capabilities.ts'
import { moqFootprint } from '../fci/moq-capability.ts'

/** What capabilities whose footprints hold the client offer. Reads whether MoQ is served, and nothing else. */
export function readOffer(capabilities: readonly AdvertisedCapability[]): EffectiveCapabilities {
  const saysMoq = moqFootprint({ capabilities, diagnostics: [] }) !== undefined
  return {
    deliveryProtocols: [],
    acquisitionProtocols: [],
    redirectionModes: [],
    metadataTypes: [],
    privateFeatures: [],
    capacityLimits: [],
    redirectTargets: [],
    ...(saysMoq ? { moq: {} } : {}),
  }
}
