import type { EffectiveCapabilities, PrivateFeatureId } from './effective-capabilities.ts'
import { featureOfType } from './private-features/feature-name.ts'

/** What a client, its content or a policy demands of a CDN. Every member present must be met. */
export interface ServiceRequirement {
  /** One of these (RFC 8008 5.3), in lower case; `moqt` is met by any sign of MoQ. */
  readonly deliveryProtocols?: readonly string[]
  /** One of these, e.g. `moqt-16`, where the CDN says which it speaks. */
  readonly moqDrafts?: readonly string[]
  /** One of these, where the CDN says over which it speaks MoQ. */
  readonly transports?: readonly string[]
  /** All of these, where the CDN says which it has. */
  readonly roles?: readonly string[]
  /** All of these URL schemes as origin fallback, where the CDN says which it takes. */
  readonly fallbackKinds?: readonly string[]
  /** One of these (RFC 8008 5.5). */
  readonly redirectionModes?: readonly string[]
  /** All of these mandatory-to-enforce GenericMetadata types (RFC 8006 3.2), without case. */
  readonly metadataTypes?: readonly string[]
  /** All of these ([PF] 5), compared exactly. */
  readonly privateFeatures?: readonly PrivateFeatureId[]
}

/** Whether the capabilities that hold for a client meet the requirement. */
export function serves(capabilities: EffectiveCapabilities, requirement: ServiceRequirement): boolean {
  return whatIsMissing(capabilities, requirement) === undefined
}

/**
 * The first thing that the CDN does not offer ("any MoQ draft of moqt-16, moqt-18"); undefined if nothing is missing.
 * Details of MoQ that it does not tell are no obstacle: few CDNs tell them, and a list that it does tell is complete.
 */
export function whatIsMissing(
  { deliveryProtocols, redirectionModes, metadataTypes, privateFeatures, moq }: EffectiveCapabilities,
  requirement: ServiceRequirement,
): string | undefined {
  const protocols = moq === undefined ? deliveryProtocols : [...deliveryProtocols, 'moqt']
  const types = new Set(metadataTypes.map((type) => type.toLowerCase()))
  const hasFeature = ({ oid, type }: PrivateFeatureId): boolean =>
    privateFeatures.some((one) => one.oid === oid && one.type === type)
  // A named private feature is met by the feature that it names ([PF] 4.1).
  const enforces = (type: string): boolean => {
    const feature = featureOfType(type)
    return feature === undefined ? types.has(type.toLowerCase()) : hasFeature(feature)
  }
  return (
    lacksAll('delivery protocol', requirement.deliveryProtocols, protocols) ??
    lacksAll('MoQ draft', requirement.moqDrafts, moq?.drafts) ??
    lacksAll('transport', requirement.transports, moq?.transports) ??
    lacksOne('the role', requirement.roles, moq?.roles) ??
    lacksOne('origin fallback to', requirement.fallbackKinds, moq?.fallbackKinds) ??
    lacksAll('redirection mode', requirement.redirectionModes, redirectionModes) ??
    first(
      'metadata',
      requirement.metadataTypes?.find((type) => !enforces(type)),
    ) ??
    first('the private feature', nameOf(requirement.privateFeatures?.find((feature) => !hasFeature(feature))))
  )
}

/** What to say where none of the wanted is offered; nothing is missing where nobody says what is. */
function lacksAll(
  what: string,
  wanted: readonly string[] | undefined,
  offered: readonly string[] | undefined,
): string | undefined {
  if (wanted === undefined || offered === undefined || wanted.some((one) => offered.includes(one))) return undefined
  return wanted.length === 1 ? `the ${what} ${wanted.join()}` : `any ${what} of ${wanted.join(', ')}`
}

function lacksOne(
  what: string,
  wanted: readonly string[] | undefined,
  offered: readonly string[] | undefined,
): string | undefined {
  return (
    offered &&
    first(
      what,
      wanted?.find((one) => !offered.includes(one)),
    )
  )
}

function first(what: string, missing: string | undefined): string | undefined {
  return missing === undefined ? undefined : `${what} ${missing}`
}

function nameOf(feature: PrivateFeatureId | undefined): string | undefined {
  return feature && `${feature.oid} ${feature.type}`
}
