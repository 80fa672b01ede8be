import type { JsonValue } from '../fci/canonical-json.ts'
import { isJsonList, isJsonObject } from '../fci/canonical-json.ts'
import type { WireCapability } from '../fci/print-advertisement.ts'

/** A capability that an ALTO client asks for (RFC 9241 5.3). */
export interface AskedCapability {
  readonly type: string
  readonly value: JsonValue
}

/** Why a question is not valid (RFC 9241 5.6). */
export interface AskedFault {
  /** Position in the list that was asked for. */
  readonly index: number
  readonly member: 'capability-type' | 'capability-value'
}

/** The one mandatory member of a value, by type (RFC 8008 5.3 to 5.7, RFC 9808 2); all but one are lists. */
const MANDATORY: ReadonlyMap<string, string> = new Map([
  ['FCI.DeliveryProtocol', 'delivery-protocols'],
  ['FCI.AcquisitionProtocol', 'acquisition-protocols'],
  ['FCI.RedirectionMode', 'redirection-modes'],
  ['FCI.Metadata', 'metadata'],
  ['FCI.Logging', 'record-type'],
  ['FCI.PrivateFeatures', 'features'],
  ['FCI.CapacityLimits', 'limits'],
  ['FCI.Telemetry', 'sources'],
])

/** The first capability asked for whose value cannot be one of its type. */
export function findAskedFault(asked: readonly AskedCapability[]): AskedFault | undefined {
  const index = asked.findIndex(({ type, value }) => {
    if (!isJsonObject(value)) return true
    const member = MANDATORY.get(type)
    if (member === undefined) return false
    return type === 'FCI.Logging' ? typeof value[member] !== 'string' : !isJsonList(value[member])
  })
  return index < 0 ? undefined : { index, member: 'capability-value' }
}

/**
 * The objects that an ALTO client asked for (RFC 9241 5.6): those of an asked type whose mandatory properties hold all
 * of what was asked. Nothing asked: all of them.
 */
export function filterCapabilities(
  capabilities: readonly WireCapability[],
  asked: readonly AskedCapability[],
): readonly WireCapability[] {
  if (asked.length === 0) return capabilities
  return capabilities.filter(({ 'capability-type': type, 'capability-value': value }) =>
    asked.some((one) => one.type === type && holdsAsked(type, value, one.value)),
  )
}

function holdsAsked(type: string, offered: JsonValue, asked: JsonValue): boolean {
  const member = MANDATORY.get(type)
  // Which members of another type are mandatory is not known, so all that are asked for must be there.
  if (member === undefined || !isJsonObject(offered) || !isJsonObject(asked)) return covers(offered, asked)
  return covers(offered[member], asked[member])
}

/** Whether all of a value is in another one: every item in a list, every member in an object. */
function covers(offered: unknown, asked: unknown): boolean {
  if (isJsonList(asked)) {
    return isJsonList(offered) && asked.every((item) => offered.some((other) => covers(other, item)))
  }
  if (isJsonObject(asked)) {
    return isJsonObject(offered) && Object.entries(asked).every(([name, value]) => covers(offered[name], value))
  }
  return offered === asked
}
