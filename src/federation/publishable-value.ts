import type { JsonValue } from '../fci/canonical-json.ts'
import { isJsonList, isJsonObject } from '../fci/canonical-json.ts'
import { MOQ_FEATURE_TYPE } from '../fci/private-features/moq-relay-feature.ts'
import { sortedTexts } from '../fci/sorted-values.ts'

/**
 * The types that are told without being asked for: those whose values name nothing inside a CDN once they are cut to
 * their registered members. Endpoints of triggers or logs, and credentials, are not among them.
 */
export const UNDERSTOOD_TYPES: ReadonlySet<string> = new Set([
  'FCI.DeliveryProtocol',
  'FCI.AcquisitionProtocol',
  'FCI.RedirectionMode',
  'FCI.Logging',
  'FCI.Metadata',
  'FCI.PrivateFeatures',
  'FCI.RedirectTarget',
  'FCI.CapacityLimits',
  'FCI.Telemetry',
])

/**
 * A value cut to what its type is registered to say (RFC 8008 5.3 to 5.7, draft-warshavsky-private-features 5): a
 * private member could name a machine. Undefined if nothing is said then. Types not listed here give their value as it
 * is.
 */
export function publishableValue(type: string, value: JsonValue): JsonValue | undefined {
  switch (type) {
    case 'FCI.DeliveryProtocol':
      return namesIn('delivery-protocols', value)
    case 'FCI.AcquisitionProtocol':
      return namesIn('acquisition-protocols', value)
    case 'FCI.RedirectionMode':
      return namesIn('redirection-modes', value)
    case 'FCI.Metadata':
      // An empty list says something: structural metadata only.
      return { metadata: textsOf(isJsonObject(value) ? value['metadata'] : undefined) }
    case 'FCI.Logging':
      return loggingOf(value)
    case 'FCI.PrivateFeatures':
      return featuresOf(value)
    default:
      return value
  }
}

function namesIn(member: string, value: JsonValue): JsonValue | undefined {
  const names = textsOf(isJsonObject(value) ? value[member] : undefined)
  return names.length === 0 ? undefined : { [member]: names }
}

function loggingOf(value: JsonValue): JsonValue | undefined {
  if (!isJsonObject(value) || typeof value['record-type'] !== 'string') return undefined
  const { 'record-type': type, fields } = value
  return { 'record-type': type, ...(fields === undefined ? {} : { fields: textsOf(fields) }) }
}

function featuresOf(value: JsonValue): JsonValue | undefined {
  const features: JsonValue[] = []
  for (const feature of listOf(isJsonObject(value) ? value['features'] : undefined)) {
    if (!isJsonObject(feature)) continue
    const { 'feature-oid': oid, 'feature-type': type, 'feature-value': more } = feature
    if (typeof oid !== 'string' || typeof type !== 'string') continue
    const told = { 'feature-oid': oid, 'feature-type': type }
    features.push(
      type === MOQ_FEATURE_TYPE && isJsonObject(more) ? { ...told, 'feature-value': relayListsOf(more) } : told,
    )
  }
  return features.length === 0 ? undefined : { features }
}

const MOQ_LISTS = ['drafts', 'transports', 'roles', 'fallback-kinds'] as const

/** What a MoQ relay can do, and nothing of where it is. */
function relayListsOf(object: { readonly [member: string]: unknown }): JsonValue {
  return Object.fromEntries(
    MOQ_LISTS.flatMap((name) => (object[name] === undefined ? [] : [[name, textsOf(object[name])] as const])),
  )
}

function textsOf(value: unknown): readonly string[] {
  return sortedTexts(listOf(value).filter((item) => typeof item === 'string'))
}

function listOf(value: unknown): readonly unknown[] {
  return isJsonList(value) ? value : []
}
