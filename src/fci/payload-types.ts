import { parseMediaType, ptypeOf } from './media-type.ts'

/** A payload type of `application/cdni` (RFC 7736 2.2) that we know. */
export interface PayloadType {
  readonly name: string
  /** The document that defines it. */
  readonly source: string
  /** Whether IANA's "CDNI Payload Types" list it. */
  readonly isRegistered: boolean
}

/** Stands for `{"capabilities": [...]}`, which no registered payload type names. */
export const ADVERTISEMENT_PTYPE = 'FCI.Advertisement'

const registered = (source: string, ...names: readonly string[]): readonly PayloadType[] =>
  names.map((name) => ({ name, source, isRegistered: true }))
const unregistered = (source: string, ...names: readonly string[]): readonly PayloadType[] =>
  names.map((name) => ({ name, source, isRegistered: false }))

export const PAYLOAD_TYPES: readonly PayloadType[] = [
  ...registered('RFC 7937', 'logging-file'),
  ...registered('RFC 7975', 'redirection-request', 'redirection-response'),
  ...registered('RFC 8007', 'ci-trigger-command', 'ci-trigger-status', 'ci-trigger-collection'),
  ...registered(
    'RFC 8006',
    'MI.HostIndex',
    'MI.HostMatch',
    'MI.HostMetadata',
    'MI.PathMatch',
    'MI.PatternMatch',
    'MI.PathMetadata',
    'MI.SourceMetadata',
    'MI.Source',
    'MI.LocationACL',
    'MI.LocationRule',
    'MI.Footprint',
    'MI.TimeWindowACL',
    'MI.TimeWindowRule',
    'MI.TimeWindow',
    'MI.ProtocolACL',
    'MI.ProtocolRule',
    'MI.DeliveryAuthorization',
    'MI.Cache',
    'MI.Auth',
    'MI.Grouping',
  ),
  ...registered(
    'RFC 8008',
    'FCI.DeliveryProtocol',
    'FCI.AcquisitionProtocol',
    'FCI.RedirectionMode',
    'FCI.Logging',
    'FCI.Metadata',
  ),
  ...registered('RFC 8804', 'FCI.RedirectTarget', 'MI.FallbackTarget'),
  ...registered('RFC 9246', 'MI.UriSigning'),
  ...registered('RFC 9538', 'MI.ACMEDelegationMethod'),
  ...registered('RFC 9677', 'MI.DelegatedCredentials', 'FCI.DelegatedCredentials'),
  ...registered('RFC 9808', 'FCI.Telemetry', 'FCI.CapacityLimits'),
  ...unregistered(
    'draft-warshavsky-private-features-metadata-02 7.1',
    'MI.PrivateFeatureList',
    'MI.PrivateFeature',
    'MI.NamedPrivateFeatureType',
    'MI.NamedPrivateFeatureValue',
    'FCI.PrivateFeatures',
    'FCI.PrivateFeature',
  ),
  ...unregistered(
    'draft-arolovitch-cdni-named-footprints-01',
    'MI.NamedFootprint',
    'MI.NamedFootprintNamespace',
    'MI.FootprintSource',
  ),
  ...unregistered(
    'draft-ietf-cdni-ci-triggers-rfc8007bis',
    'ci-trigger.v2',
    'ci-trigger-status.v2',
    'ci-trigger-collection.v2',
    'ci-trigger-index.v2',
    'FCI.CITEndpoint',
    'FCI.CITScope',
    'FCI.CITObjectListType',
    'FCI.CITUrlType',
    'FCI.CITExtendedStatus',
  ),
  ...unregistered(
    'SVTA Open Caching',
    'FCI.RequestRoutingInterface',
    'FCI.MetadataExtended',
    'FCI.SupportedMELFeatures',
    'FCI.LoggingPush',
    'FCI.LoggingSource',
    'FCI.MulticastDelivery',
  ),
  ...unregistered('moq-broker', ADVERTISEMENT_PTYPE),
]

const BY_NAME: ReadonlyMap<string, PayloadType> = new Map(PAYLOAD_TYPES.map((one) => [one.name.toLowerCase(), one]))

/** The payload type of this name, compared without case as peers' spellings vary; undefined if we do not know it. */
export function payloadTypeOf(name: string): PayloadType | undefined {
  return BY_NAME.get(name.toLowerCase())
}

/**
 * As which of the expected payload types a body of this `Content-Type` is to be read; undefined: 415.
 *
 * Beside the type itself these are taken, because peers send them: `application/cdni` without ptype (Open Caching) and
 * `application/json`, where only one type is expected; any `FCI.` type and `application/alto-cdni+json` (RFC 9241) where
 * an advertisement is. JSON is UTF-8 (RFC 7493 2.1): any other charset is refused.
 */
export function acceptsCdniBody(contentType: string | undefined, expected: readonly string[]): string | undefined {
  const mediaType = parseMediaType(contentType ?? '')
  if (mediaType === undefined) return undefined
  const charset = mediaType.parameters.get('charset')?.toLowerCase()
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') return undefined
  const single = expected.length === 1 ? expected[0] : undefined
  const advertisement = expected.find((one) => one === ADVERTISEMENT_PTYPE)
  switch (mediaType.essence) {
    case 'application/json':
      return single
    case 'application/alto-cdni+json':
      return advertisement
    case 'application/cdni': {
      if (!mediaType.parameters.has('ptype')) return single
      const ptype = ptypeOf(mediaType)?.toLowerCase()
      if (ptype === undefined) return undefined
      return (
        expected.find((one) => one.toLowerCase() === ptype) ?? (ptype.startsWith('fci.') ? advertisement : undefined)
      )
    }
    default:
      return undefined
  }
}

/** Whether a body of this `Content-Type` may be read as an advertisement. */
export function mayHoldAdvertisement(contentType: string | undefined): boolean {
  return acceptsCdniBody(contentType, [ADVERTISEMENT_PTYPE]) !== undefined
}
