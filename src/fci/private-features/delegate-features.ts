import type { EffectiveCapabilities } from '../effective-capabilities.ts'
import { featureKey } from './feature-name.ts'
import type { GenericMetadata } from './generic-metadata.ts'
import type { ConfiguredFeature, ConfiguredFeatures } from './metadata-features.ts'

/** What a CDN in the middle does with one metadata object (RFC 8006 3.2, Tables 2 and 3). */
export interface Transit {
  /** Whether the CDN itself may serve the content. */
  readonly serve: boolean
  /** What it passes on. */
  readonly passOn: GenericMetadata
}

/**
 * Applies RFC 8006 3.2. `understood`: the CDN knows the type; `transform`: how it makes an object safe that must not be
 * passed on as it is, if it can. The flags MtE and StR never change, and what was incomprehensible stays so.
 */
export function transit(
  metadata: GenericMetadata,
  understood: boolean,
  transform?: (metadata: GenericMetadata) => GenericMetadata['value'] | undefined,
): Transit {
  const { mandatoryToEnforce, safeToRedistribute, incomprehensible } = metadata
  const serve = !mandatoryToEnforce || (understood && !incomprehensible)
  if (safeToRedistribute || incomprehensible) return { serve, passOn: metadata }
  const value = understood ? transform?.(metadata) : undefined
  return { serve, passOn: value === undefined ? { ...metadata, incomprehensible: true } : { ...metadata, value } }
}

/**
 * The features that keep content from being delegated to a CDN with these capabilities for a client: those that must be
 * enforced and that it does not advertise in `FCI.PrivateFeatures` ([PF] 5), or that nobody can apply any more.
 */
export function blockingFeatures(
  { features }: Pick<ConfiguredFeatures, 'features'>,
  { privateFeatures }: EffectiveCapabilities,
): readonly ConfiguredFeature[] {
  const advertised = new Set(privateFeatures.map(featureKey))
  return features.filter(
    (feature) => feature.mandatoryToEnforce && (feature.incomprehensible || !advertised.has(featureKey(feature))),
  )
}

/** Whether content with this metadata may be delegated to a CDN with these capabilities. */
export function mayDelegate(configured: ConfiguredFeatures, capabilities: EffectiveCapabilities): boolean {
  return (
    configured.rejected.every(({ mandatoryToEnforce }) => !mandatoryToEnforce) &&
    blockingFeatures(configured, capabilities).length === 0
  )
}
