import type { AdvertisedCapability } from './advertisement.ts'
import { isJsonList, isJsonObject } from './canonical-json.ts'
import type { WireCapacityLimit } from './capabilities/capacity.ts'
import { limitsOf } from './capabilities/capacity-references.ts'
import type { WireHttpTarget, WireRedirectTarget } from './capabilities/redirect-target.ts'
import { readRedirectTarget } from './capabilities/redirect-target.ts'
import type {
  CapacityLimit,
  EffectiveCapabilities,
  MoqRelayCapability,
  PrivateFeatureId,
  RedirectTarget,
} from './effective-capabilities.ts'
import { featuresOf } from './private-features/advertised-features.ts'
import { MOQ_FEATURE_TYPE, moqRelayOf } from './private-features/moq-relay-feature.ts'
import { silentReading } from './reading.ts'
import { compareTexts, sortedTexts } from './sorted-values.ts'

/** No registered protocol type names MoQ; these are understood in `FCI.DeliveryProtocol`. */
const MOQ_PROTOCOLS: ReadonlySet<string> = new Set(['moqt', 'moq'])

/** Merges the capabilities whose footprint holds a client into what they offer together. */
export function effectiveCapabilities(capabilities: readonly AdvertisedCapability[]): EffectiveCapabilities {
  const of = (type: string): readonly unknown[] =>
    capabilities.filter((capability) => capability.type === type).map(({ value }) => value)
  const lowerNames = (type: string, member: string): readonly string[] =>
    sortedTexts(of(type).flatMap((value) => namesIn(value, member).map((name) => name.toLowerCase())))
  const features = of('FCI.PrivateFeatures').flatMap(featuresOf)
  const moq = moqOf(capabilities)
  return {
    deliveryProtocols: lowerNames('FCI.DeliveryProtocol', 'delivery-protocols'),
    acquisitionProtocols: lowerNames('FCI.AcquisitionProtocol', 'acquisition-protocols'),
    redirectionModes: sortedTexts(of('FCI.RedirectionMode').flatMap((value) => namesIn(value, 'redirection-modes'))),
    metadataTypes: sortedTexts(of('FCI.Metadata').flatMap((value) => namesIn(value, 'metadata'))),
    privateFeatures: featureIds(features.map((one) => ({ oid: one['feature-oid'], type: one['feature-type'] }))),
    ...(moq && { moq }),
    capacityLimits: of('FCI.CapacityLimits').flatMap(limitsOf).map(capacityLimit),
    redirectTargets: of('FCI.RedirectTarget').flatMap(redirectTargetOf),
  }
}

/** What a canonical `FCI.RedirectTarget` value says; nothing if it is none. */
export function redirectTargetOf(value: unknown): readonly RedirectTarget[] {
  const read = readRedirectTarget(value, '', silentReading())
  return read === undefined ? [] : [redirectTarget(read)]
}

/** Whether an object says that MoQ is served (RFC 8008 5.3; [PF] 5). */
export function saysMoq({ type, value }: AdvertisedCapability): boolean {
  switch (type) {
    case 'FCI.DeliveryProtocol':
      return namesIn(value, 'delivery-protocols').some((protocol) => MOQ_PROTOCOLS.has(protocol.toLowerCase()))
    case 'FCI.PrivateFeatures':
      return featuresOf(value).some((feature) => feature['feature-type'] === MOQ_FEATURE_TYPE)
    default:
      return false
  }
}

function moqOf(capabilities: readonly AdvertisedCapability[]): MoqRelayCapability | undefined {
  const saying = capabilities.filter(saysMoq)
  if (saying.length === 0) return undefined
  const relays = saying
    .flatMap(({ value }) => featuresOf(value))
    .filter((feature) => feature['feature-type'] === MOQ_FEATURE_TYPE)
    .map((feature) => moqRelayOf(feature['feature-value']))
  return {
    ...unite('drafts', relays),
    ...unite('transports', relays),
    ...unite('roles', relays),
    ...unite('fallbackKinds', relays),
  }
}

/** The union of what the relays list; absent if none of them lists anything. */
function unite<K extends keyof MoqRelayCapability>(
  member: K,
  relays: readonly MoqRelayCapability[],
): { readonly [member in K]?: readonly string[] } {
  const lists = relays.map((relay) => relay[member]).filter((list) => list !== undefined)
  const united: { [member in K]?: readonly string[] } = {}
  if (lists.length > 0) united[member] = sortedTexts(lists.flat())
  return united
}

function featureIds(features: readonly PrivateFeatureId[]): readonly PrivateFeatureId[] {
  const byName = new Map(features.map((feature) => [JSON.stringify([feature.oid, feature.type]), feature]))
  return [...byName].sort(([a], [b]) => compareTexts(a, b)).map(([, feature]) => feature)
}

function capacityLimit(limit: WireCapacityLimit): CapacityLimit {
  const { id, current, 'telemetry-source': source } = limit
  return {
    ...(id === undefined ? {} : { id }),
    limitType: limit['limit-type'],
    maximumHard: limit['maximum-hard'],
    maximumSoft: limit['maximum-soft'] ?? limit['maximum-hard'],
    ...(current === undefined ? {} : { current }),
    ...(source && { telemetrySource: { id: source.id, metric: source.metric } }),
  }
}

function redirectTarget(target: WireRedirectTarget): RedirectTarget {
  const { 'dns-target': dns, 'http-target': http } = target
  return {
    redirectingHosts: target['redirecting-hosts'] ?? [],
    ...(dns && { dnsTarget: { host: dns.host } }),
    ...(http && { httpTarget: httpTarget(http) }),
  }
}

function httpTarget(target: WireHttpTarget): NonNullable<RedirectTarget['httpTarget']> {
  const { host, scheme, 'path-prefix': pathPrefix } = target
  return {
    host,
    ...(scheme && { scheme }),
    ...(pathPrefix === undefined ? {} : { pathPrefix }),
    includeRedirectingHost: target['include-redirecting-host'] ?? false,
  }
}

function namesIn(value: unknown, member: string): readonly string[] {
  const names = isJsonObject(value) ? value[member] : undefined
  return isJsonList(names) ? names.filter((name) => typeof name === 'string') : []
}
