import type { EffectiveCapabilities, MoqRelayCapability, PrivateFeatureId } from './effective-capabilities.ts'

/** What a client, its content or a policy demands of a CDN. Every member present must be met. */
export interface ServiceRequirement {
  /** One of these delivery protocols (RFC 8008 5.3), without case; `moqt` is met by any sign of MoQ. */
  readonly protocols?: readonly string[]
  readonly moq?: MoqRequirement
  /** One of these redirection modes (RFC 8008 5.5). */
  readonly redirectionModes?: readonly string[]
  /** All of these mandatory-to-enforce GenericMetadata types (RFC 8006 3.2), without case. */
  readonly metadataTypes?: readonly string[]
  /** All of these private features ([PF] 5). */
  readonly privateFeatures?: readonly PrivateFeatureId[]
}

/** What is demanded of a MoQ relay. A list that it does not advertise meets no demand. */
export interface MoqRequirement {
  /** One of these, e.g. `moqt-16`. */
  readonly drafts?: readonly string[]
  /** One of these. */
  readonly transports?: readonly string[]
  /** All of these. */
  readonly roles?: readonly string[]
  /** This URL scheme as origin fallback. */
  readonly fallbackKind?: string
}

const NAMED_FEATURE = /^mi\.privatefeature\.([a-z0-9]+)\.(.+)$/i

/** Whether the capabilities that hold for a client meet the requirement. */
export function serves(capabilities: EffectiveCapabilities, requirement: ServiceRequirement): boolean {
  return whatIsMissing(capabilities, requirement) === undefined
}

/**
 * The first thing that is missing, for the end of a sentence about the CDN ("does not speak moqt-16"); undefined if
 * nothing is.
 */
export function whatIsMissing(
  capabilities: EffectiveCapabilities,
  requirement: ServiceRequirement,
): string | undefined {
  const { protocols, moq, redirectionModes, metadataTypes = [], privateFeatures = [] } = requirement
  if (protocols !== undefined && !protocols.some((one) => delivers(capabilities, one))) {
    return `does not deliver by ${listOf(protocols)}`
  }
  const missing = moq === undefined ? undefined : missingOfRelay(capabilities.moq, moq)
  if (missing !== undefined) return missing
  if (redirectionModes !== undefined && !redirectionModes.some((one) => capabilities.redirectionModes.includes(one))) {
    return `does not redirect by ${listOf(redirectionModes)}`
  }
  const type = metadataTypes.find((one) => !enforces(capabilities, one))
  if (type !== undefined) return `does not enforce ${type}`
  const feature = privateFeatures.find((one) => !hasFeature(capabilities, one))
  return feature === undefined ? undefined : `does not have the private feature ${feature.type} of ${feature.oid}`
}

function delivers({ deliveryProtocols, moq }: EffectiveCapabilities, protocol: string): boolean {
  const name = protocol.toLowerCase()
  return deliveryProtocols.includes(name) || ((name === 'moqt' || name === 'moq') && moq !== undefined)
}

function missingOfRelay(relay: MoqRelayCapability | undefined, demand: MoqRequirement): string | undefined {
  if (relay === undefined) return 'does not say that it serves MoQ'
  const { drafts, transports, roles = [], fallbackKind } = demand
  if (drafts !== undefined && !drafts.some((one) => relay.drafts?.includes(one))) {
    return relay.drafts === undefined ? 'does not say which MoQ drafts it speaks' : `does not speak ${listOf(drafts)}`
  }
  if (transports !== undefined && !transports.some((one) => relay.transports?.includes(one))) {
    return relay.transports === undefined
      ? 'does not say over which transports it speaks MoQ'
      : `does not speak MoQ over ${listOf(transports)}`
  }
  const role = roles.find((one) => relay.roles?.includes(one) !== true)
  if (role !== undefined)
    return relay.roles === undefined ? `does not say that it lets clients ${role}` : `does not let clients ${role}`
  if (fallbackKind !== undefined && relay.fallbackKinds?.includes(fallbackKind) !== true) {
    return `does not take ${fallbackKind} URLs as origin fallback`
  }
  return undefined
}

/** A named private feature is met by the feature that it names ([PF] 4.1). */
function enforces(capabilities: EffectiveCapabilities, metadataType: string): boolean {
  const [, oid, type] = NAMED_FEATURE.exec(metadataType) ?? []
  if (oid !== undefined && type !== undefined) return hasFeature(capabilities, { oid, type })
  return capabilities.metadataTypes.some((one) => one.toLowerCase() === metadataType.toLowerCase())
}

function hasFeature({ privateFeatures }: EffectiveCapabilities, { oid, type }: PrivateFeatureId): boolean {
  return privateFeatures.some((one) => one.oid === oid && one.type === type)
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'anything that is allowed' : names.join(' or ')
}
