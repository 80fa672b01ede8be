import type { JsonValue } from './canonical-json.ts'
import { isJsonList, toJsonValue } from './canonical-json.ts'
import { readCapacityLimits } from './capabilities/capacity.ts'
import {
  optionalNamesReader,
  readCitEndpoint,
  readCitPrivateUrlType,
  readCitScope,
} from './capabilities/ci-triggers.ts'
import type { JsonObject } from './capabilities/object-members.ts'
import { ObjectMembers, present } from './capabilities/object-members.ts'
import {
  readDelegatedCredentials,
  readLoggingPush,
  readLoggingSource,
  readMelFeatures,
  readMetadataExtended,
  readRequestRouting,
} from './capabilities/open-caching.ts'
import { readRedirectTarget } from './capabilities/redirect-target.ts'
import { readTelemetry } from './capabilities/telemetry.ts'
import { MAX_OPAQUE_DEPTH } from './conjunction-order.ts'
import { readPrivateFeatures } from './private-features/advertised-features.ts'
import type { Reading } from './reading.ts'

interface CapabilityType {
  readonly type: string
  /** The value in canonical form; undefined, with an error reported, if it is not what its type demands. */
  readonly read: (value: unknown, pointer: string, reading: Reading) => JsonObject | undefined
  /**
   * Whether several objects of this type with one value say the same as one object with the union of their footprints
   * (RFC 9241 3.6). Not so for limits, which would be shared, and where the order carries meaning (RFC 8804 2.3).
   */
  readonly mergeable: boolean
}

const CAPABILITY_TYPES: readonly CapabilityType[] = [
  { type: 'FCI.DeliveryProtocol', read: nameListReader('delivery-protocols'), mergeable: true },
  { type: 'FCI.AcquisitionProtocol', read: nameListReader('acquisition-protocols'), mergeable: true },
  { type: 'FCI.RedirectionMode', read: nameListReader('redirection-modes'), mergeable: true },
  { type: 'FCI.Metadata', read: nameListReader('metadata'), mergeable: true },
  { type: 'FCI.Logging', read: readLogging, mergeable: true },
  { type: 'FCI.PrivateFeatures', read: readPrivateFeatures, mergeable: true },
  { type: 'FCI.RedirectTarget', read: readRedirectTarget, mergeable: false },
  { type: 'FCI.CapacityLimits', read: readCapacityLimits, mergeable: false },
  { type: 'FCI.Telemetry', read: readTelemetry, mergeable: false },
  { type: 'FCI.DelegatedCredentials', read: readDelegatedCredentials, mergeable: false },
  { type: 'FCI.CITEndpoint', read: readCitEndpoint, mergeable: true },
  { type: 'FCI.CITScope', read: readCitScope, mergeable: true },
  { type: 'FCI.CITObjectListType', read: optionalNamesReader('object-list-types'), mergeable: true },
  { type: 'FCI.CITUrlType', read: optionalNamesReader('url-type-support'), mergeable: true },
  { type: 'FCI.CITPrivateUrlType', read: readCitPrivateUrlType, mergeable: true },
  { type: 'FCI.CITExtendedStatus', read: optionalNamesReader('extended-status-objects'), mergeable: true },
  { type: 'FCI.RequestRoutingInterface', read: readRequestRouting, mergeable: false },
  { type: 'FCI.MetadataExtended', read: readMetadataExtended, mergeable: true },
  { type: 'FCI.SupportedMELFeatures', read: readMelFeatures, mergeable: true },
  { type: 'FCI.LoggingPush', read: readLoggingPush, mergeable: true },
  { type: 'FCI.LoggingSource', read: readLoggingSource, mergeable: false },
]

/** Types whose value we carry as it is, although we know of them. */
const OPAQUE_TYPES = ['FCI.MulticastDelivery']

const BY_TYPE: ReadonlyMap<string, CapabilityType> = new Map(CAPABILITY_TYPES.map((one) => [one.type, one]))

/** Spelling of the capability types that we have heard of; all others are kept as they come. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  [...BY_TYPE.keys(), ...OPAQUE_TYPES].map((type) => [type.toLowerCase(), type]),
)

/** The registry's spelling of a capability type (RFC 7736 2.2; compared without case on input). */
export function capabilityTypeOf(type: string): string {
  return SPELLINGS.get(type.toLowerCase()) ?? type
}

/** Whether we know what the value of this type says. */
export function isUnderstood(type: string): boolean {
  return BY_TYPE.has(type)
}

/** Whether objects of this type and of one value may be joined. */
export function isMergeable(type: string): boolean {
  return BY_TYPE.get(type)?.mergeable ?? false
}

/** The value in canonical form, or undefined (with an error reported) if it is not what its type demands. */
export function readCapabilityValue(
  type: string,
  value: unknown,
  pointer: string,
  reading: Reading,
): JsonValue | undefined {
  const copy = toJsonValue(value, MAX_OPAQUE_DEPTH)
  if (copy === undefined) {
    reading.error(
      'capability-value-invalid',
      pointer,
      'the value is missing or nested too deep; the object is left out',
    )
    return undefined
  }
  const known = BY_TYPE.get(type)
  return known === undefined ? copy : known.read(copy, pointer, reading)
}

/** The list of names that is the whole value of these types (RFC 8008 5.3, 5.4, 5.5, 5.7). */
function nameListReader(member: string): CapabilityType['read'] {
  return (value, pointer, reading) => {
    const isBare = isJsonList(value) && reading.lenient
    if (isBare) {
      reading.warn('capability-value-bare-list', pointer, `the list is to stand in a member "${member}" (RFC 8008 5)`)
    }
    const members = ObjectMembers.of(isBare ? { [member]: value } : value, pointer, reading)
    if (members === undefined) return undefined
    const names = members.requiredNames(member)
    return members.isSound ? { ...members.rest(), [member]: names } : undefined
  }
}

/** RFC 8008 5.6: without `fields` all optional fields are supported, with an empty list none. */
function readLogging(value: unknown, pointer: string, reading: Reading): JsonObject | undefined {
  const members = ObjectMembers.of(value, pointer, reading)
  if (members === undefined) return undefined
  const type = members.requiredText('record-type')
  const fields = members.names('fields')
  return members.isSound ? { ...members.rest(), 'record-type': type, ...present({ fields }) } : undefined
}
